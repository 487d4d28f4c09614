//! The program as a user runs it, on inputs as Nix prints them.

mod commands;
mod inputs;
mod stage;
