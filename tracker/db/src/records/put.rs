//! Storing a batch of records in one transaction.

use rustc_hash::{FxHashMap, FxHashSet};

use super::history::{Change, change};
use super::prepare::dictionary_kind;
use super::{PreparedRecord, PutOutcome, RecordBatch, StalePolicy, source_number};
use crate::db::Db;
use crate::dirty;
use crate::error::Result;
use crate::feeds;
use crate::names;
use crate::numbers;
use crate::search;
use crate::session::{Column, Insert, Session, Value};
use crate::tally;

const RECORD: Insert<'static> = Insert {
    table: "record",
    columns: &[
        ("id", Column::Int),
        ("source", Column::Int),
        ("name", Column::Text),
        ("state", Column::Int),
        ("published", Column::Int),
        ("modified", Column::Int),
        ("severity", Column::Int),
        ("title", Column::Text),
        ("digest", Column::Blob),
        ("body", Column::Blob),
        ("advisories", Column::Blob),
        ("origin", Column::Text),
        ("run", Column::Int),
        ("first_seen", Column::Int),
        ("changed", Column::Int),
    ],
    conflict: "ON CONFLICT (id) DO UPDATE SET state = excluded.state, published = excluded.published, \
               modified = excluded.modified, severity = excluded.severity, title = excluded.title, \
               digest = excluded.digest, body = excluded.body, \
               advisories = excluded.advisories, origin = excluded.origin, run = excluded.run, \
               changed = excluded.changed",
};

const RECORD_CHANGE: Insert<'static> = Insert {
    table: "record_change",
    columns: &[
        ("record", Column::Int),
        ("number", Column::Int),
        ("at", Column::Int),
        ("run", Column::Int),
        ("whole", Column::Int),
        ("body", Column::Blob),
    ],
    conflict: "",
};

const ADVISORY_RECORD: Insert<'static> = Insert {
    table: "advisory_record",
    columns: &[("advisory", Column::Int), ("record", Column::Int)],
    conflict: "ON CONFLICT DO NOTHING",
};

/// What is stored of a record that comes again.
struct Stored {
    id: i64,
    digest: Vec<u8>,
    modified: Option<i64>,
}

/// What a changed record replaces.
struct Replaced {
    body: Vec<u8>,
    advisories: Vec<i64>,
}

/// A record that is written, with the row it goes to.
struct Write<'b> {
    record: &'b PreparedRecord,
    id: i64,
    advisories: Vec<i64>,
    replaced: Option<Replaced>,
}

impl Db {
    /// Stores a batch and the feed's cursor in one transaction: a kill at any moment leaves either
    /// both or neither. A record with new content replaces the stored one and its search text; the difference goes to its history, and the advisories it belongs or belonged to are
    /// marked dirty.
    ///
    /// # Errors
    /// As every write; [`crate::DbError::Damaged`] when a stored record cannot be read to be compared.
    pub fn put_records(&self, batch: &RecordBatch<'_>) -> Result<PutOutcome> {
        self.write(|session| {
            let mut outcome = PutOutcome::default();
            let chosen = without_duplicates(&batch.records, &mut outcome);
            let stored = find_stored(session, &chosen)?;
            let mut writes = plan(session, batch, chosen, &stored, &mut outcome)?;
            load_replaced(session, &mut writes, &stored)?;
            let relearnt = self.learn_from(session, &writes)?;
            write_records(session, batch, &writes, &relearnt)?;
            self.write_history(session, batch, &writes)?;
            tally::advisories_around(session, &touched(&writes), |session| {
                write_index(session, &writes)
            })?;
            tally_new(session, &writes)?;
            search::put_records(
                session,
                writes.iter().map(|write| search::Text {
                    id: write.id,
                    head: &write.record.head,
                    body: &write.record.text,
                    replaces: write.replaced.is_some(),
                }),
            )?;
            dirty::mark(session, &touched(&writes))?;
            feeds::set_cursor(session, batch.run, batch.cursor)?;
            Ok(outcome)
        })
    }

    /// The first large batch of a source trains its dictionary, and is packed again with it.
    fn learn_from(
        &self,
        session: &mut Session<'_>,
        writes: &[Write<'_>],
    ) -> Result<FxHashMap<i64, Vec<u8>>> {
        let mut repacked = FxHashMap::default();
        let sources: FxHashSet<i64> = writes
            .iter()
            .map(|write| source_number(write.record.source))
            .collect();
        for source in sources {
            let kind = dictionary_kind(source);
            if self.packer().has(&kind) {
                continue;
            }
            let documents = writes
                .iter()
                .filter(|write| source_number(write.record.source) == source)
                .map(|write| {
                    Ok((
                        write.id,
                        self.packer()
                            .unpack(&write.record.body, &write.record.name)?,
                    ))
                })
                .collect::<Result<Vec<_>>>()?;
            let samples = documents.iter().map(|(_, document)| document.as_slice());
            let Some(dictionary) = self.learn(session, &kind, samples)? else {
                continue;
            };
            for (id, document) in &documents {
                repacked.insert(*id, self.packer().pack_with(&dictionary, document)?);
            }
        }
        Ok(repacked)
    }

    fn write_history(
        &self,
        session: &mut Session<'_>,
        batch: &RecordBatch<'_>,
        writes: &[Write<'_>],
    ) -> Result<()> {
        let mut rows: Vec<(i64, i64, Change)> = Vec::new();
        for write in writes {
            let Some(replaced) = &write.replaced else {
                continue;
            };
            let name = &write.record.name;
            let old = self.packer().unpack(&replaced.body, name)?;
            let new = self.packer().unpack(&write.record.body, name)?;
            let Some(change) = change(self.packer(), name, &old, &new)? else {
                continue;
            };
            let number = session.number(
                "SELECT max(number) FROM record_change WHERE record = ?1",
                &[Value::Int(write.id)],
            )? + 1;
            rows.push((write.id, number, change));
        }
        let values: Vec<Value<'_>> = rows
            .iter()
            .flat_map(|(id, number, change)| {
                [
                    Value::Int(*id),
                    Value::Int(*number),
                    Value::Int(batch.now.get()),
                    Value::Int(batch.run.get()),
                    Value::Int(i64::from(change.whole)),
                    Value::Blob(&change.body),
                ]
            })
            .collect();
        session.insert(&RECORD_CHANGE, &values)?;
        Ok(())
    }
}

/// The advisories that the records belong or belonged to, each once, in order.
fn touched(writes: &[Write<'_>]) -> Vec<i64> {
    let old = writes
        .iter()
        .filter_map(|write| write.replaced.as_ref())
        .flat_map(|replaced| &replaced.advisories);
    let mut all: Vec<i64> = writes
        .iter()
        .flat_map(|write| &write.advisories)
        .chain(old)
        .copied()
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn tally_new(session: &mut Session<'_>, writes: &[Write<'_>]) -> Result<()> {
    for source in 0..4 {
        let new = writes
            .iter()
            .filter(|write| {
                write.replaced.is_none() && source_number(write.record.source) == source
            })
            .count();
        tally::add(session, &tally::records(source), new as i64)?;
    }
    Ok(())
}

/// Of several records with one id the newest stays; of equally new ones the last.
fn without_duplicates<'b>(
    records: &'b [PreparedRecord],
    outcome: &mut PutOutcome,
) -> Vec<&'b PreparedRecord> {
    let mut places: FxHashMap<(i64, &str), usize> = FxHashMap::default();
    let mut chosen: Vec<&PreparedRecord> = Vec::with_capacity(records.len());
    for record in records {
        match places.entry((source_number(record.source), record.name.as_str())) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(chosen.len());
                chosen.push(record);
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                outcome.duplicate += 1;
                let standing = &mut chosen[*place.get()];
                if !is_older(record.modified, standing.modified) {
                    *standing = record;
                }
            }
        }
    }
    chosen
}

/// A time that is not given says nothing, so such a record is never taken for the older one.
fn is_older(coming: Option<i64>, standing: Option<i64>) -> bool {
    matches!((coming, standing), (Some(coming), Some(standing)) if coming < standing)
}

fn find_stored(
    session: &mut Session<'_>,
    records: &[&PreparedRecord],
) -> Result<FxHashMap<(i64, String), Stored>> {
    let mut by_source: FxHashMap<i64, Vec<&str>> = FxHashMap::default();
    for record in records {
        by_source
            .entry(source_number(record.source))
            .or_default()
            .push(&record.name);
    }
    let mut found = FxHashMap::default();
    for (source, names) in by_source {
        let rows = session.list(
            "SELECT name, id, digest, modified FROM record WHERE source = ?1 AND name IN EACH_TEXT(?2)",
            &[Value::Int(source), Value::Texts(&names)],
            |row| {
                let stored = Stored { id: row.int(1)?, digest: row.blob(2)?.to_vec(), modified: row.opt_int(3)? };
                Ok(((source, row.text(0)?.to_owned()), stored))
            },
        )?;
        found.extend(rows);
    }
    Ok(found)
}

/// Decides for each record whether and where it is written.
fn plan<'b>(
    session: &mut Session<'_>,
    batch: &RecordBatch<'_>,
    records: Vec<&'b PreparedRecord>,
    stored: &FxHashMap<(i64, String), Stored>,
    outcome: &mut PutOutcome,
) -> Result<Vec<Write<'b>>> {
    let mut next = session.number("SELECT max(id) FROM record", &[])?;
    let mut writes = Vec::new();
    for record in records {
        let id = match stored.get(&(source_number(record.source), record.name.clone())) {
            Some(known) if known.digest == record.digest => {
                outcome.unchanged += 1;
                continue;
            }
            Some(known)
                if batch.policy == StalePolicy::KeepNewer
                    && is_older(record.modified, known.modified) =>
            {
                outcome.stale += 1;
                continue;
            }
            Some(known) => {
                outcome.changed += 1;
                known.id
            }
            None => {
                outcome.new += 1;
                next += 1;
                next
            }
        };
        writes.push(Write {
            record,
            id,
            advisories: Vec::new(),
            replaced: None,
        });
    }
    let numbers = names::advisories(
        session,
        writes.iter().flat_map(|write| &write.record.advisories),
    )?;
    for write in &mut writes {
        write.advisories = write
            .record
            .advisories
            .iter()
            .filter_map(|name| numbers.get(name).copied())
            .collect();
        write.advisories.sort_unstable();
    }
    Ok(writes)
}

fn load_replaced(
    session: &mut Session<'_>,
    writes: &mut [Write<'_>],
    stored: &FxHashMap<(i64, String), Stored>,
) -> Result<()> {
    if stored.is_empty() {
        return Ok(());
    }
    let places: FxHashMap<i64, usize> = writes
        .iter()
        .enumerate()
        .map(|(place, write)| (write.id, place))
        .collect();
    let ids: Vec<i64> = stored
        .values()
        .map(|known| known.id)
        .filter(|id| places.contains_key(id))
        .collect();
    let rows = session.list(
        "SELECT id, body, advisories FROM record WHERE id IN EACH_INT(?1)",
        &[Value::Ints(&ids)],
        |row| {
            let replaced = Replaced {
                body: row.blob(1)?.to_vec(),
                advisories: numbers::from_list(row.blob(2)?)?,
            };
            Ok((row.int(0)?, replaced))
        },
    )?;
    for (id, replaced) in rows {
        if let Some(&place) = places.get(&id) {
            writes[place].replaced = Some(replaced);
        }
    }
    Ok(())
}

fn write_records(
    session: &mut Session<'_>,
    batch: &RecordBatch<'_>,
    writes: &[Write<'_>],
    repacked: &FxHashMap<i64, Vec<u8>>,
) -> Result<()> {
    let lists: Vec<Vec<u8>> = writes
        .iter()
        .map(|write| numbers::to_list(&write.advisories))
        .collect();
    let mut values = Vec::with_capacity(writes.len() * RECORD.columns.len());
    for (write, advisories) in writes.iter().zip(&lists) {
        let record = write.record;
        values.extend([
            Value::Int(write.id),
            Value::Int(source_number(record.source)),
            Value::Text(&record.name),
            Value::Int(record.state),
            record.published.into(),
            record.modified.into(),
            Value::Int(record.severity),
            Value::Text(&record.title),
            Value::Blob(&record.digest),
            Value::Blob(repacked.get(&write.id).unwrap_or(&record.body)),
            Value::Blob(advisories),
            Value::Text(&record.origin),
            Value::Int(batch.run.get()),
            Value::Int(batch.now.get()),
            Value::Int(batch.now.get()),
        ]);
    }
    session.insert(&RECORD, &values)?;
    Ok(())
}

/// Memberships: only what differs is touched, in the order of the index.
fn write_index(session: &mut Session<'_>, writes: &[Write<'_>]) -> Result<()> {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for write in writes {
        let new = &write.advisories;
        let old = write
            .replaced
            .as_ref()
            .map_or(&[][..], |replaced| &replaced.advisories);
        let differs = |of: &[i64], from: &[i64]| -> Vec<[i64; 2]> {
            of.iter()
                .filter(|advisory| !from.contains(advisory))
                .map(|advisory| [*advisory, write.id])
                .collect()
        };
        gone.extend(differs(old, new));
        come.extend(differs(new, old));
    }
    gone.sort_unstable();
    come.sort_unstable();
    session.delete(ADVISORY_RECORD.table, ["advisory", "record"], &gone)?;
    let values: Vec<Value<'_>> = come
        .iter()
        .flatten()
        .map(|number| Value::Int(*number))
        .collect();
    session.insert(&ADVISORY_RECORD, &values)?;
    Ok(())
}

impl From<PutOutcome> for crate::feeds::RunCounts {
    fn from(outcome: PutOutcome) -> Self {
        let PutOutcome {
            new,
            changed,
            unchanged,
            stale,
            duplicate,
        } = outcome;
        Self {
            new,
            changed,
            unchanged,
            stale,
            duplicate,
            ..Self::default()
        }
    }
}
