//! Exit codes: a contract.

use std::process::ExitCode;

use snowguard_scan::database::DatabaseError;
use snowguard_scan::update::UpdateError;

/// Shown by `--help`.
pub const CODES: &str = "\
Exit codes:
  0  clean, or nothing at or above --fail-on
  1  findings at or above --fail-on
  2  the command line was not understood
  3  the input could not be read
  4  the advisory file is missing, too old, or not signed by a trusted key";

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that was asked to fail on.
    Clean,
    /// Something at or above the bar.
    Findings,
}

/// The advisory file is older than asked for.
#[derive(Debug, thiserror::Error)]
#[error("the advisory file is {age} days old, and --max-age allows {allowed}; update it")]
pub struct TooOld {
    /// Days.
    pub age: i64,
    /// Days.
    pub allowed: u32,
}

/// An error with its causes. Some tell their cause themselves: it is not told twice.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

/// The exit code; an error is printed.
pub fn code(outcome: anyhow::Result<Outcome>) -> ExitCode {
    let error = match outcome {
        Ok(Outcome::Clean) => return ExitCode::SUCCESS,
        Ok(Outcome::Findings) => return 1.into(),
        Err(error) => error,
    };
    let is = |error: &anyhow::Error| {
        error.chain().any(|cause| {
            cause.is::<DatabaseError>()
                || cause.is::<UpdateError>()
                || cause.is::<TooOld>()
                || cause.is::<snowguard_advisory_file::AdvisoryFileError>()
                || cause.is::<snowguard_advisory_file::KeyError>()
                || cause.is::<super::trust::NoTrust>()
        })
    };
    // A pipe that was closed early (`| head`) is not a failure of anything.
    if error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    }) {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {}", sentence(&error));
    if is(&error) { 4.into() } else { 3.into() }
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::anyhow!("no such file").context("reading a: no such file");
        let error = error.context("the advisories");
        assert_eq!(sentence(&error), "the advisories: reading a: no such file");
    }
}
