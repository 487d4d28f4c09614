//! What can be wrong with an input.

use std::path::PathBuf;

use thiserror::Error;

/// Why an input cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any that is read.
    #[error("{} has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// The path does not lead into the store.
    #[error("{} does not lead into {store}", path.display())]
    NotInStore {
        /// The path.
        path: PathBuf,
        /// The store.
        store: String,
    },
    /// The Nix database cannot be used.
    #[error("the Nix database {}: {reason}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nothing is kept.
    #[error("no root of the garbage collector under {} leads into {store}", state.display())]
    NoRoots {
        /// The folder with `gcroots` and `profiles`.
        state: PathBuf,
        /// The store.
        store: String,
    },
    /// A path is not in the Nix database.
    #[error("{path} is not known to the Nix database {}", database.display())]
    Unknown {
        /// The path.
        path: String,
        /// The database.
        database: PathBuf,
    },
    /// A line of a list is no store path.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// A derivation cannot be read.
    #[error("{}: {reason}", path.display())]
    Derivation {
        /// The file.
        path: PathBuf,
        /// Why, with the offset.
        reason: String,
    },
    /// A bill of materials or a channel that cannot be read.
    #[error("{}: {reason}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A flake's output cannot be evaluated.
    #[error("{target}: {reason}")]
    Flake {
        /// As given.
        target: String,
        /// Why.
        reason: String,
    },
    /// What built a path is not known here.
    #[error("{path}: the derivation that built it is not in the store")]
    NoDerivation {
        /// The path.
        path: String,
    },
    /// JSON that is neither of the forms that are known.
    #[error(
        "{} is neither path information ({path_info}) nor derivations ({derivations})",
        path.display()
    )]
    NeitherJson {
        /// The file.
        path: PathBuf,
        /// Why it is not the one.
        path_info: String,
        /// Why it is not the other.
        derivations: String,
    },
}
