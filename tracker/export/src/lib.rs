//! Published issues as the formats that others read.
//!
//! Takes [`Issue`]s and a [`Provider`] and gives documents: OSV, CSAF VEX, OpenVEX, CycloneDX VEX, Atom, JSON
//! lines. It opens no file, knows no clock and no database; who calls it brings the times and writes
//! the bytes. Whole exports are streams: an issue at a time goes in, and what it gives goes out.
//!
//! - [`issue`] is the input. Ids, names, addresses and vectors are newtypes that only valid values have;
//!   texts may be anything.
//! - [`Cursor`] and [`changed_after`] give what changed since a moment.
//! - [`osv`], [`csaf`], [`openvex`], [`cyclonedx`], [`atom`] and [`json_lines`] are the formats, [`purl`] how they name
//!   packages.
//! - [`paths`] names the files, so that documents can point at each other.
//! - [`signing`] and [`Digests`] let others check what they got.
//!
//! It decides nothing about matches and renders no pages.
//!
//! Sources: each format's module names its own.

pub mod atom;
pub mod csaf;
mod cursor;
pub mod cyclonedx;
mod digests;
mod document;
mod error;
pub mod issue;
pub mod json_lines;
mod moment;
pub mod openvex;
pub mod osv;
pub mod paths;
mod provider;
pub mod purl;
pub mod signing;
mod text;

pub use cursor::{Cursor, changed_after};
pub use digests::Digests;
pub use document::Document;
pub use error::InputError;
pub use issue::Issue;
pub use issue::id::{AdvisoryId, IssueId};
pub use issue::names::{
    AttributePath, BranchName, ChannelName, CommitHash, CpeName, PackageName, PackageVersion,
    WebUrl,
};
pub use issue::package::{
    Affected, ChannelStatus, Justification, Package, RangeEnd, Status, VersionRange,
};
pub use issue::severity::{CvssVector, CvssVersion, Rating, Severity};
pub use issue::{Advisory, Credit, CreditKind, Reference, ReferenceKind, Revision, Withdrawal};
pub use moment::Moment;
pub use provider::{Provider, PublisherCategory, TaggingEntity};
