//! A whole process, measured from outside: time, and the most memory it held.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often the memory is looked at. Linux keeps the high-water mark itself, so that only growth
/// in the last moment before the end can be missed.
const LOOK: Duration = Duration::from_millis(5);

/// What a process took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// From its start to its end.
    pub wall: Duration,
    /// The most resident memory, in bytes; 0 where the system doesn't tell.
    pub peak: u64,
    /// Its standard output.
    pub stdout: String,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or fails, with what it wrote to standard error.
pub fn run(command: &mut Command) -> Result<Measured> {
    let shown = format!("{command:?}");
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {shown}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    // Both streams are drained elsewhere, so that a full pipe cannot hold the process up.
    let (output, peak, wall) = std::thread::scope(|scope| -> Result<(Output, u64, Duration)> {
        let mut out = child.stdout.take().context("no standard output")?;
        let mut err = child.stderr.take().context("no standard error")?;
        let out = scope.spawn(move || drain(&mut out));
        let err = scope.spawn(move || drain(&mut err));
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait().context("cannot wait")? {
                break status;
            }
            peak = peak.max(high_water(&status_file));
            std::thread::sleep(LOOK);
        };
        let wall = started.elapsed();
        let stdout = out.join().unwrap_or_default();
        let stderr = err.join().unwrap_or_default();
        Ok((
            Output {
                status,
                stdout,
                stderr,
            },
            peak,
            wall,
        ))
    })?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} failed ({}):\n{}", output.status, told.trim_end());
    }
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Measured { wall, peak, stdout })
}

fn drain(stream: &mut impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    let _read = stream.read_to_end(&mut bytes);
    bytes
}

/// `VmHWM` of `/proc/<pid>/status`, in bytes.
fn high_water(status_file: &str) -> u64 {
    std::fs::read_to_string(status_file).map_or(0, |status| parse_high_water(&status))
}

fn parse_high_water(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|kib| kib.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_output_of_a_process_are_seen() {
        let script = "head -c 1000 /dev/zero | tr '\\0' x; sleep 0.05";
        let measured = run(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(measured.stdout.len(), 1000);
        assert!(measured.peak > 0);
    }

    #[test]
    fn a_failure_tells_what_the_process_said() {
        let error = run(Command::new("sh").args(["-c", "echo no room >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("no room"), "{error}");
    }

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(
            parse_high_water("Name:\tx\nVmHWM:\t  1536 kB\nVmRSS:\t1 kB\n"),
            1536 * 1024
        );
        assert_eq!(parse_high_water("Name:\tx\n"), 0);
    }
}
