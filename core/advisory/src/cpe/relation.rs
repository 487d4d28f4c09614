//! Name matching.
//!
//! Source: NISTIR 7696, section 6: table 6-2 for single attributes, 6.2 for names.

use super::{Cpe, Part, Value};

/// How a source name or attribute stands to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same.
    Equal,
    /// The source contains the target.
    Superset,
    /// The target contains the source.
    Subset,
    /// Nothing in common.
    Disjoint,
    /// The standard does not say (the target holds wildcards; attributes point both ways).
    Undefined,
}

impl Value {
    /// How this value (the source, which may hold wildcards) stands to a target.
    ///
    /// Letters compare without regard to case (NISTIR 7695, section 5.3.2).
    #[must_use]
    pub fn relation(&self, target: &Self) -> Relation {
        use Relation::{Disjoint, Equal, Subset, Superset, Undefined};
        match (self, target) {
            (_, Self::Text(text)) if has_wildcard(text) => match self {
                Self::Text(own) if own.eq_ignore_ascii_case(text) => Equal,
                _ => Undefined,
            },
            (Self::Any, Self::Any) | (Self::Na, Self::Na) => Equal,
            (Self::Any, _) => Superset,
            (_, Self::Any) => Subset,
            (Self::Na, Self::Text(_)) | (Self::Text(_), Self::Na) => Disjoint,
            (Self::Text(source), Self::Text(target)) => {
                if source.eq_ignore_ascii_case(target) {
                    Equal
                } else if has_wildcard(source) && matches_pattern(source, target) {
                    Superset
                } else {
                    Disjoint
                }
            }
        }
    }
}

impl Cpe {
    /// How this name (the source) stands to a target: the relations of all attributes together.
    #[must_use]
    pub fn relation(&self, target: &Self) -> Relation {
        let part = match (self.part, target.part) {
            (a, b) if a == b => Relation::Equal,
            (Part::Any, _) => Relation::Superset,
            (_, Part::Any) => Relation::Subset,
            _ => Relation::Disjoint,
        };
        let values = self.values().into_iter().zip(target.values());
        let mut whole = part;
        for relation in values.map(|(source, target)| source.relation(target)) {
            whole = match (whole, relation) {
                (_, Relation::Disjoint) | (Relation::Disjoint, _) => return Relation::Disjoint,
                (Relation::Undefined, _) | (_, Relation::Undefined) => Relation::Undefined,
                (Relation::Equal, other) | (other, Relation::Equal) => other,
                (a, b) if a == b => a,
                _ => Relation::Undefined,
            };
        }
        whole
    }

    /// Whether this name, as a pattern, covers the target (NISTIR 7696, `CPE_SUPERSET` or equal).
    #[must_use]
    pub fn covers(&self, target: &Self) -> bool {
        matches!(self.relation(target), Relation::Equal | Relation::Superset)
    }
}

/// Whether an unquoted `*` or `?` stands in the text.
fn has_wildcard(text: &str) -> bool {
    let mut quoted = false;
    text.bytes().any(|byte| {
        let wild = !quoted && matches!(byte, b'*' | b'?');
        quoted = !quoted && byte == b'\\';
        wild
    })
}

/// `*` at an end stands for anything, each `?` at an end for at most one character.
fn matches_pattern(pattern: &str, target: &str) -> bool {
    let head = pattern.len() - pattern.trim_start_matches(['*', '?']).len();
    let rest = &pattern[head..];
    let tail = trailing_wildcards(rest);
    let (core, tail) = rest.split_at(rest.len() - tail);
    let slack = |wild: &str| {
        if wild.contains('*') {
            usize::MAX
        } else {
            wild.len()
        }
    };
    let (before, after) = (slack(&pattern[..head]), slack(tail));
    if core.is_empty() {
        return before == usize::MAX || after == usize::MAX || target.chars().count() <= before;
    }
    let (core, target) = (core.to_ascii_lowercase(), target.to_ascii_lowercase());
    target.match_indices(&core).any(|(at, _)| {
        target[..at].chars().count() <= before && target[at + core.len()..].chars().count() <= after
    })
}

/// How many bytes at the end are wildcards; a quoted one is not.
fn trailing_wildcards(text: &str) -> usize {
    let wild = text.len() - text.trim_end_matches(['*', '?']).len();
    let before = &text[..text.len() - wild];
    let backslashes = before.len() - before.trim_end_matches('\\').len();
    // An odd number of backslashes quotes the first of them.
    if wild > 0 && backslashes % 2 == 1 {
        wild - 1
    } else {
        wild
    }
}
