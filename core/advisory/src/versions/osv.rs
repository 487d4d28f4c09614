//! The algorithm of the OSV schema.
//!
//! Source: OSV schema, "Evaluation" (`IncludedInVersions`, `IncludedInRanges`, `BeforeLimits`).

use std::cmp::Ordering;

use super::bounds::{Bounds, Edge};
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
    for (index, range) in ranges.iter().enumerate() {
        if range.kind == OsvRangeKind::Git {
            commits += 1;
            continue;
        }
        for mut part in segments(range, At::Range(index), version, order) {
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
fn segments<'a>(
    range: &'a OsvRange,
    at: At,
    version: &str,
    order: &dyn VersionOrder,
) -> Vec<Considered<'a>> {
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
    if let Some(odd) = events.iter().find(|event| !comparable(event)) {
        let bounds = Bounds {
            lower: None,
            upper: Some(Edge::Excluded(text(odd))),
        };
        return vec![part(
            bounds,
            Position::Undecidable("not comparable with an event"),
        )];
    }
    events.sort_by(|a, b| match (is_zero(a), is_zero(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => order
            .compare_typed(kind(range), text(a), text(b))
            .unwrap_or(Ordering::Equal),
    });
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
    let position = if limit {
        Position::After
    } else {
        Position::Elsewhere
    };
    segments
        .into_iter()
        .map(|bounds| part(bounds, position))
        .collect()
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
