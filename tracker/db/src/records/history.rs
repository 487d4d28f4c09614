//! History of a record: for each change the RFC 6902 patch from the newer to the older JSON, so
//! that the current one is read without it and older ones are rebuilt backwards.

use serde_json::Value as Json;
use snowguard_advisory::model::Source;

use super::prepare::split;
use super::source_number;
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::pack::Packer;
use crate::session::{Session, Value};
use crate::time::Millis;

/// A change of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordChange {
    /// 1, 2, 3 … in the order of the changes.
    pub number: u64,
    /// When it was stored.
    pub at: Millis,
    /// RFC 6902 patch from the older to the newer JSON.
    pub patch: Json,
}

/// How to get back to the older document.
pub(crate) struct Change {
    pub(crate) whole: bool,
    pub(crate) body: Vec<u8>,
}

const KIND: &str = "record-change";

/// The step back from `new` to `old` (stored documents), or nothing when their raw JSON says the
/// same.
pub(crate) fn change(
    packer: &Packer,
    name: &str,
    old: &[u8],
    new: &[u8],
) -> Result<Option<Change>> {
    let (old, new) = (split(old).0, split(new).0);
    if old == new {
        return Ok(None);
    }
    let (Ok(before), Ok(after)) = (
        serde_json::from_slice::<Json>(old),
        serde_json::from_slice::<Json>(new),
    ) else {
        return Ok(Some(Change {
            whole: true,
            body: packer.pack(KIND, old)?,
        }));
    };
    if before == after {
        return Ok(None);
    }
    let patch = serde_json::to_vec(&json_patch::diff(&after, &before))
        .map_err(|failed| DbError::damaged(name, failed))?;
    // A patch of a rewritten document can be longer than the document.
    let whole = patch.len() >= old.len();
    let body = packer.pack(KIND, if whole { old } else { &patch })?;
    Ok(Some(Change { whole, body }))
}

impl Db {
    /// The changes of a record, newest first; empty when it never changed.
    ///
    /// `name` is the source's own id, for [`Source::Vendor`] `publisher/id`.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown record, [`DbError::Damaged`].
    pub fn record_history(&self, source: Source, name: &str) -> Result<Vec<RecordChange>> {
        self.read(|session| {
            let mut changes = Vec::new();
            self.walk_back(session, source, name, &mut |number, at, newer, older| {
                let patch = serde_json::to_value(json_patch::diff(older, newer))
                    .map_err(|failed| DbError::damaged(name, failed))?;
                changes.push(RecordChange { number, at, patch });
                Ok(true)
            })?;
            Ok(changes)
        })
    }

    /// The JSON of a record as it was at a time: what was stored by then. Nothing when the record
    /// was not there yet. Equal to what came as JSON; the order of keys is not kept.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown record, [`DbError::Damaged`].
    pub fn record_at(&self, source: Source, name: &str, at: Millis) -> Result<Option<Json>> {
        self.read(|session| {
            let first_seen = session.number(
                "SELECT first_seen FROM record WHERE source = ?1 AND name = ?2",
                &[Value::Int(source_number(source)), Value::Text(name)],
            )?;
            let mut then = None;
            let current =
                self.walk_back(session, source, name, &mut |_, changed, newer, older| {
                    if changed <= at {
                        then.get_or_insert_with(|| newer.clone());
                        return Ok(false);
                    }
                    then = None;
                    let _ = older;
                    Ok(true)
                })?;
            if at.get() < first_seen {
                return Ok(None);
            }
            Ok(then.or(Some(current)))
        })
    }

    /// Visits the changes from the newest to the oldest with the documents on both sides of each,
    /// until `visit` says no. Gives the oldest document reached.
    fn walk_back(
        &self,
        session: &mut Session<'_>,
        source: Source,
        name: &str,
        visit: &mut dyn FnMut(u64, Millis, &Json, &Json) -> Result<bool>,
    ) -> Result<Json> {
        let (id, body) = session
            .first(
                "SELECT id, body FROM record WHERE source = ?1 AND name = ?2",
                &[Value::Int(source_number(source)), Value::Text(name)],
                |row| Ok((row.int(0)?, row.blob(1)?.to_vec())),
            )?
            .ok_or_else(|| DbError::Missing {
                what: "record",
                name: name.to_owned(),
            })?;
        let document = self.packer().unpack(&body, name)?;
        let mut newer = parse(split(&document).0);
        let steps = session.list(
            "SELECT number, at, whole, body FROM record_change WHERE record = ?1 ORDER BY number DESC",
            &[Value::Int(id)],
            |row| Ok((row.int(0)?, row.int(1)?, row.int(2)? != 0, row.blob(3)?.to_vec())),
        )?;
        for (number, at, whole, body) in steps {
            let step = self.packer().unpack(&body, name)?;
            let older = if whole {
                parse(&step)
            } else {
                let patch: json_patch::Patch = serde_json::from_slice(&step)
                    .map_err(|failed| DbError::damaged(name, failed))?;
                let mut older = newer.clone();
                json_patch::patch(&mut older, &patch)
                    .map_err(|failed| DbError::damaged(name, failed))?;
                older
            };
            if !visit(number.cast_unsigned(), Millis::new(at), &newer, &older)? {
                return Ok(newer);
            }
            newer = older;
        }
        Ok(newer)
    }
}

/// A document that is not JSON is shown as text.
fn parse(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(bytes).into_owned()))
}
