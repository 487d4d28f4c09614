//! How a command ended, and the exit code for it.

use std::process::ExitCode;

use anyhow::Result;
use snowguard_tracker_db::DbError;
use snowguard_tracker_ingest::IngestError;

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// Something was left undone, or there is something to look at.
    Findings,
}

const FINDINGS: u8 = 1;
const USAGE: u8 = 2;
const INPUT: u8 = 3;
const DATABASE: u8 = 4;

/// The exit code; an error is printed.
pub fn code(outcome: Result<Outcome>) -> ExitCode {
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => FINDINGS.into(),
        Err(error) => {
            eprintln!("error: {}", said_once(&error));
            of(&error).into()
        }
    }
}

fn of(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<DbError>() {
            return DATABASE;
        }
        match cause.downcast_ref::<IngestError>() {
            Some(IngestError::Db(_)) => return DATABASE,
            Some(IngestError::Usage(_)) => return USAGE,
            Some(IngestError::Interrupted) => return FINDINGS,
            Some(_) => return INPUT,
            None => {}
        }
        // A pipe that was closed early (`| head`) is not a failure of anything.
        let io = cause.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
            return 0;
        }
    }
    INPUT
}

/// The chain of causes, without repeating what an error already quotes of its cause.
fn said_once(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let next = cause.to_string();
        if text.contains(&next) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&next);
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn codes_follow_what_went_wrong() {
        let database = anyhow::Error::from(IngestError::Db(DbError::Full("x".into())));
        assert_eq!(of(&database.context("loading")), DATABASE);
        assert_eq!(
            of(&anyhow::Error::from(IngestError::Usage("x".into()))),
            USAGE
        );
        assert_eq!(of(&anyhow::Error::from(IngestError::Interrupted)), FINDINGS);
        assert_eq!(of(&anyhow!("anything else")), INPUT);
    }

    #[test]
    fn causes_are_not_said_twice() {
        let inner = std::io::Error::other("no space");
        let error = anyhow::Error::from(IngestError::File {
            path: "/x".into(),
            source: inner,
        });
        assert_eq!(
            said_once(&error.context("loading")),
            "loading: cannot read /x: no space"
        );
    }
}
