//! The program as a user runs it, on inputs as Nix prints them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it leaves out by printing"
)]

mod bad_input;
mod bills;
mod caching;
mod commands;
mod confinement;
mod differences;
mod flakes;
mod formats;
mod https;
mod inputs;
mod journal;
mod nix_database;
mod stage;
mod terminals;
mod units;
mod updates;
mod validators;
mod watching;
mod whole;
