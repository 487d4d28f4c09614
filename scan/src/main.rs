//! `snowguard-scan`: the scanner's command line.

mod cli;

use std::process::ExitCode;

/// Reading and judging allocate a great deal; a faster allocator is a quarter of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
