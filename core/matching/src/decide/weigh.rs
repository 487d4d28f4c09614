//! Which of several opinions counts.
//!
//! Bounds that were compared come before what was read out of free text, and that before a bare
//! default. Among equals the source nearest to the software counts. One source may still speak in
//! several rows about one product: the kernel's CNA gives ranges of commits with the releases that
//! took a backport in one, and the releases of each stable branch in another. Then
//! - a range in which the version lies counts before a default that holds for all else;
//! - of two ranges, the one that lies inside the other is the more exact (`6.18.30 ≤ v < 6.18.*`
//!   unaffected, inside of `v < 7.0.7` affected, says that the branch was mended);
//! - where neither says more, the graver answer counts.

use std::cmp::Ordering;

use snowguard_advisory::versions::{Bounds, Edge};

use super::opinion::Opinion;
use crate::order::Scheme;
use crate::verdict::Verdict;

/// Puts the opinion that counts first.
pub(super) fn order(opinions: &mut [Opinion<'_>]) {
    opinions.sort_by_key(|opinion| {
        let is_default = opinion.range.is_none();
        (
            opinion.grade,
            opinion.authority,
            is_default,
            gravity(opinion.verdict),
        )
    });
    let Some(first) = opinions.first() else {
        return;
    };
    let (grade, authority) = (first.grade, first.authority);
    let mut best = 0;
    for position in 1..opinions.len() {
        let (known, other) = (&opinions[best], &opinions[position]);
        if other.grade == grade && other.authority == authority && is_inside(other, known) {
            best = position;
        }
    }
    let was_affected = opinions[0].verdict == Verdict::Affected;
    opinions[..=best].rotate_right(1);
    let counts = &mut opinions[0];
    if best > 0 && was_affected && counts.verdict == Verdict::NotAffected {
        // Unaffected within a wider affected range: it was mended there.
        counts.verdict = Verdict::Fixed;
        counts.code = "branch_mended";
    }
}

fn gravity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Affected => 0,
        Verdict::Unknown => 1,
        Verdict::Fixed => 2,
        Verdict::NotAffected => 3,
    }
}

/// Whether one opinion's range lies inside the other's, and is not the same.
fn is_inside(inner: &Opinion<'_>, outer: &Opinion<'_>) -> bool {
    let (Some((inner, scheme)), Some((outer, _))) = (inner.range, outer.range) else {
        return false;
    };
    let lower = lower(inner, outer, scheme);
    let upper = upper(inner, outer, scheme);
    matches!(
        (lower, upper),
        (
            Some(Ordering::Greater),
            Some(Ordering::Less | Ordering::Equal)
        ) | (Some(Ordering::Equal), Some(Ordering::Less))
    )
}

/// How the inner range's begin stands to the outer's; `0` is the beginning of all.
fn lower(inner: Bounds<'_>, outer: Bounds<'_>, scheme: Scheme) -> Option<Ordering> {
    let (a, b) = match (begin(inner), begin(outer)) {
        (None, None) => return Some(Ordering::Equal),
        (None, Some(_)) => return Some(Ordering::Less),
        (Some(_), None) => return Some(Ordering::Greater),
        (Some(a), Some(b)) => (a, b),
    };
    scheme.compare(a, b)
}

fn begin<'a>(bounds: Bounds<'a>) -> Option<&'a str> {
    bounds.lower.map(Edge::version).filter(|text| *text != "0")
}

/// How the inner range's end stands to the outer's.
fn upper(inner: Bounds<'_>, outer: Bounds<'_>, scheme: Scheme) -> Option<Ordering> {
    match (inner.upper, outer.upper) {
        (None, None) => Some(Ordering::Equal),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(_), None) => Some(Ordering::Less),
        (Some(a), Some(b)) => {
            let compared = scheme.compare(a.version(), b.version())?;
            // A series ends behind every version that begins as it does.
            let reach = |edge: Edge<'_>| match edge {
                Edge::Excluded(_) => 0,
                Edge::Included(_) => 1,
                Edge::Series(_) => 2,
            };
            Some(compared.then(reach(a).cmp(&reach(b))))
        }
    }
}
