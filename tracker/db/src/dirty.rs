//! Which advisories must be matched again.
//!
//! Marking happens in the transaction that changes a record or a package, and writers wait for
//! each other, so no change goes unmarked. Each marking carries a stamp that only grows: verdicts
//! computed from what was read at a stamp clear the mark only when nothing was marked since.

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Column, Insert, Session, Value};

const DIRTY: Insert<'static> = Insert {
    table: "dirty",
    columns: &[("advisory", Column::Int), ("stamp", Column::Int)],
    conflict: "ON CONFLICT (advisory) DO UPDATE SET stamp = excluded.stamp",
};

/// A moment in the order of markings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub(crate) i64);

/// Advisories to match again, and the moment they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    /// Give this back with the verdicts.
    pub seen: Stamp,
    /// Ids, the newest CVEs first.
    pub advisories: Vec<String>,
}

impl Db {
    /// Up to `limit` advisories that must be matched again.
    ///
    /// # Errors
    /// As every read.
    pub fn dirty_advisories(&self, limit: usize) -> Result<Dirty> {
        self.read(|session| {
            let seen = Stamp(current(session)?);
            let numbers = session.list(
                "SELECT advisory FROM dirty ORDER BY advisory DESC LIMIT ?1",
                &[Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))],
                |row| row.int(0),
            )?;
            let advisories = numbers
                .into_iter()
                .map(|number| names::advisory_id(session, number))
                .collect::<Result<_>>()?;
            Ok(Dirty { seen, advisories })
        })
    }

    /// How many advisories must be matched again.
    ///
    /// # Errors
    /// As every read.
    pub fn dirty_count(&self) -> Result<u64> {
        self.read(|session| {
            Ok(session
                .number("SELECT count(*) FROM dirty", &[])?
                .cast_unsigned())
        })
    }

    /// Marks every advisory, e.g. when the matcher has changed.
    ///
    /// # Errors
    /// As every write.
    pub fn mark_all_dirty(&self) -> Result<()> {
        self.write(mark_all)
    }
}

/// The newest stamp: as long as it stays, no record and no package has changed.
pub(crate) fn newest(session: &mut Session<'_>) -> Result<Stamp> {
    current(session).map(Stamp)
}

pub(crate) fn mark_all(session: &mut Session<'_>) -> Result<()> {
    let stamp = next(session)?;
    session.run(
        "INSERT INTO dirty (advisory, stamp) \
         SELECT advisory, CAST(?1 AS bigint) FROM (SELECT advisory FROM advisory_record UNION SELECT advisory FROM match_set) AS known \
         WHERE true ON CONFLICT (advisory) DO UPDATE SET stamp = excluded.stamp",
        &[Value::Int(stamp)],
    )?;
    Ok(())
}

pub(crate) fn mark(session: &mut Session<'_>, advisories: &[i64]) -> Result<()> {
    if advisories.is_empty() {
        return Ok(());
    }
    let stamp = next(session)?;
    let rows: Vec<Value<'_>> = advisories
        .iter()
        .flat_map(|advisory| [Value::Int(*advisory), Value::Int(stamp)])
        .collect();
    session.insert(&DIRTY, &rows)?;
    Ok(())
}

/// Marks the advisories that looked for packages under any of these keys when they were last
/// matched. One that was never matched is marked already.
pub(crate) fn mark_keys(session: &mut Session<'_>, keys: &[i64]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let stamp = next(session)?;
    session.run(
        "INSERT INTO dirty (advisory, stamp) \
         SELECT DISTINCT advisory, CAST(?1 AS BIGINT) FROM lookup_key WHERE key IN EACH_INT(?2) \
         ON CONFLICT (advisory) DO UPDATE SET stamp = excluded.stamp",
        &[Value::Int(stamp), Value::Ints(keys)],
    )?;
    Ok(())
}

/// Takes the marks off that were there when the stamp was read.
pub(crate) fn clear(session: &mut Session<'_>, advisories: &[i64], seen: Stamp) -> Result<()> {
    session.run(
        "DELETE FROM dirty WHERE advisory IN EACH_INT(?1) AND stamp <= ?2",
        &[Value::Ints(advisories), Value::Int(seen.0)],
    )?;
    Ok(())
}

fn current(session: &mut Session<'_>) -> Result<i64> {
    let stamp = session.first(
        "SELECT value FROM setting WHERE name = 'stamp'",
        &[],
        |row| Ok(row.text(0)?.to_owned()),
    )?;
    stamp.map_or(Ok(0), |stamp| {
        stamp
            .parse()
            .map_err(|_| DbError::damaged("setting stamp", &stamp))
    })
}

fn next(session: &mut Session<'_>) -> Result<i64> {
    let next = current(session)? + 1;
    session.run(
        "INSERT INTO setting (name, value) VALUES ('stamp', ?1) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Text(&next.to_string())],
    )?;
    Ok(next)
}
