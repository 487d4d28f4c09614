//! How a command ended, and the exit code that tells it.

use std::fmt;
use std::process::ExitCode;

/// A command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or all is as it should be.
    Good,
    /// Checked and found wanting; the output says what.
    Wanting,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Wanting => Self::from(1),
        }
    }
}

/// What kind of failure an error is. Put into the chain with `anyhow::Context::context`; the
/// outermost decides. An error without one is about an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Arguments that contradict one another.
    Usage,
    /// Something that could not be signed or written.
    Effect,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usage => "the arguments cannot be used together",
            Self::Effect => "the work could not be done",
        })
    }
}

impl std::error::Error for Failure {}

/// The exit code for an error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(match error.downcast_ref::<Failure>() {
        Some(Failure::Usage) => 2,
        Some(Failure::Effect) => 4,
        None => 3,
    })
}
