//! Packages of a channel, in every form in which Nix tools write them down.
//!
//! - a channel's `packages.json`: `{"version": 2, "packages": {attr: package}}`
//! - `nix-env -qaP --json --meta`: `{attr: package}`
//! - `nix-eval-jobs`: a line per attribute, with `meta`, `inputDrvs` and an `--apply` value
//! - the data sets in `../shared/data`: a line per attribute
//!
//! They differ in what they nest and abbreviate, not in what they say, so one reader takes all.

mod fields;
mod name;
mod package;
mod siblings;

pub use name::{ChannelName, channel_in_url, named_set, revision_in_url};
pub use package::{Entry, PackageError, entry};
pub use siblings::Siblings;
