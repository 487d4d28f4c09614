//! `snowguard bootstrap`: a graph of steps from a seed to a compiler, each run with only what it
//! declares, and everything counted that has to be believed.
//!
//! Non-goals: what the rungs are (that is data, `bootstrap/chain` and `bootstrap/ladder`), and how
//! a process is locked in (`bootstrap/sandbox`).
//!
//! Entry types: [`graph::load`] and [`graph::Graph`]; [`build::Build`]; [`store::Store`];
//! [`runner::Plan`], which `snowguard-step` runs.
//!
//! Source of the format of step files: `docs/bootstrap-steps.md`.

pub mod audit;
pub mod build;
pub mod difference;
pub mod export;
pub mod graph;
pub mod provenance;
pub mod runner;
pub mod sources;
pub mod store;
