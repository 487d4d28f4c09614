//! The id of an issue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::command::Refusal;

/// `NIXPKGS-YYYY-NNNN`; at least four digits, counted from 1 in each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssueId {
    year: u16,
    number: u32,
}

impl IssueId {
    /// The id of a year's nth issue; nothing outside of the years 1000 to 9999 and for number 0.
    #[must_use]
    pub fn new(year: u16, number: u32) -> Option<Self> {
        ((1000..=9999).contains(&year) && number > 0).then_some(Self { year, number })
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// The number within the year.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// Year and number in one: sorts as the ids do.
    #[must_use]
    pub fn packed(self) -> i64 {
        (i64::from(self.year) << 32) | i64::from(self.number)
    }

    /// The id of [`IssueId::packed`].
    #[must_use]
    pub fn unpack(packed: i64) -> Option<Self> {
        let year = u16::try_from(packed >> 32).ok()?;
        let number = u32::try_from(packed & 0xffff_ffff).ok()?;
        Self::new(year, number)
    }
}

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NIXPKGS-{:04}-{:04}", self.year, self.number)
    }
}

impl FromStr for IssueId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::IssueId(text.chars().take(40).collect());
        let (year, number) = text
            .strip_prefix("NIXPKGS-")
            .and_then(|rest| rest.split_once('-'))
            .ok_or_else(wrong)?;
        let id = year
            .parse()
            .ok()
            .zip(number.parse().ok())
            .and_then(|(year, number)| Self::new(year, number));
        // Only the one way of writing it: no plus, no other count of zeros.
        id.filter(|id| id.to_string() == text).ok_or_else(wrong)
    }
}

impl Serialize for IssueId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IssueId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_way_of_writing() {
        let id: IssueId = "NIXPKGS-2026-0042".parse().unwrap();
        assert_eq!(
            (id.year(), id.number(), id.to_string().as_str()),
            (2026, 42, "NIXPKGS-2026-0042")
        );
        assert_eq!(IssueId::unpack(id.packed()), Some(id));
        assert_eq!(
            "NIXPKGS-2026-12345".parse::<IssueId>().unwrap().number(),
            12345
        );
        for wrong in [
            "NIXPKGS-2026-42",
            "NIXPKGS-2026-00042",
            "NIXPKGS-2026-0000",
            "NIXPKGS-+026-0042",
            "nixpkgs-2026-0042",
            "NIXPKGS-2026",
            "NIXPKGS-2026-0042 ",
            "NIXPKGS-2026-9999999999",
        ] {
            assert!(wrong.parse::<IssueId>().is_err(), "{wrong}");
        }
    }
}
