//! Where the file is fetched from: a server or a file.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::error::UpdateError;
use super::http::Http;

/// An address: `https://…`, `http://…` or `file://…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Reads an address. A server needs no certificate to be believed: what counts is the
    /// signature, so plain `http` is an address like any other.
    ///
    /// # Errors
    /// [`UpdateError::Address`].
    pub fn parse(text: &str) -> Result<Self, UpdateError> {
        let text = text.trim();
        let refused = |reason: &str| UpdateError::Address {
            address: text.to_owned(),
            reason: reason.to_owned(),
        };
        if text.chars().any(|c| c.is_control() || c == ' ') {
            return Err(refused("it holds spaces or control characters"));
        }
        let known = ["https://", "http://", "file:///"];
        if !known.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(refused(
                "it begins with none of https://, http://, file:///",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first bytes.
pub(super) enum Start {
    /// The version that was asked about is still the current one.
    NotModified,
    /// The first bytes, and the length of the whole where it is said.
    Here { first: Vec<u8>, length: Option<u64> },
}

/// An open origin.
pub(super) enum Origin {
    Http(Http),
    File {
        path: PathBuf,
        file: File,
        etag: String,
    },
}

impl Origin {
    pub(super) fn open(address: &Address) -> Result<Self, UpdateError> {
        let Some(path) = address.0.strip_prefix("file://") else {
            return Ok(Self::Http(Http::new(&address.0)?));
        };
        let path = PathBuf::from(path);
        let failed = |source| UpdateError::file(&path, source);
        let file = File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        let etag = format!(
            "{}-{}-{}-{}",
            found.ino(),
            found.len(),
            found.mtime(),
            found.mtime_nsec()
        );
        Ok(Self::File { path, file, etag })
    }

    /// What names the version that is being fetched.
    pub(super) fn etag(&self) -> Option<&str> {
        match self {
            Self::Http(http) => http.etag(),
            Self::File { etag, .. } => Some(etag),
        }
    }

    pub(super) fn start(&mut self, most: u64, known: Option<&str>) -> Result<Start, UpdateError> {
        match self {
            Self::Http(http) => http.start(most, known),
            Self::File { etag, .. } if known == Some(etag) => Ok(Start::NotModified),
            Self::File { path, file, .. } => {
                let failed = |source| UpdateError::file(path, source);
                let mut first = Vec::new();
                file.take(most).read_to_end(&mut first).map_err(failed)?;
                let length = file.metadata().map_err(failed)?.len();
                Ok(Start::Here {
                    first,
                    length: Some(length),
                })
            }
        }
    }

    pub(super) fn range(&mut self, from: u64, length: u64) -> Result<Vec<u8>, UpdateError> {
        match self {
            Self::Http(http) => http.range(from, length),
            Self::File { path, file, .. } => {
                let failed = |source| UpdateError::file(path, source);
                file.seek(SeekFrom::Start(from)).map_err(failed)?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes).map_err(failed)?;
                if bytes.len() as u64 != length {
                    return Err(UpdateError::Changed);
                }
                Ok(bytes)
            }
        }
    }
}
