//! The program as a user runs it, beside other programs on the same files.

mod elsewhere;
mod events;
mod inspect;
mod install;
mod keys;
mod nix;
mod offline;
mod preflight;
mod program;
mod signing;
mod tools;
mod uki;

#[path = "../../../format/tests/it/image.rs"]
mod image;
