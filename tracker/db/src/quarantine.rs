//! Records that could not be read: kept with file, place and reason until they can.

use serde::Serialize;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::Value;
use crate::time::Millis;

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// Id of the record where it could be made out, else its place in the file.
    pub record: String,
    /// File or URL.
    pub file: String,
    /// Byte offset in the file.
    pub offset: u64,
    /// Why it could not be read; hostile text.
    pub reason: String,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
}

/// An entry of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// Name of the feed.
    pub feed: String,
    /// Id of the record, or its place.
    pub record: String,
    /// File or URL.
    pub file: String,
    /// Byte offset in the file.
    pub offset: u64,
    /// Why it could not be read; hostile text.
    pub reason: String,
    /// When it came first.
    pub first_seen: Millis,
    /// When it came last with other bytes.
    pub last_seen: Millis,
    /// How many different contents were refused.
    pub times: u64,
}

impl Db {
    /// Puts a record into quarantine. The same bytes again are not counted anew. True when the
    /// entry is new or its bytes differ.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown feed.
    pub fn quarantine_put(&self, feed: &str, entry: &QuarantineEntry, now: Millis) -> Result<bool> {
        self.write(|session| {
            let feed = session
                .first("SELECT id FROM feed WHERE name = ?1", &[Value::Text(feed)], |row| row.int(0))?
                .ok_or_else(|| DbError::Missing { what: "feed", name: feed.to_owned() })?;
            let place = i64::try_from(entry.offset).unwrap_or(i64::MAX);
            let touched = session.run(
                "INSERT INTO quarantine (feed, record, file, place, reason, digest, first_seen, last_seen, times) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 1) ON CONFLICT (feed, record) DO UPDATE SET \
                 file = excluded.file, place = excluded.place, reason = excluded.reason, digest = excluded.digest, \
                 last_seen = excluded.last_seen, times = quarantine.times + 1 WHERE quarantine.digest <> excluded.digest",
                &[
                    Value::Int(feed),
                    Value::Text(&entry.record),
                    Value::Text(&entry.file),
                    Value::Int(place),
                    Value::Text(&entry.reason),
                    Value::Blob(&entry.digest),
                    Value::Int(now.get()),
                ],
            )?;
            Ok(touched > 0)
        })
    }

    /// The quarantine, of one feed or of all, by feed and record.
    ///
    /// # Errors
    /// As every read.
    pub fn quarantine_list(&self, feed: Option<&str>) -> Result<Vec<Quarantined>> {
        self.read(|session| {
            session.list(
                "SELECT feed.name, quarantine.record, quarantine.file, quarantine.place, quarantine.reason, \
                 quarantine.first_seen, quarantine.last_seen, quarantine.times \
                 FROM quarantine JOIN feed ON feed.id = quarantine.feed \
                 WHERE ?1 = '' OR feed.name = ?1 ORDER BY feed.name, quarantine.record",
                &[Value::Text(feed.unwrap_or_default())],
                |row| {
                    Ok(Quarantined {
                        feed: row.text(0)?.to_owned(),
                        record: row.text(1)?.to_owned(),
                        file: row.text(2)?.to_owned(),
                        offset: row.int(3)?.cast_unsigned(),
                        reason: row.text(4)?.to_owned(),
                        first_seen: Millis::new(row.int(5)?),
                        last_seen: Millis::new(row.int(6)?),
                        times: row.int(7)?.cast_unsigned(),
                    })
                },
            )
        })
    }

    /// Takes records out of quarantine: they could be read. How many were in it.
    ///
    /// # Errors
    /// As every write.
    pub fn quarantine_clear(&self, feed: &str, records: &[&str]) -> Result<u64> {
        // Most batches clear nothing; then there is nothing to write either.
        let test = "feed = (SELECT id FROM feed WHERE name = ?1) AND record IN EACH_TEXT(?2)";
        let params = [Value::Text(feed), Value::Texts(records)];
        let found = self.read(|session| {
            session.number(
                &format!("SELECT count(*) FROM quarantine WHERE {test}"),
                &params,
            )
        })?;
        if found == 0 {
            return Ok(0);
        }
        self.write(|session| session.run(&format!("DELETE FROM quarantine WHERE {test}"), &params))
    }
}
