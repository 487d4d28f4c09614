//! One contract over both databases, and what is particular to each.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it leaves out by printing"
)]

mod backend;
mod care;
mod crash;
mod delivery;
mod delta;
mod exposure;
mod lookup;
mod migrations;
mod packages;
mod people;
mod records;
mod sample;
#[cfg(unix)]
mod tls;
mod triage;
mod undo;
mod verdicts;
