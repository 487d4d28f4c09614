//! The file as a whole: what is written is read back, and nothing else is.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

mod damage;
mod sample;
mod whole;
