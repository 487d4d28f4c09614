//! What a server keeps of the open data: whole documents as long as they are true, and which issues are public.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use snowguard_tracker_db::{Db, DbError, Place, StoredIssue, place};
use snowguard_tracker_export::Cursor;
use snowguard_tracker_triage::issue::Stage;
use snowguard_tracker_triage::issue_id::IssueId;

use super::document;
use super::publisher::Publisher;
use super::spool::Spooled;
use super::target::Whole;

/// What is kept.
#[derive(Debug)]
pub struct Shelf {
    /// Who publishes.
    pub publisher: Publisher,
    ready: Mutex<HashMap<Whole, Arc<Spooled>>>,
    listed: Mutex<Listed>,
}

/// Every public issue in short, as far as this process has followed the database.
#[derive(Debug, Default)]
struct Listed {
    followed: Option<Place>,
    issues: HashMap<IssueId, Arc<Short>>,
    /// In the order of their changes.
    order: BTreeSet<(i64, IssueId)>,
}

/// A public issue in short: what lists choose by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    /// Its id.
    pub id: IssueId,
    /// Where it stands in the order of changes, in milliseconds.
    pub changed: i64,
    /// How far it has come.
    pub stage: Stage,
    /// The least CVSS base score of its own severity, times ten; 0 where it has none.
    pub severity: u8,
    /// Attribute paths, sorted.
    pub attrs: Vec<String>,
    /// Channels, sorted.
    pub channels: Vec<String>,
}

impl Short {
    fn of(stored: &StoredIssue) -> Self {
        let standings = &stored.issue.standings;
        let attrs: BTreeSet<&String> = standings.values().flat_map(|one| one.keys()).collect();
        Self {
            id: stored.id,
            changed: stored.changed.get(),
            stage: stored.issue.stage,
            severity: stored.issue.severity.map_or(0, |own| own.threshold()),
            attrs: attrs.into_iter().cloned().collect(),
            channels: standings.keys().cloned().collect(),
        }
    }

    /// Whether it speaks of a package.
    #[must_use]
    pub fn names(&self, attr: &str) -> bool {
        self.attrs
            .binary_search_by(|one| one.as_str().cmp(attr))
            .is_ok()
    }

    /// Whether it speaks of a channel.
    #[must_use]
    pub fn is_in(&self, channel: &str) -> bool {
        self.channels.iter().any(|one| one == channel)
    }
}

impl Shelf {
    /// An empty one.
    #[must_use]
    pub fn new(publisher: Publisher) -> Self {
        Self {
            publisher,
            ready: Mutex::default(),
            listed: Mutex::default(),
        }
    }

    /// A whole document as it is now: the one that was written last, as long as nothing changed since.
    ///
    /// # Errors
    /// As [`document::whole`].
    pub fn whole(&self, db: &Db, whole: Whole) -> anyhow::Result<Arc<Spooled>> {
        // Somebody may have written it while this one waited for its turn.
        if let Some(ready) = self.ready(db, whole)? {
            return Ok(ready);
        }
        let written = Arc::new(self.write(db, whole, None)?);
        lock(&self.ready).insert(whole, Arc::clone(&written));
        Ok(written)
    }

    /// A document of what changed after a cursor. It is not kept.
    ///
    /// # Errors
    /// As [`document::whole`].
    pub fn since(&self, db: &Db, whole: Whole, since: Cursor) -> anyhow::Result<Arc<Spooled>> {
        Ok(Arc::new(self.write(db, whole, Some(since))?))
    }

    /// The document that was written last, where nothing changed since.
    ///
    /// # Errors
    /// As every read.
    pub fn ready(&self, db: &Db, whole: Whole) -> Result<Option<Arc<Spooled>>, DbError> {
        let stamp = db.public_stamp()?;
        let ready = lock(&self.ready);
        let last = ready.get(&whole).filter(|ready| ready.stamp == stamp);
        Ok(last.cloned())
    }

    fn write(&self, db: &Db, whole: Whole, since: Option<Cursor>) -> anyhow::Result<Spooled> {
        let mut file = tempfile::tempfile()?;
        let publisher = &self.publisher;
        let (provider, key) = (&publisher.provider, publisher.key.as_deref());
        let exported = document::whole(db, whole, since, provider, key, &mut file)?;
        let digits = exported.made.sha256[..16].iter();
        Ok(Spooled {
            file: Arc::new(file),
            length: exported.made.length,
            etag: digits.map(|byte| format!("{byte:02x}")).collect(),
            signature: exported.made.signature.map(|document| document.bytes),
            changed: exported.basis.changed,
            last: exported.last,
            stamp: exported.stamp,
        })
    }

    /// Public issues that are wanted, before a place in the order of changes, the last change first; at most `limit`. What
    /// changed in the database since the last look is taken over first.
    ///
    /// # Errors
    /// As every read of the database.
    pub fn newest(
        &self,
        db: &Db,
        before: Option<(i64, IssueId)>,
        limit: usize,
        wanted: impl Fn(&Short) -> bool,
    ) -> anyhow::Result<Vec<Arc<Short>>> {
        self.follow(db)?;
        let listed = lock(&self.listed);
        let end = before.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let order = listed.order.range((std::ops::Bound::Unbounded, end)).rev();
        let issues = order.filter_map(|(_, id)| listed.issues.get(id));
        let wanted = issues.filter(|short| wanted(short));
        Ok(wanted.take(limit).cloned().collect())
    }

    fn follow(&self, db: &Db) -> anyhow::Result<()> {
        loop {
            let after = lock(&self.listed).followed;
            let part = db.public_issues(after, 500)?;
            let Some(last) = part.last() else {
                return Ok(());
            };
            let mut listed = lock(&self.listed);
            // Another request may have been here meanwhile.
            if listed.followed == after {
                listed.followed = Some(place(last));
                for stored in &part {
                    listed.put(Short::of(stored));
                }
            }
        }
    }
}

impl Listed {
    fn put(&mut self, short: Short) {
        let (id, changed) = (short.id, short.changed);
        if let Some(before) = self.issues.insert(id, Arc::new(short)) {
            self.order.remove(&(before.changed, id));
        }
        self.order.insert((changed, id));
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
