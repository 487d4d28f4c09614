//! One connection inside one transaction, in either dialect.
//!
//! Statements are written once where the dialects agree. Placeholders are `?1`, `?2` …; the form
//! `IN EACH_INT(?1)` or `IN EACH_TEXT(?1)` takes a list. All else that differs is asked for with
//! [`Session::dialect`].

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::error::Result;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A bound parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
    Ints(&'a [i64]),
    Texts(&'a [&'a str]),
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Null, Self::Text)
    }
}

impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        value.map_or(Self::Null, Self::Blob)
    }
}

/// Type of a column in [`Insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Int,
    Real,
    Text,
    Blob,
}

/// An insert of many rows at once.
pub(crate) struct Insert<'s> {
    pub(crate) table: &'s str,
    pub(crate) columns: &'s [(&'s str, Column)],
    /// `ON CONFLICT …`, or empty.
    pub(crate) conflict: &'s str,
}

/// One row of a result, borrowed from the connection.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

impl Row<'_> {
    pub(crate) fn int(&self, index: usize) -> Result<i64> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(sqlite::column_error),
            Self::Postgres(row) => postgres::int(row, index),
        }
    }

    pub(crate) fn opt_int(&self, index: usize) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(sqlite::column_error),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }

    pub(crate) fn real(&self, index: usize) -> Result<f64> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(sqlite::column_error),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }

    pub(crate) fn text(&self, index: usize) -> Result<&str> {
        match self {
            Self::Sqlite(row) => sqlite::text(row, index),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }

    pub(crate) fn opt_text(&self, index: usize) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => sqlite::opt_text(row, index),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }

    pub(crate) fn blob(&self, index: usize) -> Result<&[u8]> {
        match self {
            Self::Sqlite(row) => sqlite::blob(row, index),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }

    pub(crate) fn opt_blob(&self, index: usize) -> Result<Option<&[u8]>> {
        match self {
            Self::Sqlite(row) => sqlite::opt_blob(row, index),
            Self::Postgres(row) => row.try_get(index).map_err(postgres::column_error),
        }
    }
}

/// A connection inside a transaction.
pub(crate) enum Session<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut postgres::Connection),
}

impl Session<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it touched.
    pub(crate) fn run(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, sql, params),
            Self::Postgres(connection) => connection.run(sql, params),
        }
    }

    /// Runs a query and hands each row to `visit`, without holding them all.
    pub(crate) fn each(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::each(connection, sql, params, visit),
            Self::Postgres(connection) => connection.each(sql, params, visit),
        }
    }

    /// All rows of a query.
    pub(crate) fn list<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(sql, params, &mut |row| {
            all.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The first row of a query.
    pub(crate) fn first<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.each(sql, params, &mut |row| {
            found = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// The number in the first column of the first row; 0 when there is none.
    pub(crate) fn number(&mut self, sql: &str, params: &[Value<'_>]) -> Result<i64> {
        Ok(self
            .first(sql, params, |row| row.opt_int(0))?
            .flatten()
            .unwrap_or(0))
    }

    /// Inserts many rows: `values` holds the rows one after another.
    pub(crate) fn insert(&mut self, insert: &Insert<'_>, values: &[Value<'_>]) -> Result<u64> {
        debug_assert_eq!(values.len() % insert.columns.len(), 0);
        if values.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Sqlite(connection) => sqlite::insert(connection, insert, values),
            Self::Postgres(connection) => connection.insert(insert, values),
        }
    }

    /// Deletes the rows of `table` whose `columns` equal one of `rows`.
    pub(crate) fn delete<const N: usize>(
        &mut self,
        table: &str,
        columns: [&str; N],
        rows: &[[i64; N]],
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(connection) => {
                let tests: Vec<String> = columns
                    .iter()
                    .enumerate()
                    .map(|(place, column)| format!("{column} = ?{}", place + 1))
                    .collect();
                let sql = format!("DELETE FROM {table} WHERE {}", tests.join(" AND "));
                for row in rows {
                    sqlite::run(connection, &sql, &row.map(Value::Int))?;
                }
            }
            Self::Postgres(connection) => {
                let lists: Vec<String> =
                    (1..=N).map(|place| format!("?{place}::bigint[]")).collect();
                let names: Vec<String> = (1..=N).map(|place| format!("c{place}")).collect();
                let tests: Vec<String> = columns
                    .iter()
                    .zip(&names)
                    .map(|(column, name)| format!("{table}.{column} = gone.{name}"))
                    .collect();
                let sql = format!(
                    "DELETE FROM {table} USING unnest({}) AS gone ({}) WHERE {}",
                    lists.join(", "),
                    names.join(", "),
                    tests.join(" AND ")
                );
                let columns: Vec<Vec<i64>> = (0..N)
                    .map(|column| rows.iter().map(|row| row[column]).collect())
                    .collect();
                let params: Vec<Value<'_>> =
                    columns.iter().map(|column| Value::Ints(column)).collect();
                connection.run(&sql, &params)?;
            }
        }
        Ok(())
    }

    /// Runs a script of several statements.
    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection
                .execute_batch(sql)
                .map_err(|error| sqlite::error(&error, sql)),
            Self::Postgres(connection) => connection.script(sql),
        }
    }
}

/// Replaces each `EACH_INT(?n)` and `EACH_TEXT(?n)` by what `write` makes of the column type and
/// the placeholder.
fn expand_lists(sql: &str, write: impl Fn(Column, &str) -> String) -> Cow<'_, str> {
    let mut rest = sql;
    let mut text = String::new();
    while let Some(start) = rest.find("EACH_") {
        let (column, open) = if rest[start..].starts_with("EACH_INT(") {
            (Column::Int, start + "EACH_INT(".len())
        } else {
            (Column::Text, start + "EACH_TEXT(".len())
        };
        let Some(close) = rest[open..].find(')') else {
            break;
        };
        text.push_str(&rest[..start]);
        text.push_str(&write(column, &rest[open..open + close]));
        rest = &rest[open + close + 1..];
    }
    if text.is_empty() {
        return Cow::Borrowed(sql);
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_expanded() {
        let write = |column, place: &str| format!("<{column:?} {place}>");
        assert_eq!(
            expand_lists(
                "a IN EACH_INT(?1) AND b IN EACH_TEXT(?12) AND c = ?3",
                write
            ),
            "a IN <Int ?1> AND b IN <Text ?12> AND c = ?3"
        );
        assert_eq!(expand_lists("SELECT 1", write), "SELECT 1");
    }
}
