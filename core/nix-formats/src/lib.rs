//! The formats in which Nix writes down what it builds: read strictly, written back exactly.
//!
//! Purpose: one place that knows Nix's own grammars, so that ingest, matching and the scanners
//! share validated types instead of strings. Parsers take bytes or text from outside and treat
//! them as hostile: sizes, counts and nesting are bounded, and an error names the byte offset.
//!
//! Non-goals: no evaluation, no building, no store access, no network, no verifying of
//! signatures. The crate does no I/O.
//!
//! Entry types:
//! - [`compare_versions`], [`version_components`] and [`DrvName`]: the order and the splitting
//!   behind `builtins.compareVersions`, `builtins.splitVersion` and `builtins.parseDrvName`.
//! - [`StorePath`], [`StorePathName`] and [`StoreDir`]: what may be named in a store.
//! - [`nixbase32`], [`struct@Hash`], [`ContentAddress`], [`Signature`]: how digests are written.
//! - [`Derivation`]: [`derivation::aterm`] reads and writes `.drv` files byte by byte,
//!   [`derivation::json`] what `nix derivation show` prints, in all its versions.
//! - [`nar`]: one file tree as one sequence of bytes, read and written as streams.
//! - [`path_info`]: what a store knows of its objects, from [`path_info::json`] (`nix path-info
//!   --json`, in all its versions) and [`path_info::narinfo`] (binary caches).
//!
//! Sources: the Nix manual's "Protocols and Formats" chapters
//! (<https://nix.dev/manual/nix/latest/protocols/>) and, where the manual is silent, the behaviour
//! of Nix itself, against which the tests compare.

mod content_address;
pub mod derivation;
mod hash;
mod json;
mod name;
pub mod nar;
pub mod nixbase32;
pub mod path_info;
mod signature;
mod store_path;
mod version;

pub use content_address::{ContentAddress, ContentAddressError, Method};
pub use derivation::Derivation;
pub use hash::{Hash, HashAlgorithm, HashError};
pub use json::JsonSyntaxError;
pub use name::DrvName;
pub use signature::{Signature, SignatureError};
pub use store_path::{StoreDir, StorePath, StorePathError, StorePathName};
pub use version::{Component, Components, compare_versions, version_components};

/// The start of an offending text: an error must not carry megabytes along.
fn excerpt(text: &str) -> String {
    text.chars().take(256).collect()
}
