//! Running programs that must not outlive the test.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program to its end; its output is shown only when it fails.
///
/// # Errors
/// When it can't be started or fails.
pub fn run(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    if !out.status.success() {
        bail!(
            "{name} failed ({}): {}{}",
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(out.stdout)
}

/// A command that the kernel ends when the thread that started it ends, however that comes about.
pub fn mortal(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]);
    command
}

/// A program that runs beside the test, and is ended with it.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}
