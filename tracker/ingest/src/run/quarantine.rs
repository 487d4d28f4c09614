//! Records that could not be read: counted, kept, and let go when they can be.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use snowguard_tracker_db::{Db, Millis, QuarantineEntry};

use crate::error::IngestError;
use crate::pipeline::Item;

/// The quarantine of one feed during a run.
pub(crate) struct Quarantine {
    /// Labels that were in it before, and have not been met yet.
    unmet: HashSet<String>,
}

/// A record that goes into quarantine.
pub(crate) struct Bad {
    label: String,
    entry: Box<QuarantineEntry>,
}

/// Longest reason that is kept; it may quote the record.
const REASON: usize = 1000;

impl Bad {
    /// `item` could not be read for this reason.
    pub fn new(item: &Item<'_>, reason: &str) -> Self {
        let label = item.label();
        let entry = Box::new(QuarantineEntry {
            record: label.clone(),
            file: item.file.to_string(),
            offset: item.offset,
            reason: reason.chars().take(REASON).collect(),
            digest: Sha256::digest(item.bytes).into(),
        });
        Self { label, entry }
    }
}

impl Quarantine {
    pub fn open(db: &Db, feed: &str) -> Result<Self, IngestError> {
        let list = db.quarantine_list(Some(feed))?;
        Ok(Self {
            unmet: list.into_iter().map(|entry| entry.record).collect(),
        })
    }

    /// Whether records that can be read have to be compared with it.
    pub fn is_empty(&self) -> bool {
        self.unmet.is_empty()
    }

    /// Puts records in.
    pub fn put(
        &mut self,
        db: &Db,
        feed: &str,
        bad: &[Bad],
        now: Millis,
    ) -> Result<(), IngestError> {
        for bad in bad {
            self.unmet.remove(&bad.label);
            db.quarantine_put(feed, &bad.entry, now)?;
        }
        Ok(())
    }

    /// Lets records go that could be read.
    pub fn readable<'l>(
        &mut self,
        db: &Db,
        feed: &str,
        labels: impl Iterator<Item = &'l str>,
    ) -> Result<(), IngestError> {
        if self.unmet.is_empty() {
            return Ok(());
        }
        let free: Vec<&str> = labels.filter(|label| self.unmet.remove(*label)).collect();
        if !free.is_empty() {
            db.quarantine_clear(feed, &free)?;
        }
        Ok(())
    }

    /// After everything was read: what was not met is no longer in the feed.
    pub fn clear_unseen(&mut self, db: &Db, feed: &str) -> Result<(), IngestError> {
        let gone: Vec<&str> = self.unmet.iter().map(String::as_str).collect();
        if !gone.is_empty() {
            db.quarantine_clear(feed, &gone)?;
        }
        self.unmet.clear();
        Ok(())
    }
}
