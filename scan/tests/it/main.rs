//! The program as a user runs it, on inputs as Nix prints them.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

mod commands;
mod inputs;
mod stage;
