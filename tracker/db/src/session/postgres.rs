//! PostgreSQL: connecting, statements, errors.

mod tls;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::ops::ControlFlow;

use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::{Column, Insert, Row, Value};
use crate::error::{DbError, Result};

/// Serialises writers across processes; the number is arbitrary, and this program's own.
pub(crate) const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(7221390145)";

/// Rows sent in one statement: enough to make round trips cheap, and bounded in memory.
const ROWS_AT_ONCE: usize = 20_000;

/// A connection and its prepared statements.
pub(crate) struct Connection {
    client: postgres::Client,
    statements: HashMap<String, postgres::Statement>,
}

impl Connection {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let mut client = tls::connect(url)?;
        // A plan that reads an index is right at every size; a server that has not analysed its
        // tables yet would guess otherwise.
        client
            .batch_execute("SET client_min_messages = warning; SET jit = off; SET plan_cache_mode = force_custom_plan")
            .map_err(|failed| error(&failed, "SET"))?;
        Ok(Self {
            client,
            statements: HashMap::new(),
        })
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    pub(crate) fn run(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        self.client
            .execute(&statement, &params)
            .map_err(|failed| error(&failed, sql))
    }

    pub(crate) fn each(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let statement = self.statement(sql)?;
        let params = params.iter().map(|value| value as &dyn ToSql);
        let mut rows = self
            .client
            .query_raw(&statement, params)
            .map_err(|failed| error(&failed, sql))?;
        while let Some(row) = rows.next().map_err(|failed| error(&failed, sql))? {
            if visit(&Row::Postgres(&row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn insert(&mut self, insert: &Insert<'_>, values: &[Value<'_>]) -> Result<u64> {
        let sql = insert_statement(insert);
        let statement = self.statement(&sql)?;
        let width = insert.columns.len();
        let mut touched = 0;
        for rows in values.chunks(width * ROWS_AT_ONCE) {
            let columns: Vec<ColumnValues<'_, '_>> = (0..width)
                .map(|column| ColumnValues {
                    rows,
                    width,
                    column,
                    kind: insert.columns[column].1,
                })
                .collect();
            let params: Vec<&(dyn ToSql + Sync)> = columns
                .iter()
                .map(|column| column as &(dyn ToSql + Sync))
                .collect();
            touched += self
                .client
                .execute(&statement, &params)
                .map_err(|failed| error(&failed, &sql))?;
        }
        Ok(touched)
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        self.client
            .batch_execute(sql)
            .map_err(|failed| error(&failed, sql))
    }

    fn statement(&mut self, sql: &str) -> Result<postgres::Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self
            .client
            .prepare(&dialect(sql))
            .map_err(|failed| error(&failed, sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// One statement for any number of rows: each column is an array.
fn insert_statement(insert: &Insert<'_>) -> String {
    let names: Vec<&str> = insert.columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> = insert
        .columns
        .iter()
        .enumerate()
        .map(|(place, (_, column))| format!("?{}::{}[]", place + 1, type_name(*column)))
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) {}",
        insert.table,
        names.join(", "),
        arrays.join(", "),
        insert.conflict
    )
}

fn type_name(column: Column) -> &'static str {
    match column {
        Column::Int => "bigint",
        Column::Real => "double precision",
        Column::Text => "text",
        Column::Blob => "bytea",
    }
}

/// `?1` becomes `$1`; lists are arrays. No statement of this crate has a question mark elsewhere.
fn dialect(sql: &str) -> String {
    super::expand_lists(sql, |column, place| {
        format!("(SELECT unnest({place}::{}[]))", type_name(column))
    })
    .replace('?', "$")
}

/// One column of many rows.
#[derive(Debug)]
struct ColumnValues<'v, 'd> {
    rows: &'v [Value<'d>],
    width: usize,
    column: usize,
    kind: Column,
}

impl ToSql for ColumnValues<'_, '_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let values = self
            .rows
            .chunks_exact(self.width)
            .map(|row| row[self.column]);
        match self.kind {
            Column::Int => values
                .map(|value| match value {
                    Value::Int(value) => Ok(Some(value)),
                    other => other.absent(),
                })
                .collect::<Result<Vec<Option<i64>>, _>>()?
                .to_sql(kind, out),
            Column::Real => values
                .map(|value| match value {
                    Value::Real(value) => Ok(Some(value)),
                    other => other.absent(),
                })
                .collect::<Result<Vec<Option<f64>>, _>>()?
                .to_sql(kind, out),
            Column::Text => values
                .map(|value| match value {
                    Value::Text(value) => Ok(Some(storable(value))),
                    other => other.absent(),
                })
                .collect::<Result<Vec<Option<Cow<'_, str>>>, _>>()?
                .to_sql(kind, out),
            Column::Blob => values
                .map(|value| match value {
                    Value::Blob(value) => Ok(Some(value)),
                    other => other.absent(),
                })
                .collect::<Result<Vec<Option<&[u8]>>, _>>()?
                .to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Value<'_> {
    /// The value of a column of another type: only nothing fits.
    fn absent<T>(self) -> Result<Option<T>, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(None),
            other => Err(format!("{other:?} does not fit its column").into()),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) => expect(kind, &Type::INT8, value, out),
            Self::Real(value) => expect(kind, &Type::FLOAT8, value, out),
            Self::Text(value) => storable(value).to_sql(kind, out),
            Self::Blob(value) => expect(kind, &Type::BYTEA, value, out),
            Self::Ints(values) => expect(kind, &Type::INT8_ARRAY, values, out),
            Self::Texts(values) => {
                let values: Vec<Cow<'_, str>> =
                    values.iter().map(|value| storable(value)).collect();
                expect(kind, &Type::TEXT_ARRAY, &values, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The binary form of a value is only right for its own type.
fn expect(
    kind: &Type,
    wanted: &Type,
    value: &dyn ToSql,
    out: &mut BytesMut,
) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    if kind != wanted {
        return Err(format!("the server wants {kind}, not {wanted}").into());
    }
    value.to_sql_checked(kind, out)
}

/// PostgreSQL's text cannot hold a NUL, which JSON strings can.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}").into()
    } else {
        text.into()
    }
}

pub(crate) fn int(row: &postgres::Row, index: usize) -> Result<i64> {
    let narrow = row
        .columns()
        .get(index)
        .is_some_and(|column| *column.type_() == Type::INT4);
    if narrow {
        return row
            .try_get::<_, i32>(index)
            .map(i64::from)
            .map_err(column_error);
    }
    row.try_get(index).map_err(column_error)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(crate) fn column_error(failed: postgres::Error) -> DbError {
    DbError::damaged("column", failed)
}

/// Tells apart what a person must act on: disk full, server lost, too many connections.
fn error(failed: &postgres::Error, statement: &str) -> DbError {
    let Some(code) = failed.code() else {
        // Not the server's words: the connection, or a value that does not fit.
        let detail = with_sources(failed);
        let local = failed
            .source()
            .is_some_and(|source| !source.is::<std::io::Error>());
        if failed.is_closed() || !local {
            return DbError::Lost(detail);
        }
        return DbError::Refused {
            statement: start_of(statement),
            detail,
        };
    };
    let detail = failed
        .as_db_error()
        .map_or_else(|| failed.to_string(), |told| told.message().to_owned());
    let class = &code.code()[..2];
    match code {
        &SqlState::DISK_FULL => DbError::Full(detail),
        &SqlState::TOO_MANY_CONNECTIONS
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::T_R_DEADLOCK_DETECTED => DbError::Busy(detail),
        &SqlState::IO_ERROR
        | &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::INVALID_CATALOG_NAME
        | &SqlState::READ_ONLY_SQL_TRANSACTION => DbError::Lost(detail),
        _ if class == "08" || class == "28" => DbError::Lost(detail),
        _ if class == "XX" => DbError::damaged("server", detail),
        _ => DbError::Refused {
            statement: start_of(statement),
            detail,
        },
    }
}

fn start_of(statement: &str) -> String {
    statement.chars().take(120).collect()
}

fn with_sources(failed: &postgres::Error) -> String {
    let mut text = failed.to_string();
    let mut source = failed.source();
    while let Some(deeper) = source {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        source = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_lists_are_translated() {
        assert_eq!(
            dialect("SELECT a FROM t WHERE b = ?2 AND c IN EACH_TEXT(?1)"),
            "SELECT a FROM t WHERE b = $2 AND c IN (SELECT unnest($1::text[]))"
        );
    }

    #[test]
    fn a_nul_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
    }
}
