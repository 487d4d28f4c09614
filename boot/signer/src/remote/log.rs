//! The server's log: one JSON document a line, each with the digest of the line before.
//!
//! Lines are only ever appended, and a line is on disk before its signature leaves. Cutting lines
//! off the end is all that can be done without notice; keep the last digest elsewhere against that.

use std::fs::{File, OpenOptions, TryLockError};
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
    /// Another server writes it.
    #[error("the log {path} is being written by another server; each needs its own")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Its last line is not whole, as a power cut or a full disk leaves it. No signature left for it.
    #[error(
        "the log {path} ends in half a line at byte {offset}, as after a power cut; nothing was signed for it: \
         `truncate -s {offset}` cuts it off"
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// Where the half line begins.
        offset: u64,
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

/// A log that is being written, locked against other servers for as long as it lives.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    number: usize,
    previous: String,
    length: u64,
}

impl Log {
    /// Opens or begins a log, after looking through what is in it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError::Io {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogError::Locked {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let (number, previous) = check_log(path)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self {
            path: path.to_owned(),
            file,
            number,
            previous,
            length,
        })
    }

    /// Appends a line; it is on disk when this returns.
    ///
    /// # Errors
    /// [`LogError::Io`]; nothing may be signed then. What was written of the line is taken back, at the latest before
    /// the next one.
    pub fn append(&mut self, mut line: Line) -> Result<(), LogError> {
        line.number = self.number + 1;
        line.previous.clone_from(&self.previous);
        let failed = |source| LogError::Io {
            path: self.path.clone(),
            source,
        };
        let text = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
        let bytes = format!("{text}\n");
        self.take_back().map_err(failed)?;
        let written = self
            .file
            .write_all(bytes.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            if let Err(error) = self.take_back() {
                tracing::error!("{}: half a line stays: {error}", self.path.display());
            }
            return Err(failed(source));
        }
        self.number = line.number;
        self.length += bytes.len() as u64;
        self.previous = DigestAlgorithm::Sha256
            .digest(&[text.as_bytes()])
            .to_string();
        Ok(())
    }

    /// Cuts off what was begun and is not whole.
    fn take_back(&self) -> std::io::Result<()> {
        if self.file.metadata()?.len() == self.length {
            return Ok(());
        }
        self.file.set_len(self.length)
    }
}

/// Looks through a log: how many lines it has, and the digest of the last.
///
/// # Errors
/// [`LogError::Broken`] for the first line that doesn't follow, [`LogError::Torn`] for half of one at the end.
pub fn check_log(path: &Path) -> Result<(usize, String), LogError> {
    let failed = |source| LogError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut previous = "0".repeat(64);
    let (mut number, mut offset) = (0, 0);
    loop {
        let mut line = Vec::new();
        let read = file.read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok((number, previous));
        }
        let Some(text) = line.strip_suffix(b"\n") else {
            return Err(LogError::Torn {
                path: path.to_owned(),
                offset,
            });
        };
        offset += read as u64;
        number += 1;
        let follows = serde_json::from_slice::<Line>(text)
            .is_ok_and(|line| line.number == number && line.previous == previous);
        if !follows {
            return Err(LogError::Broken {
                path: path.to_owned(),
                line: number,
            });
        }
        previous = DigestAlgorithm::Sha256.digest(&[text]).to_string();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_taken_back_or_told_and_two_servers_have_no_log_in_common() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = Log::open(&path).expect("begun");
        assert!(matches!(Log::open(&path), Err(LogError::Locked { .. })));
        log.append(Line::default()).expect("written");
        let whole = std::fs::metadata(&path).expect("there").len();
        // As a full disk does it: half a line, and no way to take it back at once.
        let full = File::open(&path).expect("for reading only");
        let writable = std::mem::replace(&mut log.file, full);
        (&writable).write_all(b"{\"number\": 2,").expect("written");
        assert!(log.append(Line::default()).is_err());
        let told = check_log(&path).expect_err("half a line").to_string();
        assert!(told.contains(&format!("truncate -s {whole}")), "{told}");
        log.file = writable;
        log.append(Line::default()).expect("there is room again");
        assert_eq!(check_log(&path).expect("follows").0, 2);
    }
}
