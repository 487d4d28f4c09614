//! One integration binary (STYLE, rule 17).
// Helpers of tests panic as tests do; the allowance in clippy.toml reaches only `#[test]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod order;
mod sloppy;
mod versions;
