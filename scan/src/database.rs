//! The advisory file on disk, mapped into memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, PublicKey};
use thiserror::Error;

/// Why there is no file to judge with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// It cannot be read.
    #[error("cannot read the advisory file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be trusted or understood.
    #[error("the advisory file {}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: AdvisoryFileError,
    },
}

/// A mapped file.
#[derive(Debug)]
pub struct Mapped {
    path: PathBuf,
    bytes: Mmap,
}

impl Mapped {
    /// Maps a file.
    ///
    /// # Errors
    /// [`DatabaseError::Read`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let failed = |source| DatabaseError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        #[allow(unsafe_code, reason = "mapping a file is unsafe by nature")]
        // SAFETY: the file is only ever replaced by renaming a whole one over it (`export-scan-db`
        // and `scan update` write so), which leaves this mapping on the old content. Whoever could
        // change it in place owns it, and thereby this program's trust; then a chunk's digest,
        // checked before its first use, no longer covers it, and a file made shorter ends this
        // process by a signal. Neither gives access to other memory: every range is checked
        // against the length of the mapping.
        let bytes = unsafe { Mmap::map(&file) }.map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            bytes,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`].
    pub fn verify(&self, trusted: &[PublicKey]) -> Result<AdvisoryFile<'_>, DatabaseError> {
        AdvisoryFile::open(&self.bytes, trusted).map_err(|source| DatabaseError::Refused {
            path: self.path.clone(),
            source,
        })
    }
}
