//! What can stop an ingestion. What is wrong with one record never does: it is quarantined.

use std::io;
use std::path::PathBuf;

use snowguard_tracker_db::DbError;

use crate::split::SplitError;

/// An ingestion that could not go on. What was stored before stays, and the next run resumes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A download failed for good.
    #[error("cannot fetch {url}: {what}")]
    Fetch {
        /// From where.
        url: String,
        /// Why.
        what: String,
    },
    /// A document inside the input could not be read to its end.
    #[error("{document}: {source}")]
    Document {
        /// File, and the entry in it.
        document: String,
        /// Why, with the byte offset.
        source: SplitError,
    },
    /// An archive is malformed or hostile.
    #[error("{archive}: {what}")]
    Archive {
        /// File, and the archive in it.
        archive: String,
        /// What is wrong.
        what: String,
    },
    /// A git checkout could not be read.
    #[error("git checkout {path}: {what}")]
    Git {
        /// Its folder.
        path: PathBuf,
        /// What git said.
        what: String,
    },
    /// Nothing here is of a kind that is known, or not of the one asked for.
    #[error("{input}: {what}")]
    Unrecognised {
        /// The input.
        input: String,
        /// What was found.
        what: String,
    },
    /// A location or an option does not make sense.
    #[error("{0}")]
    Usage(String),
    /// The database refused or was lost. What was committed stays.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Asked to stop, and stopped after a whole batch.
    #[error("stopped as asked; the next run goes on from here")]
    Interrupted,
}

impl IngestError {
    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn document(document: impl Into<String>, source: impl Into<SplitError>) -> Self {
        Self::Document {
            document: document.into(),
            source: source.into(),
        }
    }

    pub(crate) fn archive(archive: impl Into<String>, what: impl ToString) -> Self {
        Self::Archive {
            archive: archive.into(),
            what: what.to_string(),
        }
    }

    pub(crate) fn fetch(url: impl ToString, what: impl ToString) -> Self {
        Self::Fetch {
            url: url.to_string(),
            what: what.to_string(),
        }
    }
}
