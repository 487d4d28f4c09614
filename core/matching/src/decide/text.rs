//! What was decided, in words.

use snowguard_advisory::versions::{Basis, Bounds, Edge, Position, StatusDecision};

/// The code of an answer that leaves it open.
pub(super) fn open_code(basis: Basis) -> &'static str {
    match basis {
        Basis::CommitsOnly => "commits_only",
        Basis::Nothing => "no_range",
        Basis::Undecidable => "undecidable",
        Basis::Entry(_) | Basis::Default => "status_unknown",
    }
}

/// Why it is left open.
pub(super) fn open_text(decision: &StatusDecision<'_>, version: &str) -> String {
    match decision.basis {
        Basis::CommitsOnly => {
            format!("the ranges are commits, which {version} can't be compared with")
        }
        Basis::Nothing => "the advisory says nothing about versions".to_owned(),
        Basis::Undecidable => {
            let why = decision
                .considered
                .iter()
                .find_map(|entry| match entry.position {
                    Position::Undecidable(why) => Some(why),
                    _ => None,
                });
            format!(
                "{version} can't be placed: {}",
                why.unwrap_or("the versions can't be compared")
            )
        }
        Basis::Entry(_) | Basis::Default => {
            format!("the advisory leaves open whether {version} is affected")
        }
    }
}

/// `≥ 1.0, < 1.2`; `= 1.1`; `any`.
pub(super) fn range_text(bounds: &Bounds<'_>) -> String {
    if let Some(only) = bounds.as_only() {
        return format!("= {only}");
    }
    let lower = bounds.lower.map(|edge| match edge {
        Edge::Included(version) => format!("≥ {version}"),
        Edge::Excluded(version) => format!("> {version}"),
        Edge::Series(stem) => format!("≥ {stem}"),
    });
    let upper = bounds.upper.map(|edge| match edge {
        Edge::Included(version) => format!("≤ {version}"),
        Edge::Excluded(version) => format!("< {version}"),
        Edge::Series(stem) => format!("≤ {stem}.*"),
    });
    let parts: Vec<String> = lower.into_iter().chain(upper).collect();
    if parts.is_empty() {
        "of all versions".to_owned()
    } else {
        parts.join(", ")
    }
}
