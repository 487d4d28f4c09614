//! Ids of issues, advisories, weaknesses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::InputError;

/// The id of an issue: `NIXPKGS-2026-0001`.
///
/// Four digits of a year, then a number from 1 with at least four digits. Ordered by year, then by
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssueId {
    year: u16,
    number: u32,
}

impl IssueId {
    const EXPECTED: &str = "an issue's id (NIXPKGS-YYYY-NNNN)";

    /// The id of the `number`th issue of a year.
    ///
    /// # Errors
    /// [`InputError::Form`] for years outside of 1970 to 9999 and for the number 0.
    pub fn new(year: u16, number: u32) -> Result<Self, InputError> {
        if !(1970..=9999).contains(&year) || number == 0 {
            let found = format!("NIXPKGS-{year}-{number}");
            return Err(InputError::form(&found, Self::EXPECTED));
        }
        Ok(Self { year, number })
    }

    /// The year that it names.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Its number within the year, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }
}

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NIXPKGS-{}-{:04}", self.year, self.number)
    }
}

impl FromStr for IssueId {
    type Err = InputError;

    /// Reads the canonical form alone, so that an issue has one name.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let refused = || InputError::form(text, Self::EXPECTED);
        let rest = text.strip_prefix("NIXPKGS-").ok_or_else(refused)?;
        let (year, number) = rest.split_once('-').ok_or_else(refused)?;
        let year = year.parse().map_err(|_| refused())?;
        let number = number.parse().map_err(|_| refused())?;
        let id = Self::new(year, number)?;
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(refused())
        }
    }
}

impl TryFrom<String> for IssueId {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        text.parse()
    }
}

impl From<IssueId> for String {
    fn from(id: IssueId) -> Self {
        id.to_string()
    }
}

/// The id of an advisory in its own database: `CVE-2024-3094`, `GHSA-vp9c-fpxx-744v`, `RUSTSEC-2024-0001`.
///
/// 1 to 128 letters, digits, `-`, `_`, `.`, `:`, `+`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AdvisoryId(String);

impl AdvisoryId {
    /// Takes an id.
    ///
    /// # Errors
    /// [`InputError::Form`] for anything that cannot be one.
    pub fn new(text: impl Into<String>) -> Result<Self, InputError> {
        let text = text.into();
        if snowguard_advisory::ids::is_plain_id(&text) {
            Ok(Self(text))
        } else {
            Err(InputError::form(&text, "an advisory's id"))
        }
    }

    /// As its database writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a CVE's.
    #[must_use]
    pub fn is_cve(&self) -> bool {
        snowguard_advisory::ids::is_cve(&self.0)
    }

    /// The name of its database for people: `CVE`, `GitHub Security Advisories`, else what stands before
    /// its first `-`.
    #[must_use]
    pub fn database(&self) -> &str {
        match self.0.split_once('-') {
            Some(("GHSA", _)) => "GitHub Security Advisories",
            Some((prefix, _)) if !prefix.is_empty() => prefix,
            _ => "Advisory",
        }
    }
}

impl fmt::Display for AdvisoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AdvisoryId {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        Self::new(text)
    }
}

impl From<AdvisoryId> for String {
    fn from(id: AdvisoryId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_one_name() {
        for text in [
            "NIXPKGS-2026-0001",
            "NIXPKGS-2026-9999",
            "NIXPKGS-2026-10000",
        ] {
            assert_eq!(text.parse::<IssueId>().unwrap().to_string(), text);
        }
        for text in [
            "NIXPKGS-2026-1",
            "NIXPKGS-2026-00001",
            "NIXPKGS-2026-0000",
            "NIXPKGS-1969-0001",
            "NIXPKGS-+2026-0001",
            "NIXPKGS-2026-+001",
            "NIXPKGS-2026-4294967296",
            "nixpkgs-2026-0001",
            "NIXPKGS-2026-0001 ",
            "NIXPKGS-2026",
            "../../etc/passwd",
            "",
        ] {
            assert!(text.parse::<IssueId>().is_err(), "{text}");
        }
    }

    #[test]
    fn issues_are_ordered_by_year_then_number() {
        let id = |text: &str| text.parse::<IssueId>().unwrap();
        assert!(id("NIXPKGS-2026-9999") < id("NIXPKGS-2026-10000"));
        assert!(id("NIXPKGS-2025-10000") < id("NIXPKGS-2026-0001"));
    }

    #[test]
    fn databases_are_named() {
        let database = |text: &str| AdvisoryId::new(text).unwrap().database().to_owned();
        assert_eq!(database("CVE-2024-3094"), "CVE");
        assert_eq!(
            database("GHSA-vp9c-fpxx-744v"),
            "GitHub Security Advisories"
        );
        assert_eq!(database("1234"), "Advisory");
        assert!(AdvisoryId::new("CVE-1 <b>").is_err());
    }
}
