//! The program and the library from outside.

mod build;
mod chain;
mod graph;
mod ladder;
mod sources;
mod store;
mod trust;
mod world;
