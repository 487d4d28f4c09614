//! Documents as others read them, and what they make of hostile input.

#![allow(clippy::unwrap_used, reason = "a test ends at the first failure")]

mod cursors;
mod input;
mod osv;
mod sample;
