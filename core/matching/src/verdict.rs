//! What the matcher says about an advisory and a package, and why.

use serde::{Deserialize, Serialize};

/// The verdict; VEX's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The package's version is in an affected range and nothing says it is mended.
    Affected,
    /// The two are tied, and the version cannot be decided.
    Unknown,
    /// The package carries a patch for this advisory, or its version is at or past the fix.
    Fixed,
    /// The package's version was never in an affected range.
    NotAffected,
}

impl Verdict {
    /// As written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Unknown => "unknown",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
        }
    }
}

/// How sure the tie between advisory and package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// An identifier or a source repository ties the two.
    High,
    /// Name and further evidence agree.
    Medium,
    /// A name alone; not shown by default.
    Low,
}

/// A reason: a code that a machine can read, and the values it speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code, e.g. `name_equal`, `repo_equal`, `range_affected`, `patch_named`.
    pub code: String,
    /// Which way it speaks.
    pub weight: Weight,
    /// A sentence for a person, in plain text (escape it where it is shown).
    pub text: String,
    /// Where in the advisory: record id and JSON pointer, e.g. `CVE-2024-1#/containers/cna/affected/0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Which way a reason speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Ties the two together.
    Tie,
    /// Speaks against the tie.
    Against,
    /// Decided the verdict.
    Decides,
    /// Worth knowing.
    Note,
}

/// An advisory × a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Advisory id (CVE id where there is one).
    pub advisory: String,
    /// Attribute path.
    pub attr: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How sure the tie is.
    pub tier: Tier,
    /// The attribute under which this match is offered, where the package is one of several built
    /// from the same source in the same version ([`crate::group`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    /// The first version outside of the range, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    /// Why.
    pub reasons: Vec<Reason>,
}
