//! The ladder climbed for real, and held against its checkers and against the tools of others.

// Tests may unwrap: what fails is the test.
#![allow(clippy::unwrap_used)]

mod c2;
mod climbed;
mod damage;
mod foreign;
mod instructions;
mod languages;
mod runner;
mod seed;
mod small_c;
mod tcc;
mod tools;
