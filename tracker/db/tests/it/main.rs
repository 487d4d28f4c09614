//! One contract over both databases, and what is particular to each.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

mod backend;
mod lookup;
mod packages;
mod records;
mod sample;
mod verdicts;
