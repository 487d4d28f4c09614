//! A scan's outcome as plain values, the same for every form.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::Serialize;
use snowguard_advisory_file::{AdvisoryFile, Brief, Candidate, Prose};
use snowguard_matching::verdict::Match;

use crate::closure::{Closure, PathIndex};
use crate::identify::{Identified, Known};
use crate::judge::{Affected, Judged, Scan};
use crate::software::{Dropped, Inventory};
use crate::suppress::{Decision, Subject, Suppression, Suppressions};

/// CVSS's qualitative severity rating.
///
/// Source: <https://www.first.org/cvss/v3.1/specification-document>, section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No score is known, or 0.0.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl Level {
    /// The level of a score.
    #[must_use]
    pub fn of(score: Option<f64>) -> Self {
        match score {
            Some(score) if score >= 9.0 => Self::Critical,
            Some(score) if score >= 7.0 => Self::High,
            Some(score) if score >= 4.0 => Self::Medium,
            Some(score) if score > 0.0 => Self::Low,
            _ => Self::None,
        }
    }

    /// In lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// An advisory and a piece of software.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// Verdict, tier and reasons.
    pub found: &'a Match,
    /// The software.
    pub software: &'a Identified,
    /// What a line about the advisory tells.
    pub brief: &'a Brief,
    /// What people read of the advisory, where the form tells it.
    pub prose: Option<&'a Prose>,
    /// The level of its score.
    pub level: Level,
    /// A shortest way from a root to one of the software's paths.
    pub why: Rc<[String]>,
}

impl Finding<'_> {
    /// Whether CISA lists it as exploited.
    #[must_use]
    pub fn is_exploited(&self) -> bool {
        self.brief.is_exploited
    }

    /// The advisory's title; empty where it has none.
    #[must_use]
    pub fn title(&self) -> &str {
        self.brief.title.as_deref().unwrap_or_default()
    }

    /// Highest base score of CVSS, 0.0 to 10.0.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        self.brief.score
    }

    /// Probability of exploitation within 30 days, 0.0 to 1.0.
    #[must_use]
    pub fn epss(&self) -> Option<f64> {
        self.brief.epss
    }

    /// Larger is more urgent: exploited, then severity, then probability.
    fn urgency(&self) -> (bool, u64, u64) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a score and a probability in thousandths"
        )]
        let thousandths = |value: Option<f64>| (value.unwrap_or_default().max(0.0) * 1e3) as u64;
        (
            self.is_exploited(),
            thousandths(self.score()),
            thousandths(self.epss()),
        )
    }
}

/// Everything that a report may tell.
#[derive(Debug)]
pub struct Report<'a> {
    /// Affected, in the tiers that are shown; most urgent first.
    pub findings: Vec<Finding<'a>>,
    /// Affected, and set aside by a rule.
    pub set_aside: Vec<(Finding<'a>, &'a Suppression)>,
    /// Rules that would set a finding aside, and whose time is over.
    pub expired: Vec<&'a Suppression>,
    /// Tied, and nobody can say whether this version is affected.
    pub unknown: usize,
    /// Affected by the version, mended by a patch or past the fix.
    pub fixed: usize,
    /// The software that was judged.
    pub inventory: &'a [Identified],
    /// Pieces of software that were judged.
    pub software: usize,
    /// Paths of the closure.
    pub paths: usize,
    /// How well the software is known, and how many pieces each.
    pub known: Vec<(Known, usize)>,
    /// What was left out, and how many paths each.
    pub dropped: Vec<(Dropped, usize)>,
    /// Serial of the advisory file.
    pub serial: u64,
    /// When the file was written, milliseconds since the Unix epoch.
    pub created: i64,
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The closure.
    pub closure: &'a Closure,
    /// What it holds.
    pub inventory: &'a Inventory,
    /// The software as judged.
    pub identified: &'a [Identified],
    /// The verdicts.
    pub scan: &'a Scan,
    /// The advisories' prose.
    pub prose: &'a FxHashMap<Candidate, Prose>,
    /// What was looked at and set aside.
    pub suppressions: &'a Suppressions,
    /// The day on which rules hold or not.
    pub today: Date,
}

impl<'a> Report<'a> {
    /// Puts the values together.
    #[must_use]
    pub fn new(material: &Material<'a>, file: &AdvisoryFile<'_>) -> Self {
        let ways = Ways::new(material.closure);
        let all = material
            .scan
            .findings()
            .filter_map(|(software, affected)| finding(material, &ways, software, affected));
        let (mut findings, mut set_aside, mut expired) = (Vec::new(), Vec::new(), Vec::new());
        for finding in all {
            match decision(material, &finding) {
                Decision::SetAside(rule) => set_aside.push((finding, rule)),
                Decision::Expired(rule) => {
                    if !expired.contains(&rule) {
                        expired.push(rule);
                    }
                    findings.push(finding);
                }
                Decision::Stands => findings.push(finding),
            }
        }
        findings.sort_by(|a, b| {
            (b.urgency().cmp(&a.urgency()))
                .then_with(|| a.software.software.name.cmp(&b.software.software.name))
                .then_with(|| b.found.advisory.cmp(&a.found.advisory))
        });
        let counted = |count: fn(&Judged) -> usize| material.scan.judged.iter().map(count).sum();
        Self {
            findings,
            set_aside,
            expired,
            unknown: counted(|judged| judged.unknown),
            fixed: counted(|judged| judged.fixed),
            inventory: material.identified,
            software: material.identified.len(),
            paths: material.closure.entries.len(),
            known: tally(material.identified.iter().map(|one| one.known)),
            dropped: tally(material.inventory.dropped.iter().map(|(_, reason)| *reason)),
            serial: file.header().serial,
            created: file.header().created,
        }
    }

    /// The highest level among the findings.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

/// What the rules say of a finding. They may name it by any of its ids.
fn decision<'a>(material: &Material<'a>, finding: &Finding<'a>) -> Decision<'a> {
    let ids: Vec<&str> = std::iter::once(finding.found.advisory.as_str())
        .chain(finding.brief.aliases.iter().map(String::as_str))
        .collect();
    let subject = Subject::of(finding.software, &ids);
    material.suppressions.decide(&subject, material.today)
}

fn finding<'a>(
    material: &Material<'a>,
    ways: &Ways<'_>,
    software: usize,
    affected: &'a Affected,
) -> Option<Finding<'a>> {
    let software = material.identified.get(software)?;
    Some(Finding {
        found: &affected.found,
        software,
        brief: &affected.brief,
        prose: material.prose.get(&affected.candidate),
        level: Level::of(affected.brief.score),
        why: ways.to(&software.software.paths),
    })
}

/// Shortest ways from the roots, each worked out once.
struct Ways<'a> {
    closure: &'a Closure,
    parents: Vec<Option<PathIndex>>,
    known: RefCell<FxHashMap<PathIndex, Rc<[String]>>>,
}

impl<'a> Ways<'a> {
    fn new(closure: &'a Closure) -> Self {
        Self {
            closure,
            parents: closure.parents(),
            known: RefCell::default(),
        }
    }

    /// A shortest way to one of some paths.
    fn to(&self, paths: &[PathIndex]) -> Rc<[String]> {
        let Some(first) = paths.first() else {
            return Rc::from([]);
        };
        let mut known = self.known.borrow_mut();
        let way = known.entry(*first).or_insert_with(|| {
            let ways = paths
                .iter()
                .map(|path| self.closure.why(&self.parents, *path));
            let shortest = ways.min_by_key(Vec::len).unwrap_or_default();
            shortest
                .into_iter()
                .map(|path| path.as_str().to_owned())
                .collect()
        });
        Rc::clone(way)
    }
}

fn tally<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_where_cvss_says() {
        for (score, level) in [
            (None, Level::None),
            (Some(0.0), Level::None),
            (Some(0.1), Level::Low),
            (Some(3.9), Level::Low),
            (Some(4.0), Level::Medium),
            (Some(6.9), Level::Medium),
            (Some(7.0), Level::High),
            (Some(8.9), Level::High),
            (Some(9.0), Level::Critical),
        ] {
            assert_eq!(Level::of(score), level, "{score:?}");
        }
    }
}
