//! Copying a whole database into an empty one, across dialects: how a PostgreSQL database is
//! backed up into a file, and how a file becomes a PostgreSQL database.

use std::ops::ControlFlow;

use super::derived;
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::{Column, Dialect, Insert, Row, Session, Value};

/// Every table but the search indexes, which are rebuilt; a table stands after those it refers to.
const TABLES: &[&str] = &[
    "setting",
    "tally",
    "dictionary",
    "feed",
    "run",
    "quarantine",
    "record",
    "record_change",
    "advisory_name",
    "advisory_record",
    "dirty",
    "kev",
    "epss",
    "channel",
    "evaluation",
    "attribute",
    "package",
    "package_key",
    "match_set",
    "match_row",
    "exposure",
    "lesson",
    "lookup",
    "lookup_key",
    "alias_source",
    "alias_fact",
    "person",
    "session",
    "api_token",
    "attempt",
    "sign_in",
    "maintainer",
    "team_member",
    "owner",
    "suggestion",
    "issue",
    "issue_advisory",
    "rule",
    "rule_effect",
    "activity",
    "saved_view",
    "job",
    "subscription",
    "event",
    "notification",
    "delivery",
    "hook_delivery",
];

/// Rows written at once.
const ROWS: usize = 2000;

/// A value off its connection.
enum Held {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// Copies `from` into `into`, which must be empty, in one transaction.
pub(crate) fn copy(from: &Db, into: &Db) -> Result<()> {
    from.read(|source| {
        into.write(|target| {
            // The source's keys come along, and with them how they were derived.
            derived::forget_derivation(target)?;
            for table in TABLES {
                if target.number(&format!("SELECT count(*) FROM {table}"), &[])? > 0 {
                    return Err(DbError::Location(format!(
                        "{} is not empty",
                        into.location()
                    )));
                }
                copy_table(source, target, table)?;
            }
            Ok(())
        })
    })?;
    into.rebuild_search()
}

fn copy_table(source: &mut Session<'_>, target: &mut Session<'_>, table: &str) -> Result<()> {
    let columns = columns(source, table)?;
    let columns: Vec<(&str, Column)> = columns
        .iter()
        .map(|(name, column)| (name.as_str(), *column))
        .collect();
    let insert = Insert {
        table,
        columns: &columns,
        conflict: "",
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut held: Vec<Held> = Vec::new();
    source.each(
        &format!("SELECT {} FROM {table}", names.join(", ")),
        &[],
        &mut |row| {
            for (place, (_, column)) in columns.iter().enumerate() {
                held.push(hold(row, place, *column)?);
            }
            if held.len() >= ROWS * columns.len() {
                write(target, &insert, &mut held)?;
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    write(target, &insert, &mut held)
}

fn write(target: &mut Session<'_>, insert: &Insert<'_>, held: &mut Vec<Held>) -> Result<()> {
    let values: Vec<Value<'_>> = held
        .iter()
        .map(|held| match held {
            Held::Null => Value::Null,
            Held::Int(value) => Value::Int(*value),
            Held::Real(value) => Value::Real(*value),
            Held::Text(value) => Value::Text(value),
            Held::Blob(value) => Value::Blob(value),
        })
        .collect();
    target.insert(insert, &values)?;
    held.clear();
    Ok(())
}

fn hold(row: &Row<'_>, place: usize, column: Column) -> Result<Held> {
    Ok(match column {
        Column::Int => row.opt_int(place)?.map_or(Held::Null, Held::Int),
        // No column of real numbers may be null.
        Column::Real => Held::Real(row.real(place)?),
        Column::Text => row
            .opt_text(place)?
            .map_or(Held::Null, |text| Held::Text(text.to_owned())),
        Column::Blob => row
            .opt_blob(place)?
            .map_or(Held::Null, |blob| Held::Blob(blob.to_vec())),
    })
}

fn columns(session: &mut Session<'_>, table: &str) -> Result<Vec<(String, Column)>> {
    let sql = match session.dialect() {
        Dialect::Sqlite => "SELECT name, lower(type) FROM pragma_table_info(?1) ORDER BY cid",
        Dialect::Postgres => {
            "SELECT column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ?1 ORDER BY ordinal_position"
        }
    };
    session.list(sql, &[Value::Text(table)], |row| {
        let column = match row.text(1)? {
            "integer" | "bigint" => Column::Int,
            "real" | "double precision" => Column::Real,
            "text" => Column::Text,
            "blob" | "bytea" => Column::Blob,
            other => {
                return Err(DbError::damaged(
                    format!("table {table}"),
                    format!("a column of type {other}"),
                ));
            }
        };
        Ok((row.text(0)?.to_owned(), column))
    })
}
