//! Records: what each source says, stored whole, updated in place, with their history.

pub(crate) mod advisory;
mod history;
pub(crate) mod prepare;
mod put;

use std::borrow::Cow;

use snowguard_advisory::model::{Record, Source};

pub use history::RecordChange;

use crate::feeds::RunId;
use crate::time::Millis;

/// A record as a source gave it.
#[derive(Debug, Clone)]
pub struct IncomingRecord<'r> {
    /// What the parser made of it.
    pub record: Record,
    /// The JSON it was parsed from, as it came.
    pub raw: Cow<'r, [u8]>,
    /// `file#byte-offset`.
    pub origin: String,
}

/// A record ready to be written: digested, compressed, its search text cut. Made by
/// [`Db::prepare`](crate::Db::prepare) on any thread, so that the writing thread only writes.
#[derive(Debug, Clone)]
pub struct PreparedRecord {
    pub(crate) source: Source,
    pub(crate) name: String,
    pub(crate) state: i64,
    pub(crate) published: Option<i64>,
    pub(crate) modified: Option<i64>,
    pub(crate) severity: i64,
    pub(crate) title: String,
    pub(crate) digest: [u8; 32],
    pub(crate) body: Vec<u8>,
    /// Advisory ids it belongs to: its CVE ids, else its own id.
    pub(crate) advisories: Vec<String>,
    pub(crate) origin: String,
    pub(crate) head: String,
    pub(crate) text: String,
}

/// What to do with a record that is older than the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StalePolicy {
    /// Keep the stored one: bulk files lag behind deltas, and a source's clock may go backwards.
    KeepNewer,
    /// Take what comes.
    Overwrite,
}

/// Records to store in one transaction. A few thousand are a good size.
#[derive(Debug)]
pub struct RecordBatch<'a> {
    /// The run that brings them.
    pub run: RunId,
    /// Where the feed resumes after this batch, stored with it.
    pub cursor: &'a str,
    /// Now.
    pub now: Millis,
    /// What to do with older records.
    pub policy: StalePolicy,
    /// The records.
    pub records: Vec<PreparedRecord>,
}

/// What became of a batch; the five add up to its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PutOutcome {
    /// Not known before.
    pub new: u64,
    /// Known, with other content.
    pub changed: u64,
    /// Known, with this very content (raw JSON and model).
    pub unchanged: u64,
    /// Older than what is stored, and not taken.
    pub stale: u64,
    /// Another record of the batch has the same id and is newer, or comes later.
    pub duplicate: u64,
}

pub(crate) fn source_number(source: Source) -> i64 {
    match source {
        Source::CveList => 0,
        Source::Nvd => 1,
        Source::Osv => 2,
        Source::Vendor => 3,
    }
}

/// The name that is unique within a source. Vendors number as they like (several catalogues use
/// CVE ids), so theirs carries the publisher.
pub(crate) fn record_name(record: &Record) -> String {
    match (&record.source, &record.publisher) {
        (Source::Vendor, Some(publisher)) => format!("{publisher}/{}", record.id),
        _ => record.id.clone(),
    }
}
