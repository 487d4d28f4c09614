//! The handle: opening, transactions, settings.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{DbError, Result};
use crate::location::Location;
use crate::migrate;
use crate::pack::{Dictionary, Packer};
use crate::pool::{Pool, Reuse};
use crate::session::{Session, Value, postgres, sqlite};
use crate::triage::WordCache;

/// Read connections at once; a request waits for one beyond that.
const READERS: usize = 8;

/// A database. Cheap to clone; all clones share the connections. Every method is one transaction
/// unless it says otherwise, blocks, and may be called from any thread (from asynchronous code:
/// on a blocking thread).
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    backend: Backend,
    packer: Packer,
    words: WordCache,
}

enum Backend {
    Sqlite {
        writer: Pool<rusqlite::Connection>,
        readers: Pool<rusqlite::Connection>,
    },
    Postgres(Pool<postgres::Connection>),
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.inner.location)
    }
}

impl Db {
    /// Opens the database, creating it and bringing its schema up to date.
    ///
    /// # Errors
    /// [`DbError::NewerSchema`] when a newer program wrote it; [`DbError::Lost`] when it cannot be
    /// reached or created; [`DbError::Full`].
    pub fn open(location: &Location) -> Result<Self> {
        let db = Self::connect(location);
        db.transaction(&mut |session| migrate::to(session, migrate::SCHEMA_VERSION))?;
        db.read(|_| Ok(()))?;
        Ok(db)
    }

    /// Brings the schema of a database up or down to `version`. Going down loses what the newer
    /// schema alone can hold; version 0 is empty.
    ///
    /// # Errors
    /// [`DbError::NoSuchSchema`], and as [`Db::open`].
    pub fn migrate_to(location: &Location, version: u32) -> Result<()> {
        Self::connect(location).transaction(&mut |session| migrate::to(session, version))
    }

    /// Where the database is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// A value kept under a name, e.g. which version of the matcher wrote the verdicts.
    ///
    /// # Errors
    /// As every read.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        self.read(|session| {
            session.first(
                "SELECT value FROM setting WHERE name = ?1",
                &[Value::Text(name)],
                |row| Ok(row.text(0)?.to_owned()),
            )
        })
    }

    /// Keeps a value under a name.
    ///
    /// # Errors
    /// As every write.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.write(|session| {
            session.run(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[Value::Text(name), Value::Text(value)],
            )?;
            Ok(())
        })
    }

    fn connect(location: &Location) -> Self {
        let backend = match location {
            Location::Sqlite(path) => {
                let (for_writer, for_readers) = (path.clone(), path.clone());
                Backend::Sqlite {
                    writer: Pool::new(1, move || sqlite::open_writer(&for_writer)),
                    readers: Pool::new(READERS, move || sqlite::open_reader(&for_readers)),
                }
            }
            Location::Postgres(url) => {
                let url = url.clone();
                Backend::Postgres(Pool::new(READERS + 1, move || {
                    postgres::Connection::open(&url)
                }))
            }
        };
        let packer = Packer::default();
        packer.set(Vec::new());
        Self {
            inner: Arc::new(Inner {
                location: location.clone(),
                backend,
                packer,
                words: WordCache::default(),
            }),
        }
    }

    pub(crate) fn words(&self) -> &WordCache {
        &self.inner.words
    }

    pub(crate) fn packer(&self) -> &Packer {
        &self.inner.packer
    }

    /// The file, when this is SQLite.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.inner.location {
            Location::Sqlite(path) => Some(path),
            Location::Postgres(_) => None,
        }
    }

    /// One consistent view for several queries.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut Session<'_>) -> Result<T>) -> Result<T> {
        let work = |session: &mut Session<'_>| {
            self.load_dictionaries(session)?;
            work(session)
        };
        match &self.inner.backend {
            Backend::Sqlite { readers, .. } => {
                readers.with(|connection| sqlite_transaction(connection, "BEGIN", work))
            }
            Backend::Postgres(pool) => pool.with(|connection| {
                postgres_transaction(
                    connection,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    work,
                )
            }),
        }
    }

    /// One transaction that writes. Writers wait for each other, in this process and across
    /// processes: that keeps "what must be matched again" exact (see `dirty`).
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut Session<'_>) -> Result<T>) -> Result<T> {
        let mut work = Some(work);
        let mut outcome = None;
        self.transaction(&mut |session| {
            self.load_dictionaries(session)?;
            if let Some(work) = work.take() {
                outcome = Some(work(session)?);
            }
            Ok(())
        })?;
        outcome.ok_or_else(|| DbError::Lost("the transaction did not run".to_owned()))
    }

    fn transaction(&self, work: &mut dyn FnMut(&mut Session<'_>) -> Result<()>) -> Result<()> {
        match &self.inner.backend {
            Backend::Sqlite { writer, .. } => {
                writer.with(|connection| sqlite_transaction(connection, "BEGIN IMMEDIATE", work))
            }
            Backend::Postgres(pool) => pool.with(|connection| {
                postgres_transaction(connection, "BEGIN", |session| {
                    session.script(postgres::ONE_WRITER)?;
                    work(session)
                })
            }),
        }
    }

    /// Closes idle read connections: some pragmas need to be alone.
    pub(crate) fn close_readers(&self) {
        if let Backend::Sqlite { readers, .. } = &self.inner.backend {
            readers.close_idle();
        }
    }

    /// Runs `work` on the writing connection outside of a transaction (vacuum, checkpoint).
    pub(crate) fn outside<T>(&self, work: impl FnOnce(&mut Session<'_>) -> Result<T>) -> Result<T> {
        match &self.inner.backend {
            Backend::Sqlite { writer, .. } => {
                writer.with(|connection| (work(&mut Session::Sqlite(connection)), Reuse::Yes))
            }
            Backend::Postgres(pool) => {
                pool.with(|connection| (work(&mut Session::Postgres(connection)), Reuse::No))
            }
        }
    }

    /// Another process may have trained a dictionary since this one looked.
    fn load_dictionaries(&self, session: &mut Session<'_>) -> Result<()> {
        let newest = session.number("SELECT max(id) FROM dictionary", &[])?;
        if u8::try_from(newest).is_ok_and(|id| self.packer().knows(id)) {
            return Ok(());
        }
        // The newest of a kind is found first.
        let all = session.list(
            "SELECT id, kind, body FROM dictionary ORDER BY id DESC",
            &[],
            |row| {
                let id = u8::try_from(row.int(0)?)
                    .map_err(|failed| DbError::damaged("dictionary number", failed))?;
                Ok(Arc::new(Dictionary::new(
                    id,
                    row.text(1)?.to_owned(),
                    row.blob(2)?.to_vec(),
                )))
            },
        )?;
        self.packer().set(all);
        Ok(())
    }

    /// Trains and stores a dictionary for a kind of document that has none, when the samples
    /// suffice. The packer learns of it from the database in the next transaction, so a rollback
    /// leaves nothing behind; until then, pack with what this returns.
    pub(crate) fn learn<'s>(
        &self,
        session: &mut Session<'_>,
        kind: &str,
        samples: impl Iterator<Item = &'s [u8]>,
    ) -> Result<Option<Arc<Dictionary>>> {
        if self.packer().has(kind) {
            return Ok(None);
        }
        let Ok(id) = u8::try_from(session.number("SELECT max(id) FROM dictionary", &[])? + 1)
        else {
            return Ok(None);
        };
        let Some(body) = crate::pack::train(samples) else {
            return Ok(None);
        };
        session.run(
            "INSERT INTO dictionary (id, kind, body) VALUES (?1, ?2, ?3)",
            &[
                Value::Int(i64::from(id)),
                Value::Text(kind),
                Value::Blob(&body),
            ],
        )?;
        Ok(Some(Arc::new(Dictionary::new(id, kind.to_owned(), body))))
    }
}

fn sqlite_transaction<T>(
    connection: &mut rusqlite::Connection,
    begin: &str,
    work: impl FnOnce(&mut Session<'_>) -> Result<T>,
) -> (Result<T>, Reuse) {
    let mut session = Session::Sqlite(connection);
    let outcome = finish(&mut session, begin, work);
    // A connection that is still inside a transaction would hold its lock for ever.
    let reuse = if connection.is_autocommit() {
        Reuse::Yes
    } else {
        Reuse::No
    };
    (outcome, reuse)
}

fn postgres_transaction<T>(
    connection: &mut postgres::Connection,
    begin: &str,
    work: impl FnOnce(&mut Session<'_>) -> Result<T>,
) -> (Result<T>, Reuse) {
    let outcome = finish(&mut Session::Postgres(connection), begin, work);
    let reuse = if outcome.is_ok() && connection.is_open() {
        Reuse::Yes
    } else {
        Reuse::No
    };
    (outcome, reuse)
}

fn finish<T>(
    session: &mut Session<'_>,
    begin: &str,
    work: impl FnOnce(&mut Session<'_>) -> Result<T>,
) -> Result<T> {
    session.script(begin)?;
    match work(session).and_then(|value| session.script("COMMIT").map(|()| value)) {
        Ok(value) => Ok(value),
        Err(failed) => {
            // SQLite may have rolled back by itself (disk full), then this says that there is no
            // transaction; the first error is the one to report.
            if let Err(second) = session.script("ROLLBACK") {
                tracing::debug!(%second, "rollback after an error");
            }
            Err(failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(db: &Db, from: usize) -> Result<()> {
        db.write(|session| {
            for number in from..from + 500 {
                let (name, value) = (format!("n{number}"), "x".repeat(1000));
                session.run(
                    "INSERT INTO setting (name, value) VALUES (?1, ?2)",
                    &[Value::Text(&name), Value::Text(&value)],
                )?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_full_disk_is_said_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("tracker.db"))).unwrap();
        fill(&db, 0).unwrap();
        // The page limit is SQLite's own stand-in for a full disk.
        let limit = |pages: u32| {
            db.outside(|session| {
                session.first(&format!("PRAGMA max_page_count = {pages}"), &[], |_| Ok(()))
            })
        };
        limit(1).unwrap();
        let failed = fill(&db, 500).unwrap_err();
        assert!(
            matches!(failed, DbError::Full(_)) && failed.is_transient(),
            "{failed:?}"
        );
        assert_eq!(
            db.read(
                |session| session.number("SELECT count(*) FROM setting WHERE name LIKE 'n%'", &[])
            )
            .unwrap(),
            500
        );
        limit(1_000_000).unwrap();
        fill(&db, 500).unwrap();
        assert_eq!(
            db.read(
                |session| session.number("SELECT count(*) FROM setting WHERE name LIKE 'n%'", &[])
            )
            .unwrap(),
            1000
        );
    }

    #[test]
    fn a_failed_write_is_rolled_back_and_the_connection_stays_usable() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("tracker.db"))).unwrap();
        let failed = db.write(|session| {
            session.run("INSERT INTO setting (name, value) VALUES ('a', 'b')", &[])?;
            session.run("INSERT INTO nowhere VALUES (1)", &[])
        });
        assert!(matches!(failed, Err(DbError::Refused { .. })), "{failed:?}");
        assert_eq!(db.setting("a").unwrap(), None);
        db.set_setting("a", "c").unwrap();
        assert_eq!(db.setting("a").unwrap().as_deref(), Some("c"));
    }
}
