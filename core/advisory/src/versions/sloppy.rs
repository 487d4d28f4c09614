//! Version texts that are not versions.
//!
//! The CVE format's `version` should hold one version; a third of all entries hold prose. This
//! module turns such a text into bounds, or says that it can't be decided. What it makes of it:
//!
//! | text | meaning |
//! | --- | --- |
//! | `1.2`, `v1.2`, `Version 1.2`, `= 1.2` | that version |
//! | `*`, `all`, `all versions` | every version |
//! | `< 1.2`, `before 1.2`, `prior to 1.2`, `versions below 1.2`, `fixed in 1.2` | below, without |
//! | `<= 1.2`, `1.2 and earlier`, `up to 1.2`, `through 1.2`, `1.2 or prior` | below, with |
//! | `> 1.2`, `after 1.2`; `>= 1.2`, `1.2 and later`, `from 1.2`, `1.2+` | above |
//! | `>= 1.0, < 2.0`, `>=1.0 <2.0`, `> 1.0 and < 2.0` | both |
//! | `1.0 - 1.5`, `1.0 to 1.5`, `1.0 through 1.5`, `between 1.0 and 1.5`, `17.1-17.12` | between, with both |
//! | `1.0 before 1.5` | between, without the last |
//! | `1.2.x`, `1.2.*` | the series |
//! | `1.0, 1.1`, `1.0 and 1.1`, `1.0 / 1.1`, lists of the above; `< 1.2 \|\| >= 2, < 2.1` | any of them |
//! | ``, `n/a`, `-`, `unspecified`, `various`, `see references`, `0` | undecidable |
//!
//! Everything but a plain version counts as inferred. Words that are neither a version nor one
//! of the above (a product name, a date of publication) make a text undecidable: a guess that
//! reads "affected" out of prose would be worse than none.

use super::bounds::{Bounds, Edge};

mod text;
mod words;

use text::{
    begins_like_version, find_word, is_everything, is_number, is_word, split_list,
    strip_prefix_word, strip_suffix_word, trim, without_fillers,
};
use words::{AFTER_WORDS, BEFORE_WORDS, BELOW, BETWEEN, NOTHING};

/// What a version text means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// One version.
    Exact(&'a str),
    /// Ranges read out of the text; a version is meant when it lies in any of them.
    Ranges(Vec<Bounds<'a>>),
    /// No bounds can be read out of it, and why.
    Undecidable(&'static str),
}

/// Longer texts are prose.
const LONGEST: usize = 512;

/// Longer lists are no version text.
const MOST_PARTS: usize = 64;

/// Reads a version text.
///
/// Never fails and never panics; the cost is linear in the text times the number of known words.
#[must_use]
pub fn read(text: &str) -> Meaning<'_> {
    if is_number(text) {
        return Meaning::Exact(text);
    }
    let text = trim(text);
    if text.len() > LONGEST {
        return Meaning::Undecidable("too long for a version");
    }
    if is_word(text, NOTHING) {
        return Meaning::Undecidable("the text names no version");
    }
    if text == "0" {
        return Meaning::Undecidable("0 alone gives no upper bound");
    }
    if is_everything(text) {
        return Meaning::Ranges(vec![Bounds::default()]);
    }
    if let Some(version) = plain(text) {
        return Meaning::Exact(version);
    }
    if let Some(bounds) = constraints(text) {
        return Meaning::Ranges(vec![bounds]);
    }
    if text.contains("||") {
        return alternatives(text);
    }
    match list(text) {
        Some(ranges) => Meaning::Ranges(ranges),
        None if begins_like_version(text) && !has_relation(text) => Meaning::Exact(text),
        None => Meaning::Undecidable("no version can be read out of the text"),
    }
}

/// A lower bound as `version` of a range gives it, and whether it was inferred. `None` is "from
/// the beginning" (`0`, `*`, `n/a`, `unspecified`; CVE schema: "by convention, `0`").
#[must_use]
pub fn lower_bound(text: &str) -> (Option<Edge<'_>>, bool) {
    if text == "0" {
        return (None, false);
    }
    if is_number(text) {
        return (Some(Edge::Included(text)), false);
    }
    let text = trim(text);
    if matches!(text, "0" | "0.0" | "0.0.0") {
        return (None, false);
    }
    if is_word(text, NOTHING) || is_everything(text) {
        return (None, true);
    }
    if let Some(version) = plain(text) {
        return (Some(Edge::Included(version)), false);
    }
    match constraints(text) {
        Some(bounds) => (bounds.lower, true),
        None if begins_like_version(text) => (Some(Edge::Included(text)), true),
        // `SocketServer`, `earlier`: no version, so nothing that bounds.
        None => (None, true),
    }
}

/// An upper bound as `lessThan` (`included: false`) or `lessThanOrEqual` gives it, and whether
/// it was inferred. `Ok(None)` is "no end" (`*`).
///
/// # Errors
/// The reason, where the text bounds nothing (`unspecified`, `publication`).
#[must_use = "the bound is the result"]
pub fn upper_bound(text: &str, included: bool) -> Result<(Option<Edge<'_>>, bool), &'static str> {
    if is_number(text) {
        return Ok((Some(upper_edge(text, included)), false));
    }
    // `6.18.*`, as the kernel ends each of its branches.
    if let Some(stem) = text.strip_suffix(".*").filter(|stem| is_number(stem)) {
        return Ok((Some(Edge::Series(stem)), false));
    }
    let text = trim(text);
    if text == "*" {
        return Ok((None, false));
    }
    if is_everything(text) {
        return Ok((None, true));
    }
    if is_word(text, NOTHING) {
        return Err("the upper bound names no version");
    }
    if let Some(stem) = series(text) {
        return Ok((Some(Edge::Series(stem)), false));
    }
    if let Some(version) = plain(text) {
        return Ok((Some(upper_edge(version, included)), false));
    }
    match constraints(text).and_then(|bounds| bounds.upper) {
        Some(edge) => Ok((Some(edge), true)),
        // `4.5.4.2280 build 20230112`: a version with words of its own.
        None if begins_like_version(text) && !has_relation(text) => {
            Ok((Some(upper_edge(text, included)), true))
        }
        None => Err("no version can be read out of the upper bound"),
    }
}

fn upper_edge(version: &str, included: bool) -> Edge<'_> {
    if included {
        Edge::Included(version)
    } else {
        Edge::Excluded(version)
    }
}

/// A version without the `v` or the word "version" that some put before it.
#[must_use]
pub fn clean(text: &str) -> &str {
    if is_number(text) {
        return text;
    }
    let text = trim(text);
    plain(text).unwrap_or(text)
}

/// Bounds that hold together: `>= 1.0, < 2.0`, `1.2 and earlier`, `1.0 - 1.5`.
fn constraints(text: &str) -> Option<Bounds<'_>> {
    let text = without_fillers(text);
    if let Some(bounds) = one_constraint(text) {
        return Some(bounds);
    }
    let mut both = Bounds::default();
    let mut parts = 0;
    for part in conjunction(text)? {
        let bounds = one_constraint(without_fillers(part))?;
        if bounds.as_only().is_some() {
            return None;
        }
        parts += 1;
        if bounds.lower.is_some() && both.lower.replace(bounds.lower?).is_some() {
            return None;
        }
        if bounds.upper.is_some() && both.upper.replace(bounds.upper?).is_some() {
            return None;
        }
    }
    (parts == 2).then_some(both)
}

/// The two parts of `>= 1.0, < 2.0`, `>= 1.0 < 2.0`, `> 1.0 and < 2.0`.
fn conjunction(text: &str) -> Option<[&str; 2]> {
    let is_sign = |c: char| matches!(c, '<' | '>' | '≤' | '≥');
    let first = text.find(is_sign)?;
    if first != 0 {
        // `1.0 < 2.0`, `1.0, < 2.0`: from the first on.
        let head = trim_joint(&text[..first]);
        plain(head)?;
        return Some([head, &text[first..]]);
    }
    let after = text.find(|c: char| !is_sign(c) && c != '=')?;
    let second = text.get(after..)?.find(is_sign).map(|at| at + after)?;
    Some([trim_joint(&text[..second]), &text[second..]])
}

fn trim_joint(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches([',', ';', '&']).trim_end();
    let text = strip_suffix_word(text, "and").unwrap_or(text);
    text.trim_end().trim_end_matches(',').trim_end()
}

fn one_constraint(text: &str) -> Option<Bounds<'_>> {
    let text = text.trim();
    if let Some(bounds) = signed(text) {
        return Some(bounds);
    }
    if let Some(stem) = series(text) {
        return Some(Bounds::series(stem));
    }
    for (word, kind) in BEFORE_WORDS {
        let Some(rest) = strip_prefix_word(text, word) else {
            continue;
        };
        let rest = without_fillers(rest);
        if *word == "between" {
            return infix(rest, " and ", true);
        }
        if let Some(bounds) = between(rest).filter(|_| *kind == words::Relation::From) {
            return Some(bounds);
        }
        let rest = strip_suffix_word(rest, "(exclusive)").unwrap_or(rest);
        return related(rest, *kind);
    }
    for (word, kind) in AFTER_WORDS {
        if let Some(rest) = strip_suffix_word(text, word) {
            return related(trim_joint(rest), *kind);
        }
    }
    if let Some(rest) = text.strip_suffix('+') {
        return related(rest, words::Relation::From);
    }
    between(text)
}

/// `>= 1.0` and the like.
fn signed(text: &str) -> Option<Bounds<'_>> {
    use words::Relation::{Above, Below, Exactly, From, UpTo};
    const SIGNS: [(&str, words::Relation); 12] = [
        ("<=", UpTo),
        ("=<", UpTo),
        ("≤", UpTo),
        (">=", From),
        ("=>", From),
        ("≥", From),
        ("<", Below),
        (">", Above),
        ("===", Exactly),
        ("==", Exactly),
        ("=", Exactly),
        ("~>", From),
    ];
    let (rest, kind) = SIGNS
        .iter()
        .find_map(|(sign, kind)| Some((text.strip_prefix(sign)?, *kind)))?;
    related(without_fillers(rest), kind)
}

fn related(text: &str, kind: words::Relation) -> Option<Bounds<'_>> {
    use words::Relation::{Above, Below, Exactly, From, UpTo};
    let text = text.trim();
    // `1.2.x and earlier` goes to the end of the series; `before 1.2.x` ends where it begins.
    if let Some(stem) = series(text) {
        return Some(match kind {
            UpTo => Bounds {
                lower: None,
                upper: Some(Edge::Series(stem)),
            },
            Below => Bounds {
                lower: None,
                upper: Some(Edge::Excluded(stem)),
            },
            From => Bounds {
                lower: Some(Edge::Included(stem)),
                upper: None,
            },
            Exactly => Bounds::series(stem),
            Above => return None,
        });
    }
    let version = plain(text)?;
    Some(match kind {
        Below => Bounds {
            lower: None,
            upper: Some(Edge::Excluded(version)),
        },
        UpTo => Bounds {
            lower: None,
            upper: Some(Edge::Included(version)),
        },
        Above => Bounds {
            lower: Some(Edge::Excluded(version)),
            upper: None,
        },
        From => Bounds {
            lower: Some(Edge::Included(version)),
            upper: None,
        },
        Exactly => Bounds::only(version),
    })
}

/// `1.0 - 1.5`, `1.0 to 1.5`, `1.0 before 1.5`, `17.1-17.12`.
fn between(text: &str) -> Option<Bounds<'_>> {
    for (word, included) in BETWEEN {
        if find_word(text, word).is_some() {
            return infix(text, word, *included);
        }
    }
    tight_range(text)
}

/// The two versions on the sides of `word`.
fn infix<'a>(text: &'a str, word: &str, included: bool) -> Option<Bounds<'a>> {
    let at = find_word(text, word)?;
    let low = without_fillers(trim_joint(&text[..at]));
    let high = without_fillers(&text[at + word.len()..]);
    let high = strip_suffix_word(high, "(inclusive)").unwrap_or(high);
    let upper = match series(high) {
        Some(stem) if included => Edge::Series(stem),
        Some(stem) => Edge::Excluded(stem),
        None if included => Edge::Included(plain(high)?),
        None => Edge::Excluded(plain(high)?),
    };
    let lower = match series(low) {
        Some(stem) => stem,
        None => plain(low)?,
    };
    Some(Bounds {
        lower: Some(Edge::Included(lower)),
        upper: Some(upper),
    })
}

/// `17.1-17.12`: both sides dotted numbers of the same length and beginning, the second higher.
/// `1.2-3` and `7.0.0-0` are versions.
fn tight_range(text: &str) -> Option<Bounds<'_>> {
    let (low, high) = text.split_once('-')?;
    let numbers = |text: &str| -> Option<Vec<u64>> {
        text.split('.').map(|part| part.parse().ok()).collect()
    };
    let (a, b) = (numbers(low)?, numbers(high)?);
    let alike = a.len() == b.len() && a.len() >= 2 && a[0] == b[0] && a < b;
    let (lower, upper) = (Some(Edge::Included(low)), Some(Edge::Included(high)));
    alike.then_some(Bounds { lower, upper })
}

/// `< 1.0 || >= 2.0, < 2.1`: each side must make sense by itself.
fn alternatives(text: &str) -> Meaning<'_> {
    let mut ranges = Vec::new();
    for side in text.split("||").take(MOST_PARTS) {
        match read(side) {
            Meaning::Exact(version) => ranges.push(Bounds::only(version)),
            Meaning::Ranges(more) => ranges.extend(more),
            undecidable @ Meaning::Undecidable(_) => return undecidable,
        }
    }
    Meaning::Ranges(ranges)
}

/// `1.0, 1.1 and 2.x`: each part must make sense by itself.
fn list(text: &str) -> Option<Vec<Bounds<'_>>> {
    let mut ranges = Vec::new();
    for part in split_list(text) {
        let part = trim(without_fillers(part));
        if part.is_empty() {
            continue;
        }
        let bounds = match plain(part) {
            Some(version) => Bounds::only(version),
            None => constraints(part)?,
        };
        if ranges.len() == MOST_PARTS {
            return None;
        }
        ranges.push(bounds);
    }
    // Two open ends (`>= 1.0, >= 2.0`) may be meant together or apart.
    let open = ranges
        .iter()
        .filter(|bounds: &&Bounds<'_>| bounds.upper.is_none())
        .count();
    let single = ranges
        .iter()
        .filter(|bounds| bounds.as_only().is_some())
        .count();
    if open > 1 || (open == 1 && single + 1 < ranges.len()) {
        return None;
    }
    // One part that is the text itself has been tried already.
    (ranges.len() > 1).then_some(ranges)
}

/// `1.2` of `1.2.x`, `1.2.*`, `1.x.x`.
fn series(text: &str) -> Option<&str> {
    let mut stem = text.trim();
    let mut cut = false;
    while let Some(shorter) = [".x", ".X", ".*", ".xx", ".XX"]
        .iter()
        .find_map(|end| stem.strip_suffix(end))
    {
        stem = shorter;
        cut = true;
    }
    if !cut {
        return None;
    }
    plain(stem)
}

/// One version and nothing else: a single token with a digit, without `v` and such before it.
fn plain(text: &str) -> Option<&str> {
    if is_number(text) {
        return Some(text);
    }
    let text = without_fillers(text.trim());
    let text = text
        .trim_matches(['"', '\''])
        .trim_end_matches(['.', ',', ';']);
    if text.is_empty()
        || !text.bytes().any(|byte| byte.is_ascii_digit())
        || text.contains(|c: char| c.is_whitespace() || "<>=,;|≤≥".contains(c))
        || text.ends_with('+')
    {
        return None;
    }
    if text.ends_with(".x") || text.ends_with(".X") || text.ends_with('*') {
        return None;
    }
    if tight_range(text).is_some() || text.contains("://") {
        return None;
    }
    let bare = text
        .strip_prefix(['v', 'V'])
        .map(|rest| rest.trim_start_matches('.'));
    let bare = bare
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text);
    // A slash joins two versions (`1.0/1.1`), but a version may hold one, too.
    if bare
        .split('/')
        .filter(|part| begins_like_version(part))
        .count()
        > 1
    {
        return None;
    }
    Some(bare)
}

/// Whether the text speaks of more than one version.
fn has_relation(text: &str) -> bool {
    let relation = |word: &str| BELOW.iter().any(|known| word.eq_ignore_ascii_case(known));
    text.contains(['<', '>', '≤', '≥', ',', ';', '|', '*', '~'])
        || text.split([' ', '\t', '(', ')', ':']).any(relation)
        || text.ends_with(".x")
        || text.ends_with(".X")
}
