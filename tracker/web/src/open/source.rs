//! Public issues one after another, out of one view of the database.
//!
//! A thread reads and unpacks while this one writes; at most two parts of 500 issues are in memory.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Context as _, anyhow};
use snowguard_tracker_db::{Db, Millis, Place, PublicStamp, Visited};
use snowguard_tracker_export::{Cursor, Issue, Moment};
use snowguard_tracker_triage::issue_id::IssueId;

use super::gather;

/// What an export is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// When the last of all public issues changed; the beginning of time where there is none.
    pub changed: Moment,
    /// How many issues are public.
    pub issues: u64,
}

/// The issues of an export; those who take them ask at the end whether they were all.
#[derive(Debug)]
pub struct Issues<'a> {
    parts: &'a Receiver<anyhow::Result<Vec<Issue>>>,
    now: std::vec::IntoIter<Issue>,
    /// Where the next export goes on.
    last: Option<Cursor>,
    failed: Option<anyhow::Error>,
    count: u64,
}

impl Iterator for Issues<'_> {
    type Item = Issue;

    fn next(&mut self) -> Option<Issue> {
        loop {
            if let Some(issue) = self.now.next() {
                self.last = Some(Cursor::at(&issue));
                self.count += 1;
                return Some(issue);
            }
            match self.parts.recv() {
                Ok(Ok(part)) => self.now = part.into_iter(),
                Ok(Err(failed)) => {
                    self.failed = Some(failed);
                    return None;
                }
                // The reader is through.
                Err(_) => return None,
            }
        }
    }
}

/// What came of an export.
#[derive(Debug, Clone)]
pub struct Exported<T> {
    /// What was made.
    pub made: T,
    /// What it is of.
    pub basis: Basis,
    /// What the database rested on.
    pub stamp: PublicStamp,
    /// The last issue in it, behind which the next incremental export begins.
    pub last: Option<Cursor>,
    /// Issues in it.
    pub count: u64,
}

/// Gives the issues that changed after a cursor, or all, to `write`, in the order of their changes.
///
/// # Errors
/// Those of the database and of `write`.
pub fn export<T>(
    db: &Db,
    since: Option<Cursor>,
    write: impl FnOnce(&mut Issues<'_>, Basis) -> anyhow::Result<T>,
) -> anyhow::Result<Exported<T>> {
    thread::scope(|scope| {
        let (stamps, stamp) = sync_channel(1);
        let (parts, received) = sync_channel(1);
        let reader = scope.spawn(move || read(db, since, &stamps, &parts));
        let outcome = stamp
            .recv()
            .map_err(|_| anyhow!("the database was not read"))
            .and_then(|stamp| {
                let basis = basis(&stamp)?;
                let mut issues = Issues {
                    parts: &received,
                    now: Vec::new().into_iter(),
                    last: None,
                    failed: None,
                    count: 0,
                };
                let made = write(&mut issues, basis)?;
                match issues.failed {
                    Some(failed) => Err(failed),
                    None => Ok(Exported {
                        made,
                        basis,
                        stamp,
                        last: issues.last,
                        count: issues.count,
                    }),
                }
            });
        // Whoever waits to hand over a part wakes when nobody takes any.
        drop(received);
        match reader.join() {
            Ok(read) => read.and(outcome),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The place in the database of a cursor.
#[must_use]
pub fn place(cursor: Cursor) -> Place {
    let id = cursor.id();
    Place {
        changed: Millis::new(cursor.modified().millis()),
        id: id.and_then(|id| IssueId::new(id.year(), id.number())),
    }
}

/// What the exports of a stamp are of.
///
/// # Errors
/// For a time that documents cannot hold.
pub fn basis(stamp: &PublicStamp) -> anyhow::Result<Basis> {
    let changed = stamp.last.map_or(0, |last| last.changed.get());
    Ok(Basis {
        changed: Moment::from_millis(changed).context("the time of the last change")?,
        issues: stamp.issues,
    })
}

fn read(
    db: &Db,
    since: Option<Cursor>,
    stamps: &SyncSender<PublicStamp>,
    parts: &SyncSender<anyhow::Result<Vec<Issue>>>,
) -> anyhow::Result<()> {
    let going = |sent: bool| match sent {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let visit = &mut |visited| match visited {
        Visited::Stamp(stamp) => going(stamps.send(stamp).is_ok()),
        Visited::Part(part) => going(parts.send(gather::published(&part)).is_ok()),
    };
    Ok(db.visit_public(since.map(place), visit)?)
}
