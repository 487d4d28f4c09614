//! What a decision rests on, and whether that has changed since.
//!
//! A channel that moves, a score that is published, a reason that is worded anew: none of these
//! brings a decided suggestion back. A package that is affected and was not, and another range, do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use snowguard_advisory::model::{
    Advisory, Affected, CveVersion, OsvEvent, OsvRange, Status, Versions,
};

/// Ranges kept of one advisory; beyond, only their number counts.
const RANGES: usize = 200;

/// The facts of a suggestion that matter for its decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basis {
    /// Attributes that are affected in some channel, tied in tier high or medium.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub affected: BTreeSet<String>,
    /// What the advisory's records say is affected: `openssl: ≥ 3.0, < 3.0.14`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub ranges: BTreeSet<String>,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "what")]
pub enum Change {
    /// This attribute is affected, and was not.
    NowAffected(String),
    /// The advisory names this range, and did not.
    RangeAdded(String),
    /// The advisory named this range, and does not any more.
    RangeGone(String),
}

impl Change {
    /// A sentence for a person.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NowAffected(attr) => format!("{attr} is affected now"),
            Self::RangeAdded(range) => format!("affected now includes {range}"),
            Self::RangeGone(range) => format!("affected no longer includes {range}"),
        }
    }
}

/// What changed from one basis to another that a person should look at again. What is no longer
/// affected needs nobody.
#[must_use]
pub fn difference(decided: &Basis, now: &Basis) -> Vec<Change> {
    let added = now.affected.difference(&decided.affected);
    let mut changes: Vec<Change> = added.cloned().map(Change::NowAffected).collect();
    let ranges = |from: &Basis, to: &Basis| -> Vec<String> {
        to.ranges.difference(&from.ranges).cloned().collect()
    };
    changes.extend(ranges(decided, now).into_iter().map(Change::RangeAdded));
    changes.extend(ranges(now, decided).into_iter().map(Change::RangeGone));
    changes
}

/// The ranges that an advisory's records call affected, each once, in the source's own words.
#[must_use]
pub fn ranges(advisory: &Advisory) -> BTreeSet<String> {
    let affected = advisory.records.iter().flat_map(|record| &record.affected);
    let mut all: BTreeSet<String> = affected.flat_map(lines).collect();
    if all.len() > RANGES {
        let count = all.len();
        all = all.into_iter().take(RANGES).collect();
        all.insert(format!("and others, {count} in all"));
    }
    all
}

fn lines(affected: &Affected) -> Vec<String> {
    let product = affected
        .product
        .as_deref()
        .or(affected.package_name.as_deref());
    let texts = match &affected.versions {
        Versions::Cve { entries, .. } => entries.iter().filter_map(cve).collect(),
        Versions::Osv { ranges, versions } => {
            let ranges = ranges.iter().map(osv);
            ranges
                .chain(versions.iter().cloned())
                .collect::<Vec<String>>()
        }
    };
    texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| match product {
            Some(product) => format!("{product}: {text}"),
            None => text,
        })
        .collect()
}

fn cve(entry: &CveVersion) -> Option<String> {
    if entry.status != Status::Affected {
        return None;
    }
    let ends = [("<", &entry.less_than), ("≤", &entry.less_than_or_equal)];
    let ends: Vec<String> = ends
        .iter()
        .filter_map(|(sign, end)| Some(format!("{sign} {}", end.as_deref()?)))
        .collect();
    Some(match ends.is_empty() {
        true => entry.version.clone(),
        false => format!("≥ {}, {}", entry.version, ends.join(", ")),
    })
}

fn osv(range: &OsvRange) -> String {
    let events = range.events.iter().map(|event| match event {
        OsvEvent::Introduced(version) => format!("≥ {version}"),
        OsvEvent::Fixed(version) | OsvEvent::Limit(version) => format!("< {version}"),
        OsvEvent::LastAffected(version) => format!("≤ {version}"),
    });
    events.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(affected: &[&str], ranges: &[&str]) -> Basis {
        let set = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Basis {
            affected: set(affected),
            ranges: set(ranges),
        }
    }

    #[test]
    fn a_wider_range_is_said_in_words() {
        let before = basis(&["openssl"], &["openssl: ≥ 1.0, < 1.4.1"]);
        let after = basis(&["openssl"], &["openssl: ≥ 1.0, < 1.4.3"]);
        let sentences: Vec<String> = difference(&before, &after)
            .iter()
            .map(Change::sentence)
            .collect();
        assert_eq!(
            sentences,
            [
                "affected now includes openssl: ≥ 1.0, < 1.4.3",
                "affected no longer includes openssl: ≥ 1.0, < 1.4.1"
            ]
        );
    }

    #[test]
    fn what_is_mended_brings_nothing_back_and_what_is_hit_does() {
        let before = basis(&["git", "openssl"], &["a"]);
        assert_eq!(difference(&before, &basis(&["git"], &["a"])), []);
        assert_eq!(
            difference(&before, &basis(&["curl", "git", "openssl"], &["a"])),
            [Change::NowAffected("curl".to_owned())]
        );
    }
}
