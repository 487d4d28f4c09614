//! Derivations as `nix derivation show` prints them.
//!
//! ```text
//! { "version": 4, "derivations": { base-name: derivation } }      since version 4
//! { path: derivation }                                            before; path in full or base-name
//! ```
//!
//! In a derivation, version 4 has `inputs.srcs` and `inputs.drvs` where the versions before have
//! `inputSrcs` and `inputDrvs` (whose values were once lists of output names); an output has
//! `method` and an SRI `hash` where the oldest have `hashAlgo` with a prefix and base 16.
//!
//! The content of [`crate::derivation::STRUCTURED_ATTRIBUTES`] stands as the object
//! `structuredAttrs`; its text is kept as it is, but for white space.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/json/derivation/>

mod output;
mod read;
mod structured;
mod write;

pub use read::parse;
pub use write::to_string;

use crate::derivation::InvalidDerivation;
use crate::hash::HashError;
use crate::json::JsonSyntaxError;
use crate::store_path::{StorePath, StorePathError};

/// Why JSON holds no derivations, or derivations cannot be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationJsonError {
    /// The JSON is malformed, or a value is not allowed where it stands.
    #[error(transparent)]
    Json(#[from] JsonSyntaxError),
    /// The format version is newer than 4, or an entry's differs from that of the whole.
    #[error("derivation JSON format version {version} is not supported")]
    Version {
        /// The version.
        version: u64,
    },
    /// Two keys stand for one derivation.
    #[error("{path} stands twice")]
    Duplicate {
        /// Its path.
        path: StorePath,
    },
    /// A store path is none.
    #[error("{entry:?}: {source}")]
    StorePath {
        /// The key of the derivation.
        entry: String,
        /// What is wrong with the path.
        source: StorePathError,
    },
    /// A hash or an algorithm is none.
    #[error("{entry:?}: {source}")]
    Hash {
        /// The key of the derivation.
        entry: String,
        /// What is wrong with it.
        source: HashError,
    },
    /// A rule on derivations is broken.
    #[error("{entry:?}: {source}")]
    Invalid {
        /// The key of the derivation.
        entry: String,
        /// The rule.
        source: InvalidDerivation,
    },
    /// A field is missing, or stands in two versions' forms.
    #[error("{entry:?}: {field} is missing or stands in two forms")]
    Field {
        /// The key of the derivation.
        entry: String,
        /// The field.
        field: &'static str,
    },
    /// The name in a derivation is not that of its path.
    #[error("{entry:?}: the name {name:?} is not that of the path")]
    Name {
        /// The key of the derivation.
        entry: String,
        /// The start of the name.
        name: String,
    },
    /// JSON cannot hold a string that is not UTF-8.
    #[error("{entry:?}: {field} is not UTF-8, which JSON cannot hold")]
    NotUtf8 {
        /// The path of the derivation.
        entry: String,
        /// The field that holds the string.
        field: &'static str,
    },
    /// The structured attributes are not a JSON object.
    #[error("{entry:?}: the structured attributes are not a JSON object")]
    StructuredAttributes {
        /// The path of the derivation.
        entry: String,
    },
}
