//! The digests of all files, in the form of `sha256sum`.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::document::{Document, hex};
use crate::paths;

/// Path and SHA-256 of each file, ordered by path. Its text is what `sha256sum --check` reads.
///
/// One signature of this list vouches for everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests(BTreeMap<String, [u8; 32]>);

impl Digests {
    /// Of no file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a document.
    pub fn add(&mut self, document: &Document) {
        self.add_digest(&document.path, Sha256::digest(&document.bytes).into());
    }

    /// Adds a file by its digest. Paths with a line feed or a backslash are written in the escaped form that
    /// `sha256sum` reads.
    pub fn add_digest(&mut self, path: &str, sha256: [u8; 32]) {
        self.0.insert(path.to_owned(), sha256);
    }

    /// The list as a file.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            path: paths::DIGESTS.to_owned(),
            media_type: "text/plain",
            bytes: self.to_string().into_bytes(),
        }
    }
}

impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, digest) in &self.0 {
            let escaped = path.contains(['\n', '\r', '\\']);
            if escaped {
                let path = path
                    .replace('\\', "\\\\")
                    .replace('\n', "\\n")
                    .replace('\r', "\\r");
                writeln!(f, "\\{}  {path}", hex(digest))?;
            } else {
                writeln!(f, "{}  {path}", hex(digest))?;
            }
        }
        Ok(())
    }
}
