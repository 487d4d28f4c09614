//! The program as a user runs it, on inputs as Nix prints them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it leaves out by printing"
)]

mod commands;
mod formats;
mod inputs;
mod nix_database;
mod stage;
