//! The Nix database: SQLite, read only, also while Nix writes.
//!
//! Source: Nix's `schema.sql`, schema version 10, tables `ValidPaths`, `Refs` and
//! `DerivationOutputs`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustc_hash::{FxHashMap, FxHashSet};
use snowguard_nix_formats::StorePath;

use super::{InputError, Nix};
use crate::closure::{Closure, PathIndex};

/// So long is waited for another process that has locked the file. Nix itself writes beside it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The closure of some paths.
pub(super) fn closure(nix: &Nix, roots: &[StorePath]) -> Result<Closure, InputError> {
    let database = Opened::open(nix)?;
    let mut ids = Vec::with_capacity(roots.len());
    for root in roots {
        ids.push(database.id(root, nix)?);
    }
    let mut closure = Closure::default();
    database.follow(&mut closure, &ids, nix)?;
    closure.roots = roots.iter().filter_map(|path| closure.find(path)).collect();
    Ok(closure)
}

/// Those of some paths that the database knows.
pub(super) fn known(nix: &Nix, paths: Vec<StorePath>) -> Result<Vec<StorePath>, InputError> {
    let database = Opened::open(nix)?;
    let mut known = Vec::with_capacity(paths.len());
    for path in paths {
        match database.id(&path, nix) {
            Ok(_) => known.push(path),
            Err(InputError::Unknown { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

/// Every path of the store.
pub(super) fn everything(nix: &Nix) -> Result<Closure, InputError> {
    let mut closure = Closure::default();
    Opened::open(nix)?.load(&mut closure, nix)?;
    let mut is_root = vec![true; closure.entries.len()];
    for entry in &closure.entries {
        for reference in &entry.references {
            is_root[reference.0 as usize] = false;
        }
    }
    let all = (0..closure.entries.len()).filter_map(|index| u32::try_from(index).ok());
    closure.roots = all
        .map(PathIndex)
        .filter(|index| is_root[index.0 as usize])
        .collect();
    Ok(closure)
}

struct Opened<'a> {
    connection: Connection,
    path: &'a Path,
}

impl<'a> Opened<'a> {
    /// Opens for reading, in one transaction. An ordinary user may not be able to take part in
    /// SQLite's write-ahead log (its index file is Nix's); then the file alone is read, as it
    /// stood at the last checkpoint.
    fn open(nix: &'a Nix) -> Result<Self, InputError> {
        let path = nix.database.as_path();
        let failed = |reason: String| InputError::Database {
            path: path.to_owned(),
            reason,
        };
        if !path.exists() {
            return Err(failed(
                "it is not there; scan a file instead: what `nix path-info --json -r` prints, a list of paths, \
                 a bill of materials"
                    .to_owned(),
            ));
        }
        let first = match Self::try_open(path, "mode=ro") {
            Ok(connection) => return Ok(Self { connection, path }),
            Err(error) => error,
        };
        // Who holds the whole file, or left a transaction half done in it, has changed pages of it
        // and not others: what stands there now was never the state of the store.
        if first.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
            let patience = PATIENCE.as_secs();
            return Err(failed(format!(
                "another process has locked it for more than {patience} seconds"
            )));
        }
        let journal = path.with_extension("sqlite-journal");
        if std::fs::metadata(&journal).is_ok_and(|found| found.len() > 0) {
            return Err(failed(format!(
                "a transaction was left half done ({} is there), and only Nix itself may end it",
                journal.display()
            )));
        }
        let immutable = Self::try_open(path, "mode=ro&immutable=1");
        // What is wrong with the file, not that nothing may be written beside it, is worth telling.
        immutable
            .map(|connection| Self { connection, path })
            .map_err(|second| failed(second.to_string()))
    }

    fn try_open(path: &Path, query: &str) -> rusqlite::Result<Connection> {
        let mut uri = "file:".to_owned();
        for byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02x}")),
                0x21..=0x7e => uri.push(char::from(*byte)),
                _ => uri.push_str(&format!("%{byte:02x}")),
            }
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(format!("{uri}?{query}"), flags)?;
        connection.busy_timeout(PATIENCE)?;
        // A hostile file: no triggers or views of its own take effect, and no cell is trusted.
        connection.execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; \
             PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema;",
        )?;
        connection.query_row("SELECT id FROM ValidPaths LIMIT 1", [], |_| Ok(()))?;
        Ok(connection)
    }

    fn failed(&self, error: &rusqlite::Error) -> InputError {
        InputError::Database {
            path: self.path.to_owned(),
            reason: error.to_string(),
        }
    }

    fn id(&self, path: &StorePath, nix: &Nix) -> Result<i64, InputError> {
        let full = path.to_absolute(&nix.store);
        let found = self
            .connection
            .prepare_cached("SELECT id FROM ValidPaths WHERE path = ?1")
            .and_then(|mut statement| statement.query_row([&full], |row| row.get(0)));
        match found {
            Ok(id) => Ok(id),
            Err(rusqlite::Error::QueryReturnedNoRows) => Err(InputError::Unknown {
                path: full,
                database: self.path.to_owned(),
            }),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Loads the closure of some ids: each path and each reference is looked up once.
    fn follow(&self, closure: &mut Closure, roots: &[i64], nix: &Nix) -> Result<(), InputError> {
        let mut by_id: FxHashMap<i64, PathIndex> = FxHashMap::default();
        let mut open: Vec<i64> = Vec::with_capacity(roots.len());
        let failed = |error: rusqlite::Error| self.failed(&error);
        let prepare = |sql: &str| self.connection.prepare(sql).map_err(failed);
        let mut path_of = prepare("SELECT path, deriver, ca FROM ValidPaths WHERE id = ?1")?;
        // Several derivations may build one path; each of them counts.
        let mut derivers_of = prepare(
            "SELECT d.path FROM DerivationOutputs o JOIN ValidPaths d ON d.id = o.drv \
             WHERE o.path = ?1",
        )?;
        let mut references_of =
            prepare("SELECT reference FROM Refs WHERE referrer = ?1 ORDER BY reference")?;
        let realised = self.realised()?;
        let mut add = |closure: &mut Closure, id: i64| -> Result<Option<PathIndex>, InputError> {
            let found = path_of.query_row([id], |row| {
                let texts = (row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?);
                Ok((texts.0, texts.1, row.get::<_, Option<String>>(2)?))
            });
            let (text, deriver, address) = match found {
                Ok(found) => found,
                // A half-written database: the reference leads nowhere.
                Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
                Err(error) => return Err(self.failed(&error)),
            };
            let index = closure.add(self.store_path(&text, nix)?);
            let mut derivers = Vec::new();
            if let Some(deriver) = deriver {
                push(&mut derivers, self.store_path(&deriver, nix)?);
            }
            let rows = derivers_of
                .query_map([&text], |row| row.get::<_, String>(0))
                .map_err(failed)?;
            for row in rows {
                push(&mut derivers, self.store_path(&row.map_err(failed)?, nix)?);
            }
            if let Some(entry) = closure.entry_mut(index) {
                entry.derivers = derivers;
                entry.is_fixed = is_fixed(address.as_deref()) && !realised.contains(&id);
            }
            Ok(Some(index))
        };
        for root in roots {
            if !by_id.contains_key(root)
                && let Some(index) = add(closure, *root)?
            {
                by_id.insert(*root, index);
                open.push(*root);
            }
        }
        while let Some(id) = open.pop() {
            let rows = references_of
                .query_map([id], |row| row.get::<_, i64>(0))
                .map_err(failed)?;
            let mut references = Vec::new();
            let mut refers = false;
            for row in rows {
                let to = row.map_err(failed)?;
                refers = true;
                if to == id {
                    continue;
                }
                let index = match by_id.get(&to) {
                    Some(index) => *index,
                    None => {
                        let Some(index) = add(closure, to)? else {
                            continue;
                        };
                        by_id.insert(to, index);
                        open.push(to);
                        index
                    }
                };
                references.push(index);
            }
            if let Some(entry) = by_id.get(&id).and_then(|index| closure.entry_mut(*index)) {
                entry.references = references;
                entry.is_fixed &= !refers;
            }
        }
        Ok(())
    }

    /// The paths that derivations built whose outputs are named by their content: these look like
    /// what was fetched. Only a database that had such a feature turned on has the table.
    fn realised(&self) -> Result<FxHashSet<i64>, InputError> {
        let mut found = FxHashSet::default();
        let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let tables: i64 = self
            .connection
            .query_row(table, ["Realisations"], |row| row.get(0))
            .map_err(|error| self.failed(&error))?;
        if tables > 0 {
            self.each(
                "SELECT outputPath FROM Realisations",
                |row| row.get::<_, i64>(0),
                |id| {
                    found.insert(id);
                    Ok(())
                },
            )?;
        }
        Ok(found)
    }

    /// Loads everything, table by table.
    fn load(&self, closure: &mut Closure, nix: &Nix) -> Result<(), InputError> {
        let mut by_id: FxHashMap<i64, PathIndex> = FxHashMap::default();
        let realised = self.realised()?;
        self.each(
            "SELECT id, path, deriver, ca FROM ValidPaths",
            |row| {
                let id: i64 = row.get(0)?;
                let path: String = row.get(1)?;
                let deriver: Option<String> = row.get(2)?;
                let address: Option<String> = row.get(3)?;
                Ok((id, path, deriver, address))
            },
            |(id, path, deriver, address)| {
                let path = self.store_path(&path, nix)?;
                let index = closure.add(path);
                by_id.insert(id, index);
                let Some(entry) = closure.entry_mut(index) else {
                    return Ok(());
                };
                entry.is_fixed = is_fixed(address.as_deref()) && !realised.contains(&id);
                if let Some(deriver) = deriver {
                    push(&mut entry.derivers, self.store_path(&deriver, nix)?);
                }
                Ok(())
            },
        )?;
        self.each(
            "SELECT v.id, d.path FROM DerivationOutputs o JOIN ValidPaths v ON v.path = o.path \
             JOIN ValidPaths d ON d.id = o.drv",
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
            |(id, deriver)| {
                let deriver = self.store_path(&deriver, nix)?;
                if let Some(entry) = by_id.get(&id).and_then(|index| closure.entry_mut(*index)) {
                    push(&mut entry.derivers, deriver);
                }
                Ok(())
            },
        )?;
        // A pair stands once in the table, by its primary key.
        self.each(
            "SELECT referrer, reference FROM Refs",
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            |(from, to)| {
                let (Some(from), Some(to)) = (by_id.get(&from), by_id.get(&to)) else {
                    return Ok(());
                };
                if let Some(entry) = closure.entry_mut(*from) {
                    entry.is_fixed = false;
                    if from != to {
                        entry.references.push(*to);
                    }
                }
                Ok(())
            },
        )
    }

    fn each<T>(
        &self,
        sql: &str,
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
        mut take: impl FnMut(T) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let mut statement = self
            .connection
            .prepare(sql)
            .map_err(|error| self.failed(&error))?;
        let rows = statement
            .query_map([], |row| read(row))
            .map_err(|error| self.failed(&error))?;
        for row in rows {
            take(row.map_err(|error| self.failed(&error))?)?;
        }
        Ok(())
    }

    fn store_path(&self, text: &str, nix: &Nix) -> Result<StorePath, InputError> {
        StorePath::from_absolute(text, &nix.store).map_err(|error| InputError::Database {
            path: self.path.to_owned(),
            reason: format!("it names {text:?}: {error}"),
        })
    }
}

/// Whether a content address is that of something fetched or added, rather than of a text that Nix
/// wrote itself.
fn is_fixed(address: Option<&str>) -> bool {
    address.is_some_and(|address| address.starts_with("fixed:"))
}

fn push(derivers: &mut Vec<StorePath>, deriver: StorePath) {
    if !derivers.contains(&deriver) {
        derivers.push(deriver);
    }
}
