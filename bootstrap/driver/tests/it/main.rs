//! The program and the library from outside.

mod archive;
mod build;
mod chain;
mod graph;
mod ladder;
mod nix;
mod sources;
mod store;
mod trust;
mod world;
