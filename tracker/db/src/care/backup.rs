//! Backup and restore. A backup is a SQLite file, whichever database it comes from, and can be
//! opened as one; restoring it into PostgreSQL is how a tracker grows out of its file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::transfer;
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::location::Location;
use crate::migrate;
use crate::session::{Session, Value, sqlite};

impl Db {
    /// Writes a consistent copy of the database as a new SQLite file, while others read and write.
    /// The file appears under its name only when it is whole and on disk.
    ///
    /// # Errors
    /// [`DbError::File`] when `to` is there already or cannot be written; [`DbError::Full`].
    pub fn backup(&self, to: &Path) -> Result<()> {
        if to.exists() {
            return Err(file_error(to, "is there already"));
        }
        let partial = beside(to, "partial");
        remove_database(&partial)?;
        let written = match self.file() {
            Some(from) => vacuum_into(from, &partial),
            None => {
                let target = Db::open(&Location::Sqlite(partial.clone()))?;
                transfer::copy(self, &target).and_then(|()| target.fold())
            }
        };
        written
            .and_then(|()| settle(&partial, to))
            .inspect_err(|_| {
                // What is left of it is of no use; the first error is the one to report.
                let _ = remove_database(&partial);
            })
    }

    /// Restores a backup into `into`: a SQLite path where nothing is yet, or an empty PostgreSQL
    /// database. A backup of an older schema is brought up to date.
    ///
    /// # Errors
    /// [`DbError::Damaged`] when `from` is not a whole database; [`DbError::NewerSchema`];
    /// [`DbError::File`] or [`DbError::Location`] when the target is not empty.
    pub fn restore(from: &Path, into: &Location) -> Result<()> {
        check(from)?;
        match into {
            Location::Sqlite(to) => {
                if to.exists() {
                    return Err(file_error(to, "is there already"));
                }
                let partial = beside(to, "partial");
                remove_database(&partial)?;
                let restored = vacuum_into(from, &partial).and_then(|()| settle(&partial, to));
                restored.inspect_err(|_| {
                    let _ = remove_database(&partial);
                })?;
                Db::open(into).map(drop)
            }
            Location::Postgres(_) => {
                // The backup itself stays as it is: an older schema is brought up in a copy.
                let folder = beside(from, "restoring");
                remove_database(&folder)?;
                vacuum_into(from, &folder)?;
                let restored = Db::open(&Location::Sqlite(folder.clone()))
                    .and_then(|source| transfer::copy(&source, &Db::open(into)?));
                let removed = remove_database(&folder);
                restored.and(removed)
            }
        }
    }

    /// Folds the log into the file, so that the file alone is the database.
    fn fold(&self) -> Result<()> {
        self.close_readers();
        self.outside(|session| {
            session
                .first("PRAGMA journal_mode = DELETE", &[], |_| Ok(()))
                .map(drop)
        })
    }
}

/// A backup must be whole before anything is replaced by it.
fn check(from: &Path) -> Result<()> {
    let connection = sqlite::open_reader(from)?;
    let mut session = Session::Sqlite(&connection);
    let found = migrate::supported(&mut session)?;
    if found == 0 {
        return Err(DbError::damaged(
            format!("backup {}", from.display()),
            "it holds no tracker database",
        ));
    }
    let told = session.first("PRAGMA quick_check(1)", &[], |row| {
        Ok(row.text(0)?.to_owned())
    })?;
    match told.as_deref() {
        Some("ok") => Ok(()),
        told => Err(DbError::damaged(
            format!("backup {}", from.display()),
            told.unwrap_or("no answer"),
        )),
    }
}

fn vacuum_into(from: &Path, to: &Path) -> Result<()> {
    let name = to
        .to_str()
        .ok_or_else(|| file_error(to, "its name is not UTF-8"))?;
    sqlite::create_private(to)?;
    let connection = sqlite::open_plain(from)?;
    Session::Sqlite(&connection)
        .run("VACUUM INTO ?1", &[Value::Text(name)])
        .map(drop)
}

/// Syncs a finished file and gives it its name.
fn settle(partial: &Path, to: &Path) -> Result<()> {
    let synced = File::open(partial)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(partial, to));
    synced.map_err(|failed| file_error(to, &failed.to_string()))?;
    let folder = to
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|failed| file_error(folder, &failed.to_string()))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

fn remove_database(path: &Path) -> Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let file = PathBuf::from(name);
        match fs::remove_file(&file) {
            Err(failed) if failed.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error(&file, &failed.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn file_error(path: &Path, detail: &str) -> DbError {
    DbError::File {
        path: path.display().to_string(),
        detail: detail.to_owned(),
    }
}
