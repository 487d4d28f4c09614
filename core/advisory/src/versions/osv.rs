//! The algorithm of the OSV schema.
//!
//! Sources: OSV schema, "Evaluation" (`IncludedInVersions`, `IncludedInRanges`, `BeforeLimits`); Go Vulnerability Database,
//! "Schema" (`custom_ranges`).

use std::cmp::Ordering;

use super::bounds::{Bounds, Edge};
use super::pseudo::PseudoVersion;
use super::{At, Basis, Considered, Position, StatusDecision, VersionOrder};
use crate::model::{OsvEvent, OsvRange, OsvRangeKind, Status};

pub(super) fn status<'a>(
    ranges: &'a [OsvRange],
    versions: &'a [String],
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    let mut considered = Vec::new();
    let mut decided = None;
    let mut commits = 0;
    let is_custom = |range: &OsvRange| range.kind == OsvRangeKind::Custom;
    // Where Go does not see the software's numbers, it gives these apart; its own ranges then say nothing of them.
    let first_custom = ranges.iter().position(is_custom);
    for (index, range) in ranges.iter().enumerate() {
        if range.kind == OsvRangeKind::Git || first_custom.is_some() && !is_custom(range) {
            commits += 1;
            continue;
        }
        let at = match first_custom {
            Some(first) => At::Custom(index - first),
            None => At::Range(index),
        };
        let (parts, of_commits) = segments(range, at, version, order);
        commits += of_commits;
        for mut part in parts {
            if part.position == Position::Elsewhere {
                part.position = part.bounds.locate(version, kind(range), order);
            }
            if part.position == Position::Inside && decided.is_none() {
                decided = Some(considered.len());
            }
            considered.push(part);
        }
    }
    if decided.is_none() {
        let listed = |known: &String| {
            known == version || order.compare(version, known) == Some(Ordering::Equal)
        };
        if let Some(index) = versions.iter().position(listed) {
            decided = Some(considered.len());
            considered.push(Considered {
                at: At::Version(index),
                status: Status::Affected,
                bounds: Bounds::only(&versions[index]),
                position: Position::Inside,
                inferred: false,
            });
        }
    }
    let undecidable = considered
        .iter()
        .any(|part| matches!(part.position, Position::Undecidable(_)));
    let (status, basis) = match decided {
        Some(at) => (Status::Affected, Basis::Entry(at)),
        None if undecidable => (Status::Unknown, Basis::Undecidable),
        None if !considered.is_empty() || !versions.is_empty() => {
            (Status::Unaffected, Basis::Default)
        }
        None if commits > 0 => (Status::Unknown, Basis::CommitsOnly),
        None => (Status::Unknown, Basis::Nothing),
    };
    let fixed_in = match (decided, status) {
        (Some(at), Status::Affected) => match considered[at].bounds.upper {
            Some(Edge::Excluded(upper)) => Some(upper),
            _ => None,
        },
        _ => None,
    };
    StatusDecision {
        status,
        basis,
        considered,
        fixed_in,
    }
}

/// The affected segments of a range, in order. Equivalent to the schema's walk over sorted
/// events: `introduced` opens a segment (if none is open), `fixed` and `last_affected` close it.
///
/// Where Go knows no tag, its database names commits (`fixed: 0.0.0-…`), and then tags without an end: "fixed in this
/// commit; every release that Go sees has it". Segments with such a bound say nothing of a release that does not compare
/// with it; they are counted, not given. One without an end beside them cannot be decided.
fn segments<'a>(
    range: &'a OsvRange,
    at: At,
    version: &str,
    order: &dyn VersionOrder,
) -> (Vec<Considered<'a>>, usize) {
    let part = |bounds, position| Considered {
        at,
        status: Status::Affected,
        bounds,
        position,
        inferred: false,
    };
    let mut events: Vec<&'a OsvEvent> = range
        .events
        .iter()
        .filter(|event| !matches!(event, OsvEvent::Limit(_)))
        .collect();
    let comparable = |event: &&&OsvEvent| {
        is_zero(event)
            || order
                .compare_typed(kind(range), version, text(event))
                .is_some()
    };
    let mut odd = events.iter().filter(|event| !comparable(event)).peekable();
    let has_commits = odd.peek().is_some();
    if let Some(odd) = odd.find(|event| !is_commit(text(event))) {
        let bounds = Bounds {
            lower: None,
            upper: Some(Edge::Excluded(text(odd))),
        };
        let undecidable = Position::Undecidable("not comparable with an event");
        return (vec![part(bounds, undecidable)], 0);
    }
    // Commits and releases have no common order; then the record's own counts.
    if !has_commits {
        events.sort_by(|a, b| match (is_zero(a), is_zero(b)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => order
                .compare_typed(kind(range), text(a), text(b))
                .unwrap_or(Ordering::Equal),
        });
    }
    let limit = beyond_limits(range, version, order);
    let mut segments = Vec::new();
    let mut open: Option<Option<Edge<'a>>> = None;
    for event in events {
        match event {
            OsvEvent::Introduced(_) if open.is_some() => {}
            OsvEvent::Introduced(_) if is_zero(event) => open = Some(None),
            OsvEvent::Introduced(lower) => open = Some(Some(Edge::Included(lower))),
            OsvEvent::Fixed(upper) => {
                let Some(lower) = open.take() else { continue };
                segments.push(Bounds {
                    lower,
                    upper: Some(Edge::Excluded(upper)),
                });
            }
            OsvEvent::LastAffected(upper) => {
                let Some(lower) = open.take() else { continue };
                segments.push(Bounds {
                    lower,
                    upper: Some(Edge::Included(upper)),
                });
            }
            OsvEvent::Limit(_) => {}
        }
    }
    if let Some(lower) = open {
        segments.push(Bounds { lower, upper: None });
    }
    let all = segments.len();
    if has_commits {
        let compares = |edge: Option<Edge<'_>>| {
            edge.is_none_or(|edge| {
                order
                    .compare_typed(kind(range), version, edge.version())
                    .is_some()
            })
        };
        segments.retain(|bounds| compares(bounds.lower) && compares(bounds.upper));
    }
    let of_commits = all - segments.len();
    let position = |bounds: &Bounds<'_>| match (limit, bounds.upper) {
        (true, _) => Position::After,
        (false, None) if has_commits => Position::Undecidable("only a commit ends the range"),
        (false, _) => Position::Elsewhere,
    };
    let parts = segments.into_iter();
    let parts = parts.map(|bounds| part(bounds, position(&bounds)));
    (parts.collect(), of_commits)
}

fn is_commit(version: &str) -> bool {
    PseudoVersion::parse(version.trim_start_matches(['v', 'V'])).is_some()
}

/// Whether the range has limits and the version is below none of them.
fn beyond_limits(range: &OsvRange, version: &str, order: &dyn VersionOrder) -> bool {
    let mut limits = range.events.iter().filter_map(|event| match event {
        OsvEvent::Limit(limit) => Some(limit.as_str()),
        _ => None,
    });
    let below = |limit: &str| {
        limit == "*" || order.compare_typed(kind(range), version, limit) == Some(Ordering::Less)
    };
    match limits.next() {
        None => false,
        Some(first) => !below(first) && !limits.any(below),
    }
}

fn kind(range: &OsvRange) -> Option<&'static str> {
    (range.kind == OsvRangeKind::Semver).then_some("semver")
}

fn text(event: &OsvEvent) -> &str {
    match event {
        OsvEvent::Introduced(text)
        | OsvEvent::Fixed(text)
        | OsvEvent::LastAffected(text)
        | OsvEvent::Limit(text) => text,
    }
}

/// `introduced: "0"` is the version before all others, in every scheme.
fn is_zero(event: &OsvEvent) -> bool {
    matches!(event, OsvEvent::Introduced(version) if version == "0")
}
