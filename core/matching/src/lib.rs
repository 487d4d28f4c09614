//! Packages × advisories → verdicts that explain themselves.
//!
//! Purpose: decide for an advisory and a package whether they speak of the same software
//! ([`tie`]), and if so what the advisory says of the package's version.
//!
//! Non-goals: no I/O, no database, no clock. The server and the scanner use this same crate.
//!
//! Entry types: [`package::Package`], [`verdict::Match`], [`knowledge::Knowledge`],
//! [`index::PackageIndex`].

pub mod advisory_facts;
pub mod baseline;
pub mod decide;
pub mod ecosystem;
pub mod evidence;
pub mod fan_out;
pub mod group;
pub mod index;
pub mod judge;
pub mod keys;
pub mod knowledge;
pub mod mention;
pub mod names;
pub mod order;
pub mod package;
pub mod package_facts;
pub mod ranges;
pub mod repository;
pub mod rules;
pub mod scope;
pub mod score;
pub mod tie;
pub mod truth;
pub mod verdict;
mod wording;
