//! Names and their numbers: advisories, channels, attributes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{DbError, Result};
use crate::numbers;
use crate::session::{Column, Insert, Session, Value};

const ADVISORY_NAME: Insert<'static> = Insert {
    table: "advisory_name",
    columns: &[("id", Column::Int), ("name", Column::Text)],
    conflict: "",
};

/// Numbers of advisory ids, given out where there is none yet.
pub(crate) fn advisories<'n>(
    session: &mut Session<'_>,
    names: impl Iterator<Item = &'n String>,
) -> Result<FxHashMap<String, i64>> {
    let mut all = FxHashMap::default();
    let mut others: FxHashSet<&str> = FxHashSet::default();
    for name in names {
        match numbers::of_cve(name) {
            Some(number) => {
                all.insert(name.clone(), number);
            }
            None => {
                others.insert(name);
            }
        }
    }
    if others.is_empty() {
        return Ok(all);
    }
    let mut others: Vec<&str> = others.into_iter().collect();
    others.sort_unstable();
    let known = session.list(
        "SELECT name, id FROM advisory_name WHERE name IN EACH_TEXT(?1)",
        &[Value::Texts(&others)],
        |row| Ok((row.text(0)?.to_owned(), row.int(1)?)),
    )?;
    all.extend(known);
    let mut next = session.number("SELECT max(id) FROM advisory_name", &[])?;
    let mut rows = Vec::new();
    for name in others {
        if !all.contains_key(name) {
            next += 1;
            if next >= numbers::NAMED_END {
                return Err(DbError::damaged("advisory_name", "numbers have run out"));
            }
            all.insert(name.to_owned(), next);
            rows.extend([Value::Int(next), Value::Text(name)]);
        }
    }
    session.insert(&ADVISORY_NAME, &rows)?;
    Ok(all)
}

/// Number of an advisory id, if it has one.
pub(crate) fn advisory(session: &mut Session<'_>, name: &str) -> Result<Option<i64>> {
    if let Some(number) = numbers::of_cve(name) {
        return Ok(Some(number));
    }
    session.first(
        "SELECT id FROM advisory_name WHERE name = ?1",
        &[Value::Text(name)],
        |row| row.int(0),
    )
}

/// Id of an advisory number.
pub(crate) fn advisory_id(session: &mut Session<'_>, number: i64) -> Result<String> {
    if let Some(name) = numbers::cve_name(number) {
        return Ok(name);
    }
    session
        .first(
            "SELECT name FROM advisory_name WHERE id = ?1",
            &[Value::Int(number)],
            |row| Ok(row.text(0)?.to_owned()),
        )?
        .ok_or_else(|| DbError::damaged("advisory number", number))
}

/// Number of a channel, if it is known.
pub(crate) fn channel(session: &mut Session<'_>, name: &str) -> Result<Option<i64>> {
    session.first(
        "SELECT id FROM channel WHERE name = ?1",
        &[Value::Text(name)],
        |row| row.int(0),
    )
}

/// Number of a channel that must be there.
pub(crate) fn known_channel(session: &mut Session<'_>, name: &str) -> Result<i64> {
    channel(session, name)?.ok_or_else(|| DbError::Missing {
        what: "channel",
        name: name.to_owned(),
    })
}
