//! The program and the library from outside.

mod graph;
mod ladder;
