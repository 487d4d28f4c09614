//! What follows from the stored documents, and can be made anew: search text and keys.

use std::ops::ControlFlow;

use snowguard_advisory::model::Record;
use snowguard_matching::keys;

use crate::db::Db;
use crate::dirty;
use crate::error::Result;
use crate::numbers;
use crate::packages::stage;
use crate::people;
use crate::records::prepare;
use crate::search;
use crate::session::{Column, Dialect, Insert, Session, Value};

/// Documents handled at once.
const CHUNK: i64 = 2000;

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
                    .map(|(id, record)| (*id, prepare::search_text(record)))
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

    /// Derives the keys of current packages anew and marks every advisory, when the stored ones were
    /// derived in another way than [`keys::DERIVATION`]. An advisory's own keys are derived
    /// whenever it is matched. How many packages had other keys; nothing when all is as it should be.
    ///
    /// # Errors
    /// As every write.
    pub fn rekey(&self) -> Result<Option<u64>> {
        if !self.read(|session| has_note(session, OWNED))? {
            self.write(|session| self.derive_owners(session))?;
        }
        if self.read(derived_as)? == Some(keys::DERIVATION) {
            return Ok(None);
        }
        self.write(|session| {
            let changed = self.rekey_packages(session)?;
            dirty::mark_all(session)?;
            note(session, DERIVED_AS, &keys::DERIVATION.to_string())?;
            Ok(Some(changed))
        })
    }

    /// Whose packages are whose, for a database that was filled before that was kept.
    fn derive_owners(&self, session: &mut Session<'_>) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = session.list(
                "SELECT id, channel, attribute, body FROM package WHERE id > ?1 AND until IS NULL ORDER BY id LIMIT ?2",
                &[Value::Int(after), Value::Int(CHUNK)],
                |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?, self.unpack_package(row.blob(3)?)?)),
            )?;
            let Some((last, ..)) = rows.last() else {
                return note(session, OWNED, "1");
            };
            after = *last;
            for (_, channel, attribute, package) in &rows {
                let owners = [(*attribute, people::owners(package))];
                people::put_owners(session, *channel, &[*attribute], &owners)?;
            }
        }
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
                    replace_keys(session, *id, before, &now)?;
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
                "SELECT id, name, body FROM record WHERE id > ?1 ORDER BY id LIMIT ?2",
                &[Value::Int(after), Value::Int(CHUNK)],
                &mut |row| {
                    let name = row.text(1)?;
                    let document = self.packer().unpack(row.blob(2)?, name)?;
                    let record = prepare::model(&document, name)?;
                    chunk.push((row.int(0)?, record));
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

/// Number and model of a record.
type StoredRecord = (i64, Record);
type RecordWork<'w> = dyn FnMut(&mut Session<'_>, &[StoredRecord]) -> Result<()> + 'w;

/// The name under which the derivation of the stored keys is kept.
const DERIVED_AS: &str = "key_derivation";

/// The name under which it is kept that packages have owners.
const OWNED: &str = "owners_derived";

fn derived_as(session: &mut Session<'_>) -> Result<Option<u32>> {
    let kept = session.first(
        "SELECT value FROM setting WHERE name = ?1",
        &[Value::Text(DERIVED_AS)],
        |row| Ok(row.text(0)?.to_owned()),
    )?;
    // What is no number was not written by this program: derive anew.
    Ok(kept.and_then(|number| number.parse().ok()))
}

fn has_note(session: &mut Session<'_>, name: &str) -> Result<bool> {
    let noted = session.number(
        "SELECT count(*) FROM setting WHERE name = ?1",
        &[Value::Text(name)],
    )?;
    Ok(noted > 0)
}

fn note(session: &mut Session<'_>, name: &str, value: &str) -> Result<()> {
    session.run(
        "INSERT INTO setting (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Text(name), Value::Text(value)],
    )?;
    Ok(())
}

/// Keeps that all that is derived is derived as this program does it.
pub(crate) fn note_derivation(session: &mut Session<'_>) -> Result<()> {
    note(session, DERIVED_AS, &keys::DERIVATION.to_string())?;
    note(session, OWNED, "1")
}

/// Makes way for the notes of another database.
pub(super) fn forget_derivation(session: &mut Session<'_>) -> Result<()> {
    for name in [DERIVED_AS, OWNED] {
        session.run("DELETE FROM setting WHERE name = ?1", &[Value::Text(name)])?;
    }
    Ok(())
}

fn numbers_of(keys: Vec<keys::Key>) -> Vec<i64> {
    let mut numbers: Vec<i64> = keys.into_iter().map(keys::Key::to_i64).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn replace_keys(
    session: &mut Session<'_>,
    package: i64,
    before: &[i64],
    now: &[i64],
) -> Result<()> {
    let gone: Vec<[i64; 2]> = before
        .iter()
        .filter(|key| !now.contains(key))
        .map(|key| [*key, package])
        .collect();
    session.delete(PACKAGE_KEY.table, ["key", "package"], &gone)?;
    let come: Vec<Value<'_>> = now
        .iter()
        .filter(|key| !before.contains(key))
        .flat_map(|key| [Value::Int(*key), Value::Int(package)])
        .collect();
    session.insert(&PACKAGE_KEY, &come).map(drop)
}
