//! The formats in which Nix writes down what it builds: read strictly, written back exactly.
//!
//! Purpose: one place that knows Nix's own grammars, so that ingest, matching and the scanners
//! share validated types instead of strings. Parsers take bytes or text from outside and treat
//! them as hostile: sizes, counts and nesting are bounded, and an error names the byte offset.
//!
//! Non-goals: no evaluation, no building, no store access, no network. The crate does no I/O.
//!
//! Entry types:
//! - [`compare_versions`], [`version_components`] and [`DrvName`]: the order and the splitting
//!   behind `builtins.compareVersions`, `builtins.splitVersion` and `builtins.parseDrvName`.
//! - [`StorePath`], [`StorePathName`] and [`StoreDir`]: what may be named in a store.
//! - [`nixbase32`]: Nix's own base 32.
//!
//! Sources: the Nix manual's "Protocols and Formats" chapters
//! (<https://nix.dev/manual/nix/latest/protocols/>) and, where the manual is silent, the behaviour
//! of Nix itself, against which the tests compare.

mod name;
pub mod nixbase32;
mod store_path;
mod version;

pub use name::DrvName;
pub use store_path::{StoreDir, StorePath, StorePathError, StorePathName};
pub use version::{Component, Components, compare_versions, version_components};
