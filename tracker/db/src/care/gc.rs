//! Giving up what is old, on a person's word.

use serde::Serialize;

use crate::db::Db;
use crate::delivery;
use crate::error::Result;
use crate::session::{Dialect, Session, Value};
use crate::time::Millis;

/// What may go.
#[derive(Debug, Clone, Default)]
pub struct GcPolicy {
    /// Evaluations of each channel that can still be read back, the newest; nothing: all.
    pub keep_evaluations: Option<u32>,
    /// Changes of records stored before this; nothing: none.
    pub forget_changes_before: Option<Millis>,
    /// Runs of each feed that stay, the newest; nothing: all.
    pub keep_runs: Option<u32>,
    /// News from before this that went out already, or had not to; nothing: none.
    pub forget_news_before: Option<Millis>,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GcOutcome {
    /// Evaluations that cannot be read back any more.
    pub evaluations: u64,
    /// Rows of packages.
    pub packages: u64,
    /// Attributes that are in no evaluation any more.
    pub attributes: u64,
    /// Changes of records.
    pub changes: u64,
    /// Runs.
    pub runs: u64,
    /// News, with what was sent of them.
    pub news: u64,
}

impl Db {
    /// Gives up what the policy names, in one transaction, then tidies: search indexes are
    /// merged, statistics renewed, and on SQLite the file shrinks when a quarter of it is free.
    /// What is current never goes.
    ///
    /// # Errors
    /// As every write; tidying needs as much free disk as the database is large.
    pub fn gc(&self, policy: &GcPolicy) -> Result<GcOutcome> {
        let outcome = self.write(|session| {
            let mut outcome = GcOutcome::default();
            if let Some(keep) = policy.keep_evaluations {
                prune_evaluations(session, keep.max(1), &mut outcome)?;
            }
            if let Some(before) = policy.forget_changes_before {
                // The oldest go: a record is rebuilt backwards from the newest.
                outcome.changes = session.run(
                    "DELETE FROM record_change WHERE at < ?1",
                    &[Value::Int(before.get())],
                )?;
            }
            if let Some(keep) = policy.keep_runs {
                outcome.runs = prune_runs(session, keep.max(1))?;
            }
            if let Some(before) = policy.forget_news_before {
                outcome.news = forget_news(session, before)?;
            }
            Ok(outcome)
        })?;
        self.outside(tidy)?;
        Ok(outcome)
    }

    /// Tells the planner of PostgreSQL what the tables hold, after much was written: until its server looks by itself,
    /// a minute or more later, it would plan for empty tables. SQLite's plans do not depend on it.
    ///
    /// # Errors
    /// As every write.
    pub fn renew_statistics(&self) -> Result<()> {
        self.outside(|session| match session.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => session.script("ANALYZE"),
        })
    }
}

fn prune_evaluations(session: &mut Session<'_>, keep: u32, outcome: &mut GcOutcome) -> Result<()> {
    let channels = session.list("SELECT id FROM channel", &[], |row| row.int(0))?;
    for channel in channels {
        let oldest_kept = session.first(
            "SELECT id FROM evaluation WHERE channel = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2",
            &[Value::Int(channel), Value::Int(i64::from(keep) - 1)],
            |row| row.int(0),
        )?;
        let Some(oldest_kept) = oldest_kept else {
            continue;
        };
        let params = [Value::Int(channel), Value::Int(oldest_kept)];
        outcome.evaluations += session.run(
            "UPDATE evaluation SET pruned = 1 WHERE channel = ?1 AND id < ?2 AND pruned = 0",
            &params,
        )?;
        outcome.packages += session.run(
            "DELETE FROM package WHERE channel = ?1 AND until IS NOT NULL AND until <= ?2",
            &params,
        )?;
    }
    const ORPHANS: &str = "NOT EXISTS (SELECT 1 FROM package WHERE package.attribute = attribute.id) \
                           AND NOT EXISTS (SELECT 1 FROM match_row WHERE match_row.attribute = attribute.id)";
    let orphans = session.list(
        &format!("SELECT id FROM attribute WHERE {ORPHANS}"),
        &[],
        |row| row.int(0),
    )?;
    let rows: Vec<[i64; 1]> = orphans.iter().map(|orphan| [*orphan]).collect();
    let search_id = match session.dialect() {
        Dialect::Sqlite => "rowid",
        Dialect::Postgres => "id",
    };
    session.delete("attribute_search", [search_id], &rows)?;
    session.delete("attribute", ["id"], &rows)?;
    outcome.attributes = rows.len() as u64;
    Ok(())
}

fn prune_runs(session: &mut Session<'_>, keep: u32) -> Result<u64> {
    session.run(
        "DELETE FROM run WHERE id < (SELECT min(id) FROM (SELECT id FROM run AS newer WHERE newer.feed = run.feed \
         ORDER BY id DESC LIMIT ?1) AS kept)",
        &[Value::Int(i64::from(keep))],
    )
}

/// What is still to be sent stays, however old it is; so does the last that was told of, since numbers go on from it.
fn forget_news(session: &mut Session<'_>, before: Millis) -> Result<u64> {
    let before = [Value::Int(before.get())];
    session.run(
        "DELETE FROM notification WHERE at < ?1 \
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.news = notification.id AND delivery.sent IS NULL)",
        &before,
    )?;
    let told = Value::Int(delivery::told_up_to(session)?);
    session.run(
        "DELETE FROM event WHERE at < ?1 AND id < ?2 AND NOT EXISTS (SELECT 1 FROM notification WHERE notification.event = event.id)",
        &[before[0], told],
    )
}

/// Outside of a transaction: vacuum cannot run inside of one.
fn tidy(session: &mut Session<'_>) -> Result<()> {
    match session.dialect() {
        Dialect::Sqlite => {
            for table in ["record_search", "attribute_search"] {
                session.run(
                    &format!("INSERT INTO {table} ({table}) VALUES ('optimize')"),
                    &[],
                )?;
            }
            session.script("PRAGMA analysis_limit = 1000; ANALYZE;")?;
            let (free, pages) = (
                session.number("PRAGMA freelist_count", &[])?,
                session.number("PRAGMA page_count", &[])?,
            );
            if free * 4 > pages {
                session.script("VACUUM")?;
            }
            session
                .first("PRAGMA wal_checkpoint(TRUNCATE)", &[], |_| Ok(()))
                .map(drop)
        }
        Dialect::Postgres => session.script("VACUUM (ANALYZE)"),
    }
}
