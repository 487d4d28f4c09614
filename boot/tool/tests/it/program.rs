//! Running the program with a scrubbed environment.

use std::process::{Command, Output};

/// `snowguard-boot` with nothing inherited but what is given.
pub fn boot(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_snowguard-boot"))
        .args(arguments)
        .env_clear()
        .output()
        .expect("the program starts")
}

/// What it printed to standard error.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
