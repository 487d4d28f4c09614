//! SQLite: opening, statements, errors.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use rusqlite::ffi;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use super::{Insert, Row, Value};
use crate::error::{DbError, Result};

/// How long a statement waits for another process's write lock.
const BUSY: Duration = Duration::from_secs(30);

/// Opens the file, creating it (readable by its owner only) when it is not there.
pub(crate) fn open_writer(path: &Path) -> Result<Connection> {
    create_private(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|failed| error(&failed, "open"))?;
    prepare(&connection)?;
    // Records are a kilobyte or two: in pages of 8 KiB fewer are cut in two, and fewer pages go through the log.
    // A 64 MiB page cache holds the inner pages of all indexes while a batch is written. The log is
    // folded in every 80 MiB: a page that is written again and again goes to the file once.
    let pragmas = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
                   PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 10000; PRAGMA journal_size_limit = 16777216;";
    set_up(&connection, pragmas)?;
    Ok(connection)
}

/// Going over to a write-ahead log does not wait for another process that opens the file at the same
/// moment, whatever the busy timeout says.
fn set_up(connection: &Connection, pragmas: &str) -> Result<()> {
    const ATTEMPTS: u32 = 100;
    for _ in 1..ATTEMPTS {
        match connection.execute_batch(pragmas) {
            Err(failed) if failed.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(BUSY / ATTEMPTS);
            }
            done => return done.map_err(|failed| error(&failed, pragmas)),
        }
    }
    connection
        .execute_batch(pragmas)
        .map_err(|failed| error(&failed, pragmas))
}

/// Opens the file for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|failed| error(&failed, "open"))?;
    prepare(&connection)?;
    let pragmas = "PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 1073741824;";
    connection
        .execute_batch(pragmas)
        .map_err(|failed| error(&failed, pragmas))?;
    Ok(connection)
}

/// Opens a file that is there, without any setting.
pub(crate) fn open_plain(path: &Path) -> Result<Connection> {
    Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|failed| error(&failed, "open"))
}

fn prepare(connection: &Connection) -> Result<()> {
    connection
        .busy_timeout(BUSY)
        .map_err(|failed| error(&failed, "busy_timeout"))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// SQLite would create the file with the process's umask; the database may hold what is not for
/// everyone (triage notes), so only the owner reads it. The side files take over its mode.
pub(crate) fn create_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(failed) if failed.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) if failed.kind() == std::io::ErrorKind::StorageFull => {
            Err(DbError::Full(format!("{}: {failed}", path.display())))
        }
        Err(failed) => Err(DbError::Lost(format!("{}: {failed}", path.display()))),
    }
}

pub(crate) fn run(connection: &Connection, sql: &str, params: &[Value<'_>]) -> Result<u64> {
    let text = dialect(sql);
    #[cfg(test)]
    crate::plans::record(&text);
    let mut statement = connection
        .prepare_cached(&text)
        .map_err(|failed| error(&failed, sql))?;
    let touched = statement
        .execute(params_from_iter(params))
        .map_err(|failed| error(&failed, sql))?;
    Ok(touched as u64)
}

pub(crate) fn each(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
    visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let text = dialect(sql);
    #[cfg(test)]
    crate::plans::record(&text);
    let mut statement = connection
        .prepare_cached(&text)
        .map_err(|failed| error(&failed, sql))?;
    let mut rows = statement
        .query(params_from_iter(params))
        .map_err(|failed| error(&failed, sql))?;
    while let Some(row) = rows.next().map_err(|failed| error(&failed, sql))? {
        if visit(&Row::Sqlite(row))?.is_break() {
            break;
        }
    }
    Ok(())
}

pub(crate) fn insert(
    connection: &Connection,
    insert: &Insert<'_>,
    values: &[Value<'_>],
) -> Result<u64> {
    let sql = insert_statement(insert);
    let mut statement = connection
        .prepare_cached(&sql)
        .map_err(|failed| error(&failed, &sql))?;
    let mut touched = 0;
    for row in values.chunks_exact(insert.columns.len()) {
        touched += statement
            .execute(params_from_iter(row))
            .map_err(|failed| error(&failed, &sql))?;
    }
    Ok(touched as u64)
}

fn insert_statement(insert: &Insert<'_>) -> String {
    let names: Vec<&str> = insert.columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({}) {}",
        insert.table,
        names.join(", "),
        places.join(", "),
        insert.conflict
    )
}

/// Lists are bound as JSON arrays, which SQLite reads as a table.
fn dialect(sql: &str) -> Cow<'_, str> {
    super::expand_lists(sql, |_, place| {
        format!("(SELECT value FROM json_each({place}))")
    })
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Self::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Ints(values) => ToSqlOutput::from(json_list(values)?),
            Self::Texts(values) => ToSqlOutput::from(json_list(values)?),
        })
    }
}

fn json_list<T: serde::Serialize>(values: &[T]) -> rusqlite::Result<String> {
    serde_json::to_string(values)
        .map_err(|failed| rusqlite::Error::ToSqlConversionFailure(Box::new(failed)))
}

pub(crate) fn text<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<&'a str> {
    row.get_ref(index)
        .map_err(column_error)?
        .as_str()
        .map_err(|failed| DbError::damaged("column", failed))
}

pub(crate) fn opt_text<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Option<&'a str>> {
    row.get_ref(index)
        .map_err(column_error)?
        .as_str_or_null()
        .map_err(|failed| DbError::damaged("column", failed))
}

pub(crate) fn blob<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<&'a [u8]> {
    row.get_ref(index)
        .map_err(column_error)?
        .as_blob()
        .map_err(|failed| DbError::damaged("column", failed))
}

pub(crate) fn opt_blob<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Option<&'a [u8]>> {
    row.get_ref(index)
        .map_err(column_error)?
        .as_blob_or_null()
        .map_err(|failed| DbError::damaged("column", failed))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(crate) fn column_error(failed: rusqlite::Error) -> DbError {
    error(&failed, "column")
}

/// Tells apart what a person must act on: disk full, file lost, busy.
pub(crate) fn error(failed: &rusqlite::Error, statement: &str) -> DbError {
    let detail = failed.to_string();
    // A quota and a limit on file sizes show as a failed write, not as a full disk.
    let extended = failed.sqlite_error().map(|error| error.extended_code);
    if matches!(
        extended,
        Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC)
    ) {
        return DbError::Full(detail);
    }
    match failed.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => DbError::Full(detail),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbError::Busy(detail),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly,
        ) => DbError::Lost(detail),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            DbError::damaged("file", detail)
        }
        _ => DbError::Refused {
            statement: statement.chars().take(120).collect(),
            detail,
        },
    }
}
