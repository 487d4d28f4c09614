//! Is this version affected? The algorithms of the CVE schema, of OSV and of CPE match ranges.
//!
//! [`status`] gives the status and what led to it: every entry that was looked at, in which
//! bounds, and where the version lies. It knows no version scheme; the caller brings a
//! [`VersionOrder`]. What can't be compared is never guessed: it stands in the decision as
//! undecidable, and a decision that it could have changed is [`Status::Unknown`].
//!
//! Source: CVE schema, `docs/versions.md`; OSV schema, "Evaluation".

mod bounds;
mod cpe;
mod cve;
mod osv;
pub mod pseudo;
pub mod sloppy;

use std::cmp::Ordering;

use crate::model::{Status, Versions};

pub use bounds::{Bounds, Edge};
pub use cpe::{applies, cpe_match};

/// Compares two versions of one product.
pub trait VersionOrder {
    /// How `a` stands to `b`; `None` when they can't be compared.
    fn compare(&self, a: &str, b: &str) -> Option<Ordering>;

    /// The same, under the name that a record gives the scheme (CVE `versionType`: `semver`,
    /// `python`, `custom` …). By default the name is passed over.
    fn compare_typed(&self, version_type: Option<&str>, a: &str, b: &str) -> Option<Ordering> {
        let _ = version_type;
        self.compare(a, b)
    }
}

/// The status of a version and what led to it. Borrows from the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusDecision<'a> {
    /// The status.
    pub status: Status,
    /// What it rests on.
    pub basis: Basis,
    /// Everything that was looked at, in the order of the record.
    pub considered: Vec<Considered<'a>>,
    /// For an affected version: the next version that is known not to be.
    pub fixed_in: Option<&'a str>,
}

/// What a status rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// An entry or range in which the version lies: an index into `considered`.
    Entry(usize),
    /// No entry matched: CVE `defaultStatus`, or for OSV and CPE "outside of all ranges".
    Default,
    /// No entry matched, but one that could have matched can't be decided.
    Undecidable,
    /// There are only ranges of commits, which a release number can't be compared with.
    CommitsOnly,
    /// The record says nothing about versions.
    Nothing,
}

/// One entry, range or CPE match that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered<'a> {
    /// Where it stands in the record.
    pub at: At,
    /// What it says about versions inside (after its `changes`, where the version is inside).
    pub status: Status,
    /// Its bounds.
    pub bounds: Bounds<'a>,
    /// Where the version lies.
    pub position: Position,
    /// Whether the bounds were read out of free text (`1.2 and earlier`).
    pub inferred: bool,
}

/// Where in an `affected` something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Index in `versions` (CVE entries or OSV's enumeration).
    Version(usize),
    /// Index in OSV `ranges`.
    Range(usize),
    /// Index in `custom_ranges` of Go's database.
    Custom(usize),
    /// The CPE match itself.
    Match,
}

/// Where a version lies relative to bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Below the lower bound.
    Before,
    /// Inside.
    Inside,
    /// Above the upper bound.
    After,
    /// Beside: neither equal to the only version nor clearly on one side.
    Elsewhere,
    /// It can't be said, and why.
    Undecidable(&'static str),
}

impl At {
    /// JSON pointer, relative to the `affected` entry.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::Version(index) => format!("/versions/{index}"),
            Self::Range(index) => format!("/ranges/{index}"),
            Self::Custom(index) => format!("/ecosystem_specific/custom_ranges/{index}"),
            Self::Match => String::new(),
        }
    }
}

impl<'a> StatusDecision<'a> {
    /// The entry that decided.
    #[must_use]
    pub fn decided(&self) -> Option<&Considered<'a>> {
        match self.basis {
            Basis::Entry(index) => self.considered.get(index),
            _ => None,
        }
    }

    /// An affected range that the version has left behind: what "fixed" rests on, where the
    /// version is not affected.
    #[must_use]
    pub fn left_behind(&self) -> Option<&Considered<'a>> {
        let passed = |entry: &&Considered<'a>| {
            entry.status == Status::Affected && entry.position == Position::After
        };
        self.considered.iter().rev().find(passed)
    }

    /// Whether the status rests on bounds that were read out of free text.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        match self.decided() {
            Some(entry) => entry.inferred,
            None => self.considered.iter().any(|entry| entry.inferred),
        }
    }
}

/// The status of `version` according to one `affected` entry.
///
/// Cost: linear in the entries; for an affected version, quadratic to find `fixed_in`.
#[must_use]
pub fn status<'a>(
    versions: &'a Versions,
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    match versions {
        Versions::Cve { default, entries } => cve::status(*default, entries, version, order),
        Versions::Osv { ranges, versions } => osv::status(ranges, versions, version, order),
    }
}

/// The same without [`StatusDecision::fixed_in`], which costs more than all else.
///
/// Cost: linear in the entries.
#[must_use]
pub fn status_alone<'a>(
    versions: &'a Versions,
    version: &str,
    order: &dyn VersionOrder,
) -> StatusDecision<'a> {
    match versions {
        Versions::Cve { default, entries } => cve::decide(*default, entries, version, order),
        Versions::Osv { ranges, versions } => osv::status(ranges, versions, version, order),
    }
}
