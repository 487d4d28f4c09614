//! Documents as others read them, and what they make of hostile input.

#![allow(clippy::unwrap_used, reason = "a test ends at the first failure")]
#![allow(clippy::print_stdout, reason = "a test says what it leaves out")]

mod atom;
mod csaf;
mod cursors;
mod cyclonedx;
mod hostile;
mod input;
mod openvex;
mod osv;
mod sample;
mod signatures;
mod streams;
mod validators;
