//! What one closure has and another has not.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{Finding, Level, Report};

/// A finding that is on one side alone, and what happened to its package.
#[derive(Debug)]
pub struct Change<'a> {
    /// The finding.
    pub finding: &'a Finding<'a>,
    /// The package's versions on the other side; empty where it is not there.
    pub other_versions: Vec<&'a str>,
}

/// A package whose versions differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved<'a> {
    /// `pname`.
    pub package: &'a str,
    /// Versions in the old closure; empty for a package that comes.
    pub old: Vec<&'a str>,
    /// Versions in the new closure; empty for a package that goes.
    pub new: Vec<&'a str>,
}

/// Two reports, compared.
#[derive(Debug)]
pub struct Difference<'a> {
    /// In the old closure and not in the new; most urgent first.
    pub fixed: Vec<Change<'a>>,
    /// In the new closure and not in the old; most urgent first.
    pub brought: Vec<Change<'a>>,
    /// In both.
    pub remaining: usize,
    /// Packages of findings whose versions differ.
    pub moved: Vec<Moved<'a>>,
}

type Versions<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

impl<'a> Difference<'a> {
    /// Compares. A finding is the same where advisory and package are, whatever the version.
    #[must_use]
    pub fn of(old: &'a Report<'a>, new: &'a Report<'a>) -> Self {
        let (old_versions, new_versions) = (versions(old), versions(new));
        let (old_keys, new_keys) = (keys(old), keys(new));
        let alone =
            |report: &'a Report<'a>, others: &BTreeSet<(&str, &str)>, versions: &Versions<'a>| {
                let mut seen = BTreeSet::new();
                let findings = report.findings.iter();
                findings
                    .filter(|finding| !others.contains(&key(finding)) && seen.insert(key(finding)))
                    .map(|finding| Change {
                        finding,
                        other_versions: versions
                            .get(finding.software.software.pname.as_str())
                            .map(|versions| versions.iter().copied().collect())
                            .unwrap_or_default(),
                    })
                    .collect()
            };
        let fixed: Vec<Change<'a>> = alone(old, &new_keys, &new_versions);
        let brought: Vec<Change<'a>> = alone(new, &old_keys, &old_versions);
        let names: BTreeSet<&str> = old_versions
            .keys()
            .chain(new_versions.keys())
            .copied()
            .collect();
        let list = |versions: &Versions<'a>, name: &str| -> Vec<&'a str> {
            versions
                .get(name)
                .map(|all| all.iter().copied().collect())
                .unwrap_or_default()
        };
        let moved = names
            .into_iter()
            .map(|package| Moved {
                package,
                old: list(&old_versions, package),
                new: list(&new_versions, package),
            })
            .filter(|moved| moved.old != moved.new)
            .collect();
        Self {
            remaining: old_keys.intersection(&new_keys).count(),
            fixed,
            brought,
            moved,
        }
    }

    /// The highest level among what is brought.
    #[must_use]
    pub fn worst_brought(&self) -> Option<Level> {
        self.brought.iter().map(|change| change.finding.level).max()
    }
}

fn key<'a>(finding: &Finding<'a>) -> (&'a str, &'a str) {
    (
        finding.found.advisory.as_str(),
        finding.software.software.pname.as_str(),
    )
}

fn keys<'a>(report: &Report<'a>) -> BTreeSet<(&'a str, &'a str)> {
    report.findings.iter().map(key).collect()
}

fn versions<'a>(report: &Report<'a>) -> Versions<'a> {
    let mut versions: Versions<'a> = BTreeMap::new();
    for one in report.inventory {
        let software = &one.software;
        versions
            .entry(software.pname.as_str())
            .or_default()
            .insert(software.version.as_str());
    }
    versions
}
