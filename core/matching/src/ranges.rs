//! Which versions the statement that decided a verdict calls affected, as ranges that others can use.
//!
//! A verdict is about one version. Others want to know where the affected versions end, and there only what is known
//! may be said: a range that is too wide calls fixed versions affected, one that is too narrow the reverse.
//! So a range is given only where its end is known, where it holds in Nix's own order of versions
//! (whoever reads it knows the versions of Nixpkgs, and that order), and where no other part of the
//! same statement calls a part of it unaffected.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use snowguard_advisory::model::{Advisory, Status, Versions};
use snowguard_advisory::versions::{self, Bounds, Considered, Edge, StatusDecision, VersionOrder};

use crate::advisory_facts::{AdvisoryFacts, Place, Row};
use crate::order::Scheme;
use crate::verdict::{Match, Verdict, Weight};

/// Ranges of one statement; beyond, none is given.
const MOST: usize = 24;

/// Affected versions with a known end, in Nix's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The first affected version; nothing: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it ends.
    #[serde(flatten)]
    pub end: End,
}

/// Where a range ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The first version that is not affected any more.
    Before(String),
    /// The last version that is affected.
    Through(String),
}

impl Range {
    /// Whether the version is in it; a version that cannot be compared is not.
    #[must_use]
    pub fn holds(&self, version: &str) -> bool {
        let from = self.from.as_deref();
        let above = from.is_none_or(|from| at_most(from, version));
        above
            && match &self.end {
                End::Before(end) => Nix.compare(version, end) == Some(Ordering::Less),
                End::Through(end) => at_most(version, end),
            }
    }

    fn of(bounds: &Bounds<'_>) -> Option<Self> {
        let from = match bounds.lower {
            None => None,
            Some(Edge::Included(lower)) => Some(lower),
            Some(Edge::Excluded(_) | Edge::Series(_)) => return None,
        };
        let end = match bounds.upper? {
            Edge::Excluded(upper) => End::Before(upper.to_owned()),
            Edge::Included(upper) => End::Through(upper.to_owned()),
            Edge::Series(_) => return None,
        };
        let (End::Before(last) | End::Through(last)) = &end;
        let fine = |text: &str| !text.is_empty() && text.len() <= 100;
        let ordered = match (from, &end) {
            (None, _) => true,
            (Some(from), End::Before(end)) => Nix.compare(from, end) == Some(Ordering::Less),
            (Some(from), End::Through(end)) => at_most(from, end),
        };
        let fine = fine(last) && from.is_none_or(fine) && ordered;
        fine.then(|| Self {
            // CVE records write "from the beginning" as 0.
            from: from.filter(|from| *from != "0").map(str::to_owned),
            end,
        })
    }
}

/// Every order that a record may name is passed over: readers have Nix's alone.
struct Nix;

impl VersionOrder for Nix {
    fn compare(&self, a: &str, b: &str) -> Option<Ordering> {
        Scheme::Generic.compare(a, b)
    }
}

fn at_most(a: &str, b: &str) -> bool {
    matches!(Nix.compare(a, b), Some(Ordering::Less | Ordering::Equal))
}

/// The affected ranges of the statement that decided this match, for a package of this version; empty where none can
/// be given. In each case they agree with the verdict about the version itself.
///
/// Cost: that of [`AdvisoryFacts::new`].
#[must_use]
pub fn deciding(advisory: &Advisory, found: &Match, version: &str) -> Vec<Range> {
    let ranges = statement(advisory, found).and_then(|row| match row.place {
        Place::Affected(index) => {
            let versions = &advisory
                .records
                .get(row.record)?
                .affected
                .get(index)?
                .versions;
            let decision = versions::status_alone(versions, version, &Nix);
            Some(of_statement(&decision, versions, found.verdict))
        }
        Place::Configuration(index) => {
            let configuration = advisory
                .records
                .get(row.record)?
                .configurations
                .get(index)?;
            let matches = row.matches.iter().filter_map(|(node, place)| {
                let node = configuration.nodes.get(*node as usize)?;
                node.matches.get(*place as usize)
            });
            let decisions: Vec<StatusDecision<'_>> = matches
                .map(|one| versions::cpe_match(one, version, &Nix))
                .collect();
            Some(usable(decisions.iter().flat_map(|one| &one.considered)))
        }
    });
    let ranges = ranges.unwrap_or_default();
    let holds = ranges.iter().any(|range| range.holds(version));
    if ranges.len() > MOST || holds != (found.verdict == Verdict::Affected) {
        return Vec::new();
    }
    ranges
}

/// The row that decided by its versions, provided that there is no doubt which one it is.
fn statement(advisory: &Advisory, found: &Match) -> Option<Row> {
    let by_versions = |code: &str| matches!(code, "range_affected" | "past_range");
    let mut reasons = found.reasons.iter();
    let at = reasons
        .find(|reason| reason.weight == Weight::Decides && by_versions(&reason.code))?
        .at
        .as_deref()?;
    let mut rows = AdvisoryFacts::new(advisory).rows.into_iter().filter(|row| {
        let rest = at.strip_prefix(row.at.as_str());
        rest.is_some_and(|rest| {
            let places = ["/versions/", "/ranges/", "/ecosystem_specific/"];
            rest.is_empty() || places.iter().any(|place| rest.starts_with(place))
        })
    });
    // A configuration has a row for each of its products; which of them decided is not told.
    let row = rows.next()?;
    rows.next().is_none().then_some(row)
}

fn of_statement(
    decision: &StatusDecision<'_>,
    versions: &Versions,
    verdict: Verdict,
) -> Vec<Range> {
    match versions {
        // Changes within an entry are told only around the version that was asked for.
        Versions::Cve { entries, .. } if entries.iter().any(|one| !one.changes.is_empty()) => {
            let decided = decision
                .decided()
                .filter(|_| verdict == Verdict::Affected && decision.status == Status::Affected);
            usable(decided)
        }
        Versions::Cve { .. } => usable(&decision.considered),
        // Versions that OSV lists beside its ranges are in them, by its own rule.
        Versions::Osv { .. } => usable(
            decision
                .considered
                .iter()
                .filter(|one| matches!(one.at, versions::At::Range(_) | versions::At::Custom(_))),
        ),
    }
}

fn usable<'c>(considered: impl IntoIterator<Item = &'c Considered<'c>>) -> Vec<Range> {
    let (mut ranges, mut without) = (Vec::new(), Vec::new());
    for one in considered {
        match one.status {
            Status::Affected if !one.inferred => ranges.extend(Range::of(&one.bounds)),
            Status::Affected => {}
            // What is not known to be affected must not be called so either.
            Status::Unaffected | Status::Unknown => without.push(one.bounds),
        }
    }
    ranges.retain(|range| !without.iter().any(|bounds| touches(range, bounds)));
    ranges.sort();
    ranges.dedup();
    ranges
}

/// Whether a range and bounds may share a version; in doubt they do.
fn touches(range: &Range, bounds: &Bounds<'_>) -> bool {
    let below = bounds.upper.is_some_and(|upper| {
        let from = range.from.as_deref().unwrap_or("0");
        match upper {
            Edge::Excluded(upper) => at_most(upper, from),
            Edge::Included(upper) => Nix.compare(upper, from) == Some(Ordering::Less),
            Edge::Series(_) => false,
        }
    });
    let above = bounds.lower.is_some_and(|lower| match &range.end {
        End::Before(end) => at_most(end, lower.version()),
        End::Through(end) => Nix.compare(end, lower.version()) == Some(Ordering::Less),
    });
    !(below || above)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use snowguard_advisory::model::{Advisory, Record};

    use super::*;
    use crate::verdict::{Reason, Tier};

    fn advisory(entries: Value) -> Advisory {
        let record: Record = serde_json::from_value(json!({
            "id": "CVE-2026-1", "source": "cve-list", "state": "published",
            "affected": [{
                "by": "cna", "pointer": "/containers/cna/affected/0", "vendor": "v", "product": "p",
                "versions": entries,
            }],
        }))
        .unwrap();
        Advisory {
            id: "CVE-2026-1".to_owned(),
            records: vec![record],
            kev: None,
            epss: None,
        }
    }

    fn cve(entries: Value) -> Advisory {
        advisory(json!({ "semantics": "cve", "default": "unaffected", "entries": entries }))
    }

    fn ranges(advisory: &Advisory, version: &str, verdict: Verdict) -> Value {
        let found = Match {
            advisory: advisory.id.clone(),
            attr: "p".to_owned(),
            verdict,
            tier: Tier::High,
            variant_of: None,
            fixed_in: None,
            reasons: vec![Reason {
                code: if verdict == Verdict::Affected {
                    "range_affected"
                } else {
                    "past_range"
                }
                .to_owned(),
                weight: Weight::Decides,
                text: String::new(),
                at: Some("CVE-2026-1#/containers/cna/affected/0/versions/0".to_owned()),
            }],
        };
        serde_json::to_value(deciding(advisory, &found, version)).unwrap()
    }

    #[test]
    fn a_range_is_what_the_statement_says() {
        let entry = |from: &str, end: &str| json!({ "version": from, "status": "affected", "less_than": end, "version_type": "custom" });
        let two = cve(json!([entry("0", "1.4"), entry("2.0", "2.3")]));
        let both = json!([{ "before": "1.4" }, { "from": "2.0", "before": "2.3" }]);
        assert_eq!(ranges(&two, "1.2", Verdict::Affected), both);
        assert_eq!(ranges(&two, "2.9", Verdict::Fixed), both);
        // A verdict that another statement made is not told by this one.
        assert_eq!(ranges(&two, "1.4", Verdict::Affected), json!([]));
        assert_eq!(ranges(&two, "2.2", Verdict::Fixed), json!([]));
        let through =
            cve(json!([{ "version": "1.0", "status": "affected", "less_than_or_equal": "1.9" }]));
        assert_eq!(
            ranges(&through, "1.9", Verdict::Affected),
            json!([{ "from": "1.0", "through": "1.9" }])
        );
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        // No end, the end of a series, an end in words.
        for entry in [
            json!({ "version": "1.0", "status": "affected" , "less_than": "*" }),
            json!({ "version": "1.0", "status": "affected", "less_than_or_equal": "2.*" }),
        ] {
            assert_eq!(
                ranges(&cve(json!([entry])), "1.5", Verdict::Affected),
                json!([])
            );
        }
        // A version in the midst is not affected.
        let hole = cve(json!([
            { "version": "1.0", "status": "affected", "less_than": "2.0" },
            { "version": "1.5", "status": "unaffected" },
        ]));
        assert_eq!(ranges(&hole, "1.2", Verdict::Affected), json!([]));
        let beside = cve(json!([
            { "version": "1.0", "status": "affected", "less_than": "2.0" },
            { "version": "2.0", "status": "unaffected", "less_than": "3.0" },
        ]));
        assert_eq!(
            ranges(&beside, "1.2", Verdict::Affected),
            json!([{ "from": "1.0", "before": "2.0" }])
        );
        let changes = cve(json!([
            { "version": "1.0", "status": "affected", "less_than": "2.0", "changes": [{ "at": "1.5", "status": "unaffected" }] },
        ]));
        assert_eq!(
            ranges(&changes, "1.2", Verdict::Affected),
            json!([{ "from": "1.0", "before": "1.5" }])
        );
        assert_eq!(ranges(&changes, "2.2", Verdict::Fixed), json!([]));
    }

    #[test]
    fn ranges_of_osv_stand_without_the_versions_they_list() {
        let osv = advisory(
            json!({ "semantics": "osv", "versions": ["1.0", "1.1"], "ranges": [
            { "kind": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "1.2" }, { "introduced": "2.0" }, { "last_affected": "2.1" }] },
        ] }),
        );
        let both = json!([{ "before": "1.2" }, { "from": "2.0", "through": "2.1" }]);
        assert_eq!(ranges(&osv, "1.1", Verdict::Affected), both);
    }
}
