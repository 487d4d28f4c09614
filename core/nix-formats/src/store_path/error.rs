//! Why a text is no store path, name or store directory.

use super::StoreDir;
use crate::nixbase32;

/// Why a text is no store path, name or store directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorePathError {
    /// The text is too short to hold a digest, a `-` and a name.
    #[error("{value:?} is too short for a store path")]
    TooShort {
        /// The offending base name.
        value: String,
    },
    /// The digest is not followed by `-`.
    #[error("{value:?} has no \"-\" after 32 digits")]
    NoDash {
        /// The start of the offending base name.
        value: String,
    },
    /// The digest is not Nix base 32.
    #[error("{value:?} is no store path digest: {source}")]
    Digest {
        /// The offending digest.
        value: String,
        /// What is wrong with it.
        source: nixbase32::Error,
    },
    /// The name is empty.
    #[error("a store path name must not be empty")]
    EmptyName,
    /// The name is longer than 211 bytes.
    #[error("a store path name has at most 211 bytes, this one {length}")]
    NameTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The name is `.` or `..`, or begins with such a part.
    #[error("the store path name {value:?} begins with a \".\" or \"..\" part")]
    DotName {
        /// The offending name.
        value: String,
    },
    /// The name holds a byte outside the allowed set.
    #[error("the store path name {value:?} holds byte {byte:#04x} at offset {offset}")]
    NameByte {
        /// The offending name.
        value: String,
        /// The offending byte.
        byte: u8,
        /// Where it stands in the name.
        offset: usize,
    },
    /// The path does not stand in the store directory.
    #[error("{value:?} is not in the store directory {store_dir}")]
    OutsideStore {
        /// The start of the offending path.
        value: String,
        /// The directory in which it should stand.
        store_dir: StoreDir,
    },
    /// The text is not an absolute path in its shortest form.
    #[error("{value:?} is not an absolute path without empty, \".\" or \"..\" parts")]
    StoreDir {
        /// The start of the offending text.
        value: String,
    },
}
