//! Why there is no newer file.

use std::path::PathBuf;

use snowguard_advisory_file::AdvisoryFileError;
use thiserror::Error;

use crate::roots::RootsError;

/// Why an update failed. The file here stays as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Not an address that can be fetched from.
    #[error("{address:?} is no address to fetch from: {reason}")]
    Address {
        /// As given.
        address: String,
        /// Why.
        reason: String,
    },
    /// The server cannot be reached, or broke off.
    #[error("fetching {address}: {reason}")]
    Fetch {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
    /// The file that says which certificates count cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// The server sends something else than what was asked for.
    #[error("the file changed while it was fetched")]
    Changed,
    /// The file offered is older than one that was seen.
    #[error(
        "the file offered has serial {offered}, and {seen} was seen: an older one is refused (to \
         begin anew, remove the file and its .origin)"
    )]
    Rollback {
        /// Serial offered.
        offered: u64,
        /// Highest serial seen.
        seen: u64,
    },
    /// The length is not the one that was signed.
    #[error("the server announces {announced} bytes, the signed header {signed}")]
    Length {
        /// As the server says.
        announced: u64,
        /// As was signed.
        signed: u64,
    },
    /// It is not signed, or not what was signed.
    #[error(transparent)]
    Refused(#[from] AdvisoryFileError),
    /// A file cannot be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another update is under way.
    #[error("another update of {} is under way", path.display())]
    Busy {
        /// The advisory file.
        path: PathBuf,
    },
}

impl UpdateError {
    pub(super) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
