//! Packages × advisories → verdicts that explain themselves.
//!
//! Non-goals: no I/O, no database. The server and the scanner use this same crate.
//!
//! Entry types: [`package::Package`], [`verdict::Match`].

pub mod keys;
pub mod package;
pub mod verdict;
