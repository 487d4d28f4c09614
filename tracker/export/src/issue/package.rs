//! Which packages of which channels, and how each fares.

use serde::{Deserialize, Serialize};

use super::names::{
    AttributePath, BranchName, ChannelName, CommitHash, CpeName, PackageName, PackageVersion,
};

/// A package that an issue speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Where it stands in Nixpkgs. At most one entry for each in an issue.
    pub attribute: AttributePath,
    /// Its `pname`.
    pub name: PackageName,
    /// Its CPE names, where known, without regard to channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<CpeName>,
    /// How it fares in each channel. At most one entry for each.
    pub channels: Vec<ChannelStatus>,
}

/// How a package fares in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelStatus {
    /// The channel's name.
    pub channel: ChannelName,
    /// The branch that it follows.
    pub branch: BranchName,
    /// The version that it has there now, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<PackageVersion>,
    /// The commit of Nixpkgs that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<CommitHash>,
    /// Versions that the channel had, or has, with the problem, each by its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected_versions: Vec<PackageVersion>,
    /// Versions that have the problem, as far as it is known where they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected_ranges: Vec<VersionRange>,
    /// The commit of Nixpkgs, on this channel's branch, that brought the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_by: Option<CommitHash>,
    /// The commit of Nixpkgs, on this channel's branch, that fixed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_by: Option<CommitHash>,
    /// What is said of it.
    pub status: Status,
}

/// Versions that have the problem, in the order of `builtins.compareVersions`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionRange {
    /// The first of them; nothing: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PackageVersion>,
    /// Where they end.
    #[serde(flatten)]
    pub end: RangeEnd,
}

/// Where a range ends. A range without a known end is none: it would call versions of the future affected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeEnd {
    /// The first version without the problem.
    Before(PackageVersion),
    /// The last version with it.
    Through(PackageVersion),
}

impl VersionRange {
    /// Whether a version is in it.
    #[must_use]
    pub fn holds(&self, version: &PackageVersion) -> bool {
        let compare = |a: &PackageVersion, b: &PackageVersion| {
            snowguard_nix_formats::compare_versions(a.as_str(), b.as_str())
        };
        let above = self
            .from
            .as_ref()
            .is_none_or(|from| compare(version, from).is_ge());
        above
            && match &self.end {
                RangeEnd::Before(end) => compare(version, end).is_lt(),
                RangeEnd::Through(end) => compare(version, end).is_le(),
            }
    }

    /// In the language `vers` that goes with package URLs.
    pub(crate) fn vers(&self) -> String {
        let mut text = String::from("vers:generic/");
        if let Some(from) = &self.from {
            text.push_str(">=");
            text.push_str(&crate::purl::vers(from));
            text.push('|');
        }
        let (sign, end) = match &self.end {
            RangeEnd::Before(end) => ("<", end),
            RangeEnd::Through(end) => ("<=", end),
        };
        text.push_str(sign);
        text.push_str(&crate::purl::vers(end));
        text
    }
}

impl ChannelStatus {
    /// What is said of versions in so many words, held against what is said of the channel's own version: ranges
    /// that contradict it are not told, and neither is one that holds no version.
    #[must_use]
    pub fn affected(&self) -> Affected<'_> {
        // The version without the problem that is known for certain.
        let (fixed, is_affected) = match &self.status {
            Status::Affected { .. } | Status::WontFix { .. } => (None, true),
            Status::FixedInVersion { version } => (Some(version), false),
            // The version has the problem, but for the patch.
            Status::FixedByPatch { .. } => (self.version.as_ref(), false),
            Status::NotAffected { .. } | Status::UnderInvestigation => return Affected::default(),
        };
        let contradicts = |range: &VersionRange| {
            fixed.is_some_and(|fixed| range.holds(fixed))
                || range.from.as_ref().is_some_and(|from| !range.holds(from))
        };
        let mut ranges: Vec<&VersionRange> = self.affected_ranges.iter().collect();
        if ranges.iter().any(|range| contradicts(range)) {
            ranges.clear();
        }
        ranges.sort();
        ranges.dedup();
        let own = self.version.as_ref().filter(|_| is_affected);
        let mut versions: Vec<&PackageVersion> = Vec::new();
        for version in self.affected_versions.iter().chain(own) {
            if Some(version) != fixed && !versions.contains(&version) {
                versions.push(version);
            }
        }
        Affected { ranges, versions }
    }
}

/// Versions that are said to have the problem: those in a range, and those that are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected<'a> {
    /// Ranges, each once.
    pub ranges: Vec<&'a VersionRange>,
    /// Versions, each once; they may be in a range too.
    pub versions: Vec<&'a PackageVersion>,
}

impl Affected<'_> {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.versions.is_empty()
    }

    /// Versions that no range holds.
    pub(crate) fn beside(&self) -> impl Iterator<Item = &PackageVersion> {
        let versions = self.versions.iter().copied();
        versions.filter(|version| !self.ranges.iter().any(|range| range.holds(version)))
    }
}

/// What is said of a package in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Status {
    /// It has the problem, and no fix has come.
    Affected {
        /// What one can do meanwhile, in plain text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workaround: Option<String>,
    },
    /// The channel has come to a version without the problem.
    FixedInVersion {
        /// That version; an earlier one, which the channel never had, may have been the first without it.
        version: PackageVersion,
    },
    /// It had the problem; Nixpkgs applies patches to a version that has it otherwise.
    FixedByPatch {
        /// File names of the patches, at least one.
        patches: Vec<String>,
    },
    /// It doesn't have the problem.
    NotAffected {
        /// VEX's reason, where one fits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        justification: Option<Justification>,
        /// Why, in plain text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
    /// Nobody has found out yet.
    UnderInvestigation,
    /// It has the problem, and it won't be fixed in this channel.
    WontFix {
        /// Why, in plain text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Why a product is not affected.
///
/// Source: CISA, "Vulnerability Exploitability eXchange (VEX): Status Justifications", 2022.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// What has the problem isn't part of it.
    ComponentNotPresent,
    /// The part is there, without the code that has the problem.
    VulnerableCodeNotPresent,
    /// The code is there, and nothing runs it.
    VulnerableCodeNotInExecutePath,
    /// The code runs, and an attacker has no way to it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something built in stops the attack.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// The label that CSAF and OpenVEX use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }
}
