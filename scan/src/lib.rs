//! `snowguard scan`: which advisories affect this machine, answered offline.
//!
//! Purpose: read a closure (from the Nix database, or from what Nix prints), find the software in
//! it, and let [`snowguard_matching`] judge it against the advisories of one signed file, exactly
//! as the tracker does.
//!
//! Non-goals: no evaluation, no building, no network but for fetching the file.
//!
//! Entry types: [`closure::Closure`], [`software::Inventory`], [`judge::Scan`].

pub mod cache;
pub mod closure;
pub mod confine;
pub mod cpe_names;
pub mod database;
pub mod difference;
pub mod explain;
pub mod identify;
pub mod input;
pub mod judge;
pub mod parallel;
pub mod progress;
pub mod recipe;
pub mod report;
pub mod roots;
pub mod software;
pub mod suppress;
pub mod update;
pub mod watch;
