//! One integration binary (STYLE, rule 17).
// Helpers of tests panic as tests do; the allowance in clippy.toml reaches only `#[test]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cpe;
mod cvss;
mod golden;
mod hostile;
mod order;
mod purl;
mod sloppy;
mod versions;
