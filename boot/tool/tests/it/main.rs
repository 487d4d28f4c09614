//! The program as a user runs it, beside other programs on the same files.

mod elsewhere;
mod events;
mod inspect;
mod install;
mod kept;
mod keys;
mod nix;
mod offline;
mod policy;
mod preflight;
mod program;
mod signing;
mod uki;
mod vm;

#[path = "../../../format/tests/it/image.rs"]
mod image;
#[path = "../../../signer/tests/it/tools.rs"]
mod tools;
