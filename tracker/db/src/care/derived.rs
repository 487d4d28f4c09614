//! What follows from the stored documents, and can be made anew: search text and keys.

use std::ops::ControlFlow;

use sha2::{Digest, Sha256};
use snowguard_advisory::model::Record;
use snowguard_matching::keys;

use crate::db::Db;
use crate::dirty;
use crate::error::Result;
use crate::numbers;
use crate::packages::stage;
use crate::records::prepare;
use crate::search;
use crate::session::{Column, Dialect, Insert, Session, Value};

/// Documents handled at once.
const CHUNK: i64 = 2000;

const RECORD_KEY: Insert<'static> = Insert {
    table: "record_key",
    columns: &[("key", Column::Int), ("record", Column::Int)],
    conflict: "",
};
const PACKAGE_KEY: Insert<'static> = Insert {
    table: "package_key",
    columns: &[("key", Column::Int), ("package", Column::Int)],
    conflict: "",
};

impl Db {
    /// Makes the search indexes anew.
    ///
    /// # Errors
    /// As every write.
    pub fn rebuild_search(&self) -> Result<()> {
        self.write(|session| {
            for table in ["record_search", "attribute_search"] {
                match session.dialect() {
                    Dialect::Sqlite => session.run(
                        &format!("INSERT INTO {table} ({table}) VALUES ('delete-all')"),
                        &[],
                    )?,
                    Dialect::Postgres => session.run(&format!("DELETE FROM {table}"), &[])?,
                };
            }
            self.each_record(session, &mut |session, chunk| {
                let texts: Vec<_> = chunk
                    .iter()
                    .map(|(id, _, record, _)| (*id, prepare::search_text(record)))
                    .collect();
                search::put_records(
                    session,
                    texts.iter().map(|(id, (head, body))| search::Text {
                        id: *id,
                        head,
                        body,
                        replaces: false,
                    }),
                )
            })?;
            self.rebuild_attribute_search(session)
        })
    }

    fn rebuild_attribute_search(&self, session: &mut Session<'_>) -> Result<()> {
        let mut after = 0;
        loop {
            // Of an attribute in several channels the last loaded row speaks, as in a load.
            let rows = session.list(
                "SELECT attribute, body FROM package WHERE id IN (SELECT max(id) FROM package WHERE attribute > ?1 \
                 AND attribute <= ?2 GROUP BY attribute) ORDER BY attribute",
                &[Value::Int(after), Value::Int(after + CHUNK)],
                |row| Ok((row.int(0)?, self.unpack_package(row.blob(1)?)?)),
            )?;
            let texts: Vec<_> = rows
                .iter()
                .map(|(id, package)| (*id, stage::search_text(package)))
                .collect();
            search::put_attributes(
                session,
                texts.iter().map(|(id, (head, body))| search::Text {
                    id: *id,
                    head,
                    body,
                    replaces: false,
                }),
            )?;
            after += CHUNK;
            if after > session.number("SELECT max(id) FROM attribute", &[])? {
                return Ok(());
            }
        }
    }

    /// Derives the keys of all records and current packages anew, after the matcher's idea of keys
    /// has changed, and marks every advisory when any differ. How many documents had other keys.
    ///
    /// # Errors
    /// As every write.
    pub fn rekey(&self) -> Result<u64> {
        self.write(|session| {
            let mut changed = 0;
            self.each_record(session, &mut |session, chunk| {
                for (id, document, record, before) in chunk {
                    let now = numbers_of(keys::of_record(record));
                    if now == *before {
                        continue;
                    }
                    changed += 1;
                    replace_keys(session, &RECORD_KEY, *id, before, &now)?;
                    let list = numbers::to_list(&now);
                    let digest: [u8; 32] = Sha256::new()
                        .chain_update(document)
                        .chain_update(&list)
                        .finalize()
                        .into();
                    session.run(
                        "UPDATE record SET keys = ?2, digest = ?3 WHERE id = ?1",
                        &[Value::Int(*id), Value::Blob(&list), Value::Blob(&digest)],
                    )?;
                }
                Ok(())
            })?;
            changed += self.rekey_packages(session)?;
            if changed > 0 {
                dirty::mark_all(session)?;
            }
            Ok(changed)
        })
    }

    fn rekey_packages(&self, session: &mut Session<'_>) -> Result<u64> {
        let (mut after, mut changed) = (0, 0);
        loop {
            let rows = session.list(
                "SELECT id, body, keys FROM package WHERE id > ?1 AND until IS NULL ORDER BY id LIMIT ?2",
                &[Value::Int(after), Value::Int(CHUNK)],
                |row| Ok((row.int(0)?, self.unpack_package(row.blob(1)?)?, numbers::from_list(row.blob(2)?)?)),
            )?;
            let Some((last, ..)) = rows.last() else {
                return Ok(changed);
            };
            after = *last;
            for (id, package, before) in &rows {
                let now = numbers_of(keys::of_package(package));
                if now != *before {
                    changed += 1;
                    replace_keys(session, &PACKAGE_KEY, *id, before, &now)?;
                    session.run(
                        "UPDATE package SET keys = ?2 WHERE id = ?1",
                        &[Value::Int(*id), Value::Blob(&numbers::to_list(&now))],
                    )?;
                }
            }
        }
    }

    fn each_record(&self, session: &mut Session<'_>, work: &mut RecordWork<'_>) -> Result<()> {
        let mut after = 0;
        loop {
            let mut chunk = Vec::new();
            session.each(
                "SELECT id, name, body, keys FROM record WHERE id > ?1 ORDER BY id LIMIT ?2",
                &[Value::Int(after), Value::Int(CHUNK)],
                &mut |row| {
                    let name = row.text(1)?;
                    let document = self.packer().unpack(row.blob(2)?, name)?;
                    let record = prepare::model(&document, name)?;
                    chunk.push((
                        row.int(0)?,
                        document,
                        record,
                        numbers::from_list(row.blob(3)?)?,
                    ));
                    Ok(ControlFlow::Continue(()))
                },
            )?;
            let Some((last, ..)) = chunk.last() else {
                return Ok(());
            };
            after = *last;
            work(session, &chunk)?;
        }
    }
}

/// Number, stored document, model and keys of a record.
type StoredRecord = (i64, Vec<u8>, Record, Vec<i64>);
type RecordWork<'w> = dyn FnMut(&mut Session<'_>, &[StoredRecord]) -> Result<()> + 'w;

fn numbers_of(keys: Vec<keys::Key>) -> Vec<i64> {
    let mut numbers: Vec<i64> = keys.into_iter().map(keys::Key::to_i64).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn replace_keys(
    session: &mut Session<'_>,
    into: &Insert<'_>,
    row: i64,
    before: &[i64],
    now: &[i64],
) -> Result<()> {
    let gone: Vec<[i64; 2]> = before
        .iter()
        .filter(|key| !now.contains(key))
        .map(|key| [*key, row])
        .collect();
    session.delete(into.table, [into.columns[0].0, into.columns[1].0], &gone)?;
    let come: Vec<Value<'_>> = now
        .iter()
        .filter(|key| !before.contains(key))
        .flat_map(|key| [Value::Int(*key), Value::Int(row)])
        .collect();
    session.insert(into, &come).map(drop)
}
