//! Published issues as the formats that others read.
//!
//! Takes [`Issue`]s and a [`Provider`] and gives documents: OSV, CSAF VEX, OpenVEX, CycloneDX VEX, Atom, JSON
//! lines. It opens no file, knows no clock and no database; who calls it brings the times and writes
//! the bytes. Whole exports are streams: an issue at a time goes in, and what it gives goes out.
//!
//! - [`issue`] is the input. Ids, names, addresses and vectors are newtypes that only valid values have;
//!   texts may be anything.
//! - [`Cursor`] and [`changed_after`] give what changed since a moment.
//! - [`paths`] names the files, so that documents can point at each other.
//!
//! It decides nothing about matches and renders no pages.
//!
//! Sources: each format's module names its own.

mod cursor;
mod document;
mod error;
pub mod issue;
mod moment;
pub mod osv;
pub mod paths;
mod provider;
pub mod purl;
mod text;

pub use cursor::{Cursor, changed_after};
pub use document::Document;
pub use error::InputError;
pub use issue::Issue;
pub use issue::id::{AdvisoryId, IssueId};
pub use issue::names::{
    AttributePath, BranchName, ChannelName, CommitHash, CpeName, PackageName, PackageVersion,
    WebUrl,
};
pub use issue::package::{ChannelStatus, Justification, Package, Status};
pub use issue::severity::{CvssVector, CvssVersion, Rating, Severity};
pub use issue::{Advisory, Credit, CreditKind, Reference, ReferenceKind, Revision, Withdrawal};
pub use moment::Moment;
pub use provider::{Provider, PublisherCategory, TaggingEntity};
