//! Where sources lie, and the documents in them.
//!
//! A [`Location`] is what the user names: a file, a folder, a git checkout, a URL. Resolved, it is
//! an `Input`: something on disk that can be walked. A walk gives [`Document`]s in a fixed order,
//! each a decoded stream; archives are opened on the way, also archives inside archives.

mod archive;
mod decode;
mod digest;
mod folder;
mod git;
pub mod http;
mod meter;
mod walk;

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

pub use decode::Packing;
pub use git::Checkout;
pub use walk::{Document, Walk, Walker};

use crate::error::IngestError;

/// What a user names as a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, packed or not.
    File(PathBuf),
    /// A folder.
    Folder(PathBuf),
    /// A git repository, read at its current commit.
    Git(PathBuf),
    /// `https:`, or `http:` on this machine.
    Url(Url),
}

impl Location {
    /// A URL when it has a scheme, else a path that exists.
    ///
    /// # Errors
    /// [`IngestError::Usage`] for a scheme other than `https` (and `http` to a loopback address),
    /// [`IngestError::File`] when the path does not exist.
    pub fn parse(text: &str) -> Result<Self, IngestError> {
        if text.contains("://") {
            let url = Url::parse(text)
                .map_err(|error| IngestError::Usage(format!("{text}: not a URL: {error}")))?;
            http::allow(&url, None)
                .map_err(|what| IngestError::Usage(format!("{text}: {what}")))?;
            return Ok(Self::Url(url));
        }
        let path = Path::new(text);
        let path = path
            .canonicalize()
            .map_err(|error| IngestError::file(path, error))?;
        if path.is_dir() {
            return Ok(if git::is_repository(&path) {
                Self::Git(path)
            } else {
                Self::Folder(path)
            });
        }
        Ok(Self::File(path))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Folder(path) | Self::Git(path) => {
                path.display().fmt(formatter)
            }
            Self::Url(url) => {
                // Credentials in a URL must not reach the database, a page or a log.
                let mut url = url.clone();
                let cleared = url.set_username("").and_then(|()| url.set_password(None));
                debug_assert!(cleared.is_ok() || !url.has_host());
                url.fmt(formatter)
            }
        }
    }
}
