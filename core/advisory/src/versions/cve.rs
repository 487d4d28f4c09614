//! The algorithm of the CVE schema.
//!
//! ```text
//! for entry in versions { if entry matches V { return status of entry for V } }
//! return defaultStatus
//! ```
//! An entry without an upper bound matches one version; with one it matches
//! `version` ≤ V < `lessThan` or ≤ `lessThanOrEqual`. Inside, the `changes`, sorted, apply:
//! the last with `at` ≤ V wins.
//!
//! Source: CVE schema, `docs/versions.md`, "Version Status Decisions", "Version Status Changes".

use std::cmp::Ordering;

use super::bounds::{Bounds, Edge};
use super::sloppy::{self, Meaning};
use super::{At, Basis, Considered, Position, StatusDecision, VersionOrder};
use crate::model::{CveVersion, Status};

pub(super) fn status<'a>(
    default: Status,
    entries: &'a [CveVersion],
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    let mut decision = decide(default, entries, version, order);
    if decision.status == Status::Affected {
        decision.fixed_in = fixed_in(default, entries, version, &decision, order);
    }
    decision
}

/// The status without what fixes it.
pub(super) fn decide<'a>(
    default: Status,
    entries: &'a [CveVersion],
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    let version = sloppy::clean(version);
    let mut considered = Vec::with_capacity(entries.len());
    let mut commits = 0;
    let mut decided = None;
    for (index, entry) in entries.iter().enumerate() {
        if is_of_commits(entry) {
            commits += 1;
            continue;
        }
        let (first, others) = parts(entry, At::Version(index));
        for mut part in first.into_iter().chain(others) {
            let located = part
                .bounds
                .locate(version, entry.version_type.as_deref(), order);
            // Below the lower bound it is outside, whatever the upper bound may mean.
            if !matches!(part.position, Position::Undecidable(_))
                || (located == Position::Before && part.bounds.lower.is_some())
            {
                part.position = located;
            }
            if part.position == Position::Inside && decided.is_none() {
                part = after_changes(part, entry, version, order);
                // Later entries are still located: they explain ("fixed since 1.2 on this
                // branch") but no longer decide.
                decided = match part.position {
                    Position::Inside => Some((part.status, considered.len())),
                    _ => None,
                };
            }
            considered.push(part);
        }
    }
    let decided = decided.map(|decided| narrowest(decided, &considered));
    let undecidable = considered.iter().any(|part: &Considered<'_>| {
        matches!(part.position, Position::Undecidable(_)) && part.status != default
    });
    let (status, basis) = match decided {
        Some((status, at)) => (status, Basis::Entry(at)),
        None if undecidable => (Status::Unknown, Basis::Undecidable),
        None if considered.is_empty() && commits > 0 => (Status::Unknown, Basis::CommitsOnly),
        None if entries.is_empty() && default == Status::Unknown => (default, Basis::Nothing),
        None => (default, Basis::Default),
    };
    StatusDecision {
        status,
        basis,
        considered,
        fixed_in: None,
    }
}

/// Of two "prior to" entries that hold the version, the unaffected one is the narrower, in
/// whichever order they stand (`< 8.4.0` affected, `< 7.69.0` unaffected).
fn narrowest(decided: (Status, usize), considered: &[Considered<'_>]) -> (Status, usize) {
    let prior_to = |part: &Considered<'_>| {
        part.inferred && part.bounds.lower.is_none() && part.position == Position::Inside
    };
    if decided.0 != Status::Affected || !prior_to(&considered[decided.1]) {
        return decided;
    }
    let unaffected = considered
        .iter()
        .position(|part| part.status == Status::Unaffected && prior_to(part));
    unaffected.map_or(decided, |at| (Status::Unaffected, at))
}

/// The bounds of an entry: one, or several where its text lists several.
fn parts(entry: &CveVersion, at: At) -> (Option<Considered<'_>>, Vec<Considered<'_>>) {
    let part = |bounds, position, inferred| Considered {
        at,
        status: entry.status,
        bounds,
        position,
        inferred,
    };
    let one = |part| (Some(part), Vec::new());
    // Filled in by the caller.
    let open = Position::Elsewhere;
    let upper = entry.less_than.as_deref().map(|text| (text, false));
    let upper = upper.or_else(|| entry.less_than_or_equal.as_deref().map(|text| (text, true)));
    if let Some((upper, included)) = upper {
        let (mut lower, mut lower_inferred) = sloppy::lower_bound(&entry.version);
        if !included && entry.version == upper {
            // Strictly an empty range. Some CNAs write "prior to 1.2" so (Chrome's, HackerOne's),
            // and HackerOne's also "unaffected prior to 1.0".
            (lower, lower_inferred) = (None, true);
        }
        return one(match sloppy::upper_bound(upper, included) {
            Ok((upper, upper_inferred)) => part(
                Bounds { lower, upper },
                open,
                lower_inferred || upper_inferred,
            ),
            Err(reason) => {
                let bounds = Bounds { lower, upper: None };
                part(bounds, Position::Undecidable(reason), false)
            }
        });
    }
    match sloppy::read(&entry.version) {
        // Changes only make sense in a range; without an upper bound it has no end.
        Meaning::Exact(version) if !entry.changes.is_empty() => {
            let bounds = Bounds {
                lower: Some(Edge::Included(version)),
                upper: None,
            };
            one(part(bounds, open, true))
        }
        Meaning::Exact(version) => one(part(Bounds::only(version), open, false)),
        Meaning::Ranges(ranges) => {
            let ranges = ranges.into_iter();
            (
                None,
                ranges.map(|bounds| part(bounds, open, true)).collect(),
            )
        }
        Meaning::Undecidable(reason) => one(part(
            Bounds::default(),
            Position::Undecidable(reason),
            false,
        )),
    }
}

/// Applies the `changes` of an entry to a version inside of it, and narrows the bounds to the
/// segment in which the version lies.
fn after_changes<'a>(
    mut part: Considered<'a>,
    entry: &'a CveVersion,
    version: &str,
    order: &dyn VersionOrder,
) -> Considered<'a> {
    if entry.changes.is_empty() {
        return part;
    }
    let kind = entry.version_type.as_deref();
    // "Clients must re-sort the list themselves." Comparing against the version alone would not
    // do: of two changes below it, the higher must win.
    let mut changes: Vec<(&'a str, Status)> = entry
        .changes
        .iter()
        .map(|change| (sloppy::clean(&change.at), change.status))
        .collect();
    changes.sort_by(|a, b| {
        order
            .compare_typed(kind, a.0, b.0)
            .unwrap_or(Ordering::Equal)
    });
    for (at, status) in changes {
        match order.compare_typed(kind, at, version) {
            Some(Ordering::Less | Ordering::Equal) => {
                part.status = status;
                part.bounds.lower = Some(Edge::Included(at));
            }
            Some(Ordering::Greater) => {
                part.bounds.upper = Some(Edge::Excluded(at));
                break;
            }
            None => {
                part.position = Position::Undecidable("not comparable with a change of status");
                break;
            }
        }
    }
    part
}

/// The lowest version above an affected one that the record shows not to be affected.
fn fixed_in<'a>(
    default: Status,
    entries: &'a [CveVersion],
    version: &str,
    decision: &StatusDecision<'a>,
    order: &dyn VersionOrder,
) -> Option<&'a str> {
    let mut candidates: Vec<&'a str> = Vec::new();
    for part in &decision.considered {
        if let Some(Edge::Excluded(upper)) = part.bounds.upper {
            candidates.push(upper);
        }
        if part.status == Status::Unaffected {
            candidates.extend(part.bounds.lower.map(Edge::version));
        }
    }
    candidates.retain(|candidate| order.compare(candidate, version) == Some(Ordering::Greater));
    candidates.sort_by(|a, b| order.compare(a, b).unwrap_or(Ordering::Equal));
    candidates.dedup();
    // Hostile records have many entries; what is not found among the nearest is not told.
    candidates.truncate(64);
    candidates.into_iter().find(|candidate| {
        // The end of an affected range is its fix even where the record leaves the rest open.
        decide(default, entries, candidate, order).status != Status::Affected
    })
}

/// Whether an entry speaks of commits, which can't be compared with release numbers: its type is a version control
/// system. Some CNAs write `git` and mean releases all the same (CVE-2023-2318: `0` to `0.17.1`); numbers with dots
/// are no commits.
///
/// The kernel's `original_commit_for_fix` is not among them: it says where the number comes from
/// (the release that holds the fix's first commit), and the number is a release.
fn is_of_commits(entry: &CveVersion) -> bool {
    const TYPES: [&str; 5] = ["git", "hg", "svn", "commit", "cvs"];
    let kind = entry.version_type.as_deref();
    let is_type =
        kind.is_some_and(|kind| TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known)));
    if !is_type {
        return false;
    }
    let end = entry
        .less_than
        .as_deref()
        .or(entry.less_than_or_equal.as_deref());
    let mut texts = std::iter::once(entry.version.as_str()).chain(end);
    let is_number = |text: &str| is_release_number(sloppy::clean(text));
    !(texts.clone().any(is_number) && texts.all(|text| text.trim() == "0" || is_number(text)))
}

/// Digits with dots between them, and perhaps a `v` before; a suffix is none of `git describe`'s.
fn is_release_number(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    text.contains('.')
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}
