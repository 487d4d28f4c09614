//! Why bytes are no `.drv` file.

use crate::content_address::ContentAddressError;
use crate::derivation::InvalidDerivation;
use crate::hash::HashError;
use crate::store_path::StorePathError;

/// A place at which bytes stop being a `.drv` file. Offsets count bytes from the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ATermError {
    /// The file is longer than [`super::MAX_BYTES`].
    #[error(
        "a derivation of {length} bytes is over the limit of {}",
        super::MAX_BYTES
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A list has more than [`super::MAX_ENTRIES`] entries.
    #[error(
        "more than {} entries in the list at byte {offset}",
        super::MAX_ENTRIES
    )]
    TooMany {
        /// Where the list begins.
        offset: usize,
    },
    /// Something else was expected.
    #[error("expected {expected} at byte {offset}")]
    Expected {
        /// What should stand there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// The format version is none that is known.
    #[error("unknown derivation format version {version:?} at byte {offset}")]
    Version {
        /// The start of the version.
        version: String,
        /// Where its string begins.
        offset: usize,
    },
    /// A string has no end.
    #[error("the string at byte {offset} has no end")]
    Unterminated {
        /// Where the string begins.
        offset: usize,
    },
    /// Nix would read this, but never writes it.
    #[error("{what} at byte {offset} is not as Nix writes it")]
    NotCanonical {
        /// What it is.
        what: &'static str,
        /// Where it begins.
        offset: usize,
    },
    /// Text was expected, but the bytes are not UTF-8.
    #[error("the string at byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the string begins.
        offset: usize,
    },
    /// A string should be a store path.
    #[error("at byte {offset}: {source}")]
    StorePath {
        /// What is wrong with it.
        source: StorePathError,
        /// Where the string begins.
        offset: usize,
    },
    /// A string should be a hash or the algorithm of one.
    #[error("at byte {offset}: {source}")]
    Hash {
        /// What is wrong with it.
        source: HashError,
        /// Where the string begins.
        offset: usize,
    },
    /// Method and hash of an output do not go together.
    #[error("at byte {offset}: {source}")]
    ContentAddress {
        /// What is wrong with them.
        source: ContentAddressError,
        /// Where the hash begins.
        offset: usize,
    },
    /// What was read breaks a rule on derivations.
    #[error("at byte {offset}: {source}")]
    Invalid {
        /// The rule.
        source: InvalidDerivation,
        /// Where the part begins that breaks it; 0 for the derivation as a whole.
        offset: usize,
    },
}
