//! Kinds of evidence, so that a run can be blinded to some of them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A kind of evidence that ties an advisory to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// `meta.identifiers` (CPE, possible CPEs, purls) that maintainers wrote.
    Identifiers,
    /// The purl2cpe table.
    Purl2cpe,
    /// Repology's renames.
    Repology,
    /// cve-bin-tool's checkers.
    CveBinTool,
    /// Repositories named by an advisory.
    Repositories,
    /// Vendor:product → repository pairs learned from all advisories.
    Learned,
    /// Names of packages in their ecosystem.
    Ecosystems,
    /// `CVE-…` in patch names and `knownVulnerabilities`.
    Mentions,
    /// Rules that people made ([`crate::rules`]).
    Rules,
}

impl Evidence {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Identifiers,
        Self::Purl2cpe,
        Self::Repology,
        Self::CveBinTool,
        Self::Repositories,
        Self::Learned,
        Self::Ecosystems,
        Self::Mentions,
        Self::Rules,
    ];

    /// As written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifiers => "identifiers",
            Self::Purl2cpe => "purl2cpe",
            Self::Repology => "repology",
            Self::CveBinTool => "cve-bin-tool",
            Self::Repositories => "repositories",
            Self::Learned => "learned",
            Self::Ecosystems => "ecosystems",
            Self::Mentions => "mentions",
            Self::Rules => "rules",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not a kind of evidence.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "no such kind of evidence: {0:?} (known: identifiers, purl2cpe, repology, cve-bin-tool, repositories, learned, ecosystems, mentions, rules)"
)]
pub struct UnknownEvidence(String);

impl FromStr for Evidence {
    type Err = UnknownEvidence;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownEvidence(text.to_owned()))
    }
}

/// The kinds of evidence that a run may use. All by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed(u16);

impl Default for Allowed {
    fn default() -> Self {
        Self::ALL
    }
}

impl Allowed {
    /// Every kind.
    pub const ALL: Self = Self(u16::MAX);

    /// All kinds but these.
    #[must_use]
    pub fn without(kinds: &[Evidence]) -> Self {
        kinds.iter().fold(Self::default(), |Self(bits), kind| {
            Self(bits & !(1 << *kind as u16))
        })
    }

    /// Whether a kind may be used.
    #[must_use]
    pub fn has(self, kind: Evidence) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blinding_removes_only_what_is_named() {
        let allowed = Allowed::without(&["identifiers".parse().unwrap(), Evidence::Purl2cpe]);
        assert!(!allowed.has(Evidence::Identifiers) && !allowed.has(Evidence::Purl2cpe));
        assert!(allowed.has(Evidence::Learned));
        assert!("identifier".parse::<Evidence>().is_err());
    }
}
