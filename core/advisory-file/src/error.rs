//! What can be wrong with a file.

use thiserror::Error;

/// Why a file, or a part of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AdvisoryFileError {
    /// The first bytes are not those of an advisory file.
    #[error("not an advisory file: it begins with {found:02x?}")]
    Magic {
        /// What stands there.
        found: Vec<u8>,
    },
    /// It ends too early.
    #[error("the file ends at byte {length}, and {what} needs {needed} bytes")]
    Truncated {
        /// What does not fit.
        what: &'static str,
        /// Bytes needed from the file's start.
        needed: u64,
        /// The file's length.
        length: u64,
    },
    /// The header is larger than any that is written.
    #[error("the header has {length} bytes; at most {limit} are read")]
    HeaderTooLarge {
        /// As the file says.
        length: u64,
        /// The limit.
        limit: u64,
    },
    /// The signature is by none of the keys that are trusted.
    #[error("it is signed by none of the trusted keys ({})", .trusted.join(", "))]
    Untrusted {
        /// Names of the keys.
        trusted: Vec<String>,
    },
    /// No key is trusted, so nothing can be.
    #[error("no key is trusted: there is nothing to check the signature with")]
    NoKeys,
    /// The header cannot be understood.
    #[error("the header cannot be read: {reason}")]
    Header {
        /// Why.
        reason: String,
    },
    /// It was made for another matcher.
    #[error("the file is made for matcher {file}, this program is matcher {own}: update the older")]
    Matcher {
        /// The file's number.
        file: u32,
        /// This program's.
        own: u32,
    },
    /// A chunk is not what was signed.
    #[error("chunk {chunk} at byte {offset} is not what was signed")]
    Damaged {
        /// Number of the chunk.
        chunk: usize,
        /// Where it begins.
        offset: u64,
    },
    /// A part cannot be read although it is what was signed: written by a faulty program.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// The part.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

impl AdvisoryFileError {
    pub(crate) fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed {
            what,
            reason: reason.to_string(),
        }
    }
}
