//! The server's log: one JSON document a line, each with the digest of the line before.
//!
//! Lines are only ever appended, and a line is on disk before its signature leaves. Cutting lines
//! off the end is all that can be done without notice; keep the last digest elsewhere against that.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use snowguard_boot_format::digest::DigestAlgorithm;

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// It cannot be read or written.
    #[error("the log {path} cannot be used")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line was changed, taken out or put in.
    #[error("line {line} of the log {path} doesn't follow from the one before")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

/// What a line says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// When, RFC 3339.
    pub time: String,
    /// Who asked: a name of the policy, or a certificate's fingerprint.
    pub client: String,
    /// With which key.
    pub key: String,
    /// What for, with the image's digest or the variable's name.
    pub asked: String,
    /// SHA-256 of the message.
    pub message_sha256: String,
    /// Whether it was signed.
    pub signed: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of the line before, without its line end; zeros for the first.
    pub previous: String,
}

/// A log that is being written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    number: usize,
    previous: String,
}

impl Log {
    /// Opens or begins a log, after looking through what is in it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let (number, previous) = match path.exists() {
            true => check_log(path)?,
            false => (0, "0".repeat(64)),
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| LogError::Io {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            number,
            previous,
        })
    }

    /// Appends a line; it is on disk when this returns.
    ///
    /// # Errors
    /// [`LogError::Io`]; nothing may be signed then.
    pub fn append(&mut self, mut line: Line) -> Result<(), LogError> {
        line.number = self.number + 1;
        line.previous.clone_from(&self.previous);
        let failed = |source| LogError::Io {
            path: self.path.clone(),
            source,
        };
        let text = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
        self.file
            .write_all(format!("{text}\n").as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(failed)?;
        self.number = line.number;
        self.previous = DigestAlgorithm::Sha256
            .digest(&[text.as_bytes()])
            .to_string();
        Ok(())
    }
}

/// Looks through a log: how many lines it has, and the digest of the last.
///
/// # Errors
/// [`LogError::Broken`] for the first line that doesn't follow.
pub fn check_log(path: &Path) -> Result<(usize, String), LogError> {
    let failed = |source| LogError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let mut previous = "0".repeat(64);
    let mut number = 0;
    for text in BufReader::new(file).lines() {
        let text = text.map_err(failed)?;
        number += 1;
        let follows = serde_json::from_str::<Line>(&text)
            .is_ok_and(|line| line.number == number && line.previous == previous);
        if !follows {
            return Err(LogError::Broken {
                path: path.to_owned(),
                line: number,
            });
        }
        previous = DigestAlgorithm::Sha256
            .digest(&[text.as_bytes()])
            .to_string();
    }
    Ok((number, previous))
}
