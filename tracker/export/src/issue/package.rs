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
    /// The first version that has the problem, where known; else all before the fix have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_in: Option<PackageVersion>,
    /// The commit of Nixpkgs, on this channel's branch, that brought the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_by: Option<CommitHash>,
    /// The commit of Nixpkgs, on this channel's branch, that fixed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_by: Option<CommitHash>,
    /// What is said of it.
    pub status: Status,
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
    /// It had the problem before this version.
    FixedInVersion {
        /// The first version without it.
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
