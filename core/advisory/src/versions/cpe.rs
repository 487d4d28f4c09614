//! CPE match ranges, and applicability statements as three-valued logic.
//!
//! Source: NVD API 2.0, `cpeMatch`; NISTIR 7696, table 6-2 for single attributes.

use super::bounds::{Bounds, Edge};
use super::pseudo::PseudoVersion;
use super::{At, Basis, Considered, Position, StatusDecision, VersionOrder};
use crate::cpe::Value;
use crate::model::{Configuration, CpeMatch, Node, Operator, Status};

/// Whether `version` lies in the versions of a CPE match. Only versions are looked at; whether
/// the product is the same is the caller's matter.
#[must_use]
pub fn cpe_match<'a>(
    cpe: &'a CpeMatch,
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    let (bounds, position) = bounds(cpe, version);
    let position = position.unwrap_or_else(|| bounds.locate(version, None, order));
    let (status, basis) = match position {
        Position::Inside => (Status::Affected, Basis::Entry(0)),
        // Programs copy Go's names for commits into CPEs.
        Position::Undecidable(_) if is_of_commits(&bounds) => (Status::Unknown, Basis::CommitsOnly),
        Position::Undecidable(_) => (Status::Unknown, Basis::Undecidable),
        _ => (Status::Unaffected, Basis::Default),
    };
    let fixed_in = match bounds.upper {
        Some(Edge::Excluded(upper)) if status == Status::Affected => Some(upper),
        _ => None,
    };
    let considered = Considered {
        at: At::Match,
        status: Status::Affected,
        bounds,
        position,
        inferred: false,
    };
    StatusDecision {
        status,
        basis,
        considered: vec![considered],
        fixed_in,
    }
}

fn is_of_commits(bounds: &Bounds<'_>) -> bool {
    let mut edges = bounds.lower.into_iter().chain(bounds.upper);
    edges.any(|edge| PseudoVersion::parse(edge.version()).is_some())
}

fn bounds<'a>(cpe: &'a CpeMatch, version: &str) -> (Bounds<'a>, Option<Position>) {
    let edge = |included: &'a Option<String>, excluded: &'a Option<String>| {
        let included = included.as_deref().map(Edge::Included);
        included.or_else(|| excluded.as_deref().map(Edge::Excluded))
    };
    let bounds = Bounds {
        lower: edge(&cpe.start_including, &cpe.start_excluding),
        upper: edge(&cpe.end_including, &cpe.end_excluding),
    };
    match &cpe.criteria.version {
        Value::Any => (bounds, None),
        Value::Na => (
            bounds,
            Some(Position::Undecidable(
                "the CPE says that versions don't apply",
            )),
        ),
        // With bounds, the name's own version is an example, not a condition.
        Value::Text(_) if bounds != Bounds::default() => (bounds, None),
        Value::Text(text) => match text.strip_suffix(".*").or_else(|| text.strip_suffix('*')) {
            Some(stem) if !stem.is_empty() => (Bounds::series(stem), None),
            Some(_) => (bounds, None),
            None => (Bounds::only(text), with_update(cpe, text, version)),
        },
    }
}

/// `1.2:p1` and `1.2:rc1` name the version that distributions write `1.2p1`, `1.2-rc1`.
fn with_update(cpe: &CpeMatch, text: &str, version: &str) -> Option<Position> {
    let update = cpe.criteria.update.as_text()?;
    let rest = version.strip_prefix(text)?;
    let rest = rest.trim_start_matches(['-', '_', '.', '+', '~']);
    Some(if rest.eq_ignore_ascii_case(update) {
        Position::Inside
    } else {
        Position::Elsewhere
    })
}

/// Evaluates a statement: `holds` says for each CPE match whether it holds, `None` where that
/// can't be known. The result is `None` where it depends on what can't be known.
#[must_use]
pub fn applies(
    statement: &Configuration,
    holds: &mut dyn FnMut(&CpeMatch) -> Option<bool>,
) -> Option<bool> {
    let nodes: Vec<Option<bool>> = statement
        .nodes
        .iter()
        .map(|node| of_node(node, holds))
        .collect();
    negated(statement.negate, joined(statement.operator, &nodes))
}

fn of_node(node: &Node, holds: &mut dyn FnMut(&CpeMatch) -> Option<bool>) -> Option<bool> {
    let matches: Vec<Option<bool>> = node.matches.iter().map(holds).collect();
    negated(node.negate, joined(node.operator, &matches))
}

fn negated(negate: bool, value: Option<bool>) -> Option<bool> {
    value.map(|value| value != negate)
}

/// Kleene's three-valued AND and OR. Nothing joined is false: an empty node ties to nothing.
fn joined(operator: Operator, values: &[Option<bool>]) -> Option<bool> {
    if values.is_empty() {
        return Some(false);
    }
    let decisive = operator == Operator::Or;
    if values.contains(&Some(decisive)) {
        Some(decisive)
    } else if values.contains(&None) {
        None
    } else {
        Some(!decisive)
    }
}
