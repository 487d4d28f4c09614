//! What boots, what is refused, and what is measured: by real firmware, with a real kernel.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say what they expect by panicking, and show what they saw by printing"
)]

mod vm;

#[path = "../../../signer/tests/it/image.rs"]
mod image;
