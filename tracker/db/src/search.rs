//! Full-text search over advisories and packages.
//!
//! Ranking is by place, not by score: what is named so, then what has the words in its names, then
//! what has them anywhere, the newest first. That needs no pass over all hits, of which a word
//! like `linux` has tens of thousands.

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::db::Db;
use crate::error::Result;
use crate::listing::{self, AdvisorySummary, PackageSummary};
use crate::names;
use crate::numbers;
use crate::session::{Dialect, Session, Value};
use crate::text::Query;

/// What a search found, best first.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Found {
    /// Advisories.
    pub advisories: Vec<AdvisorySummary>,
    /// Packages.
    pub packages: Vec<PackageSummary>,
    /// Where both lists go on, if one of them does.
    pub next: Option<usize>,
}

/// Hits of each kind that a search goes through at most.
pub const HITS: usize = 5000;

/// Text to index under a number.
pub(crate) struct Text<'t> {
    pub(crate) id: i64,
    pub(crate) head: &'t str,
    pub(crate) body: &'t str,
    pub(crate) replaces: bool,
}

impl Db {
    /// Searches advisories and packages: up to `limit` of each, from the `from`th hit on (0: the best), as far as
    /// [`HITS`]. Any text will do; without a word in it nothing is found.
    ///
    /// # Errors
    /// As every read.
    pub fn search(&self, query: &str, from: usize, limit: usize) -> Result<Found> {
        let trimmed: String = query.trim().chars().take(200).collect();
        let words = Query::parse(&trimmed);
        if from >= HITS {
            return Ok(Found::default());
        }
        self.read(|session| {
            let end = from.saturating_add(limit).min(HITS);
            // One more than is wanted tells whether there is more.
            let advisories = find_advisories(session, &trimmed, &words, end + 1, Passes::Many)?;
            let attributes = find_attributes(session, &trimmed, &words, end + 1)?;
            let is_more = end < HITS && end > from && advisories.len().max(attributes.len()) > end;
            let part = |all: &[i64]| all.iter().take(end).skip(from).copied().collect::<Vec<_>>();
            Ok(Found {
                advisories: listing::advisories(session, &part(&advisories))?,
                packages: self.list_packages(session, &part(&attributes))?,
                next: is_more.then_some(end),
            })
        })
    }
}

/// Numbers in the order found, each once, up to a limit.
struct Ranked {
    numbers: Vec<i64>,
    seen: FxHashSet<i64>,
    limit: usize,
}

impl Ranked {
    fn new(limit: usize) -> Self {
        Self {
            numbers: Vec::new(),
            seen: FxHashSet::default(),
            limit,
        }
    }

    fn push(&mut self, number: i64) {
        if !self.is_full() && self.seen.insert(number) {
            self.numbers.push(number);
        }
    }

    fn is_full(&self) -> bool {
        self.numbers.len() >= self.limit
    }

    fn room(&self) -> Value<'static> {
        // Some hits are known already, so ask for as many as there may be in all.
        Value::Int(i64::try_from(self.limit).unwrap_or(i64::MAX))
    }
}

/// How often records are asked for: several may be about one advisory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Once: there may be fewer advisories than wanted though there are more hits.
    One,
    /// Until there are as many advisories as wanted, so that the order does not depend on how many that is.
    Many,
}

pub(crate) fn find_advisories(
    session: &mut Session<'_>,
    exact: &str,
    words: &Query,
    limit: usize,
    passes: Passes,
) -> Result<Vec<i64>> {
    let mut ranked = Ranked::new(limit);
    let upper = exact.to_ascii_uppercase();
    for name in [exact, &upper] {
        if let Some(number) = names::advisory(session, name)?
            && session.number(
                "SELECT count(*) FROM advisory_record WHERE advisory = ?1",
                &[Value::Int(number)],
            )? > 0
        {
            ranked.push(number);
        }
    }
    for number in cve_prefix(session, &upper, limit)? {
        ranked.push(number);
    }
    for scope in [Scope::Head, Scope::All] {
        if ranked.is_full() || words.words.is_empty() {
            break;
        }
        // On PostgreSQL, the hits are limited before their records are looked up, and the words are parsed once
        // and not once a row, whatever the planner knows of them.
        let sql = match (session.dialect(), scope) {
            (Dialect::Sqlite, _) => {
                "SELECT record.id, record.advisories FROM record_search JOIN record ON record.id = record_search.rowid \
                 WHERE record_search MATCH ?1 AND record_search.rowid < ?3 ORDER BY record_search.rowid DESC LIMIT ?2"
            }
            (Dialect::Postgres, Scope::Head) => {
                "WITH hit AS MATERIALIZED (SELECT id FROM record_search WHERE head @@ (SELECT (?1::text)::tsquery) AND id < ?3 ORDER BY id DESC LIMIT ?2) \
                 SELECT record.id, record.advisories FROM hit JOIN record ON record.id = hit.id ORDER BY hit.id DESC"
            }
            (Dialect::Postgres, Scope::All) => {
                "WITH hit AS MATERIALIZED (SELECT id FROM record_search WHERE body @@ (SELECT (?1::text)::tsquery) AND id < ?3 ORDER BY id DESC LIMIT ?2) \
                 SELECT record.id, record.advisories FROM hit JOIN record ON record.id = hit.id ORDER BY hit.id DESC"
            }
        };
        let expression = scope.expression(session.dialect(), words);
        let mut below = i64::MAX;
        loop {
            let params = [Value::Text(&expression), ranked.room(), Value::Int(below)];
            let hits = session.list(sql, &params, |row| {
                Ok((row.int(0)?, numbers::from_list(row.blob(1)?)?))
            })?;
            let is_last = hits.len() < limit;
            below = hits.last().map_or(below, |(id, _)| *id);
            for number in hits.into_iter().flat_map(|(_, advisories)| advisories) {
                ranked.push(number);
            }
            if is_last || ranked.is_full() || passes == Passes::One {
                break;
            }
        }
    }
    Ok(ranked.numbers)
}

/// An unfinished CVE id: `CVE-2024-12` finds those that begin so, the shortest first.
fn cve_prefix(session: &mut Session<'_>, upper: &str, limit: usize) -> Result<Vec<i64>> {
    let Some((year, digits)) = upper
        .strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
    else {
        return Ok(Vec::new());
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !is_number(year) || !is_number(digits) || digits.len() > 8 {
        return Ok(Vec::new());
    }
    let (Ok(year), Ok(start)) = (year.parse::<i64>(), digits.parse::<i64>()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for more in 1..=4_u32 {
        // Ids have at least four digits, so `CVE-2024-12` can only begin `CVE-2024-12xx` and longer.
        if digits.len() + (more as usize) < 4
            || digits.starts_with('0') && digits.len() + more as usize > 4
        {
            continue;
        }
        let factor = 10_i64.pow(more);
        let (first, last) = (
            (year << 32) | (start * factor),
            (year << 32) | (start * factor + factor - 1),
        );
        let room = limit.saturating_sub(found.len());
        found.extend(session.list(
            "SELECT DISTINCT advisory FROM advisory_record WHERE advisory BETWEEN ?1 AND ?2 ORDER BY advisory LIMIT ?3",
            &[Value::Int(first), Value::Int(last), Value::Int(i64::try_from(room).unwrap_or(i64::MAX))],
            |row| row.int(0),
        )?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

fn find_attributes(
    session: &mut Session<'_>,
    exact: &str,
    words: &Query,
    limit: usize,
) -> Result<Vec<i64>> {
    const CURRENT: &str = "EXISTS (SELECT 1 FROM package WHERE package.attribute = attribute.id AND package.until IS NULL)";
    let mut ranked = Ranked::new(limit);
    if exact.is_empty() {
        return Ok(ranked.numbers);
    }
    let lower = exact.to_lowercase();
    // One past every text that begins with it, in the order of bytes.
    let past = format!("{lower}\u{10ffff}");
    let named = [
        ("name = ?1 AND ?2 <> ''", [exact, "x"]),
        ("pname = ?1 AND ?2 <> ''", [lower.as_str(), "x"]),
        (
            "pname >= ?1 AND pname < ?2",
            [lower.as_str(), past.as_str()],
        ),
    ];
    for (test, [first, second]) in named {
        if ranked.is_full() {
            return Ok(ranked.numbers);
        }
        let sql = format!(
            "SELECT id FROM attribute WHERE {test} AND {CURRENT} ORDER BY pname, id LIMIT ?3"
        );
        for number in session.list(
            &sql,
            &[Value::Text(first), Value::Text(second), ranked.room()],
            |row| row.int(0),
        )? {
            ranked.push(number);
        }
    }
    for scope in [Scope::Head, Scope::All] {
        if ranked.is_full() || words.words.is_empty() {
            break;
        }
        let (table_id, test) = match (session.dialect(), scope) {
            (Dialect::Sqlite, _) => ("attribute_search.rowid", "attribute_search MATCH ?1"),
            (Dialect::Postgres, Scope::Head) => (
                "attribute_search.id",
                "attribute_search.head @@ (?1::text)::tsquery",
            ),
            (Dialect::Postgres, Scope::All) => (
                "attribute_search.id",
                "attribute_search.body @@ (?1::text)::tsquery",
            ),
        };
        let sql = format!(
            "SELECT attribute.id FROM attribute_search JOIN attribute ON attribute.id = {table_id} \
             WHERE {test} AND {CURRENT} ORDER BY {table_id} LIMIT ?2"
        );
        let expression = scope.expression(session.dialect(), words);
        for number in session.list(&sql, &[Value::Text(&expression), ranked.room()], |row| {
            row.int(0)
        })? {
            ranked.push(number);
        }
    }
    Ok(ranked.numbers)
}

#[derive(Clone, Copy)]
enum Scope {
    Head,
    All,
}

impl Scope {
    fn expression(self, dialect: Dialect, words: &Query) -> String {
        match (dialect, self) {
            (Dialect::Sqlite, Self::Head) => words.fts5(Some("head")),
            (Dialect::Sqlite, Self::All) => words.fts5(None),
            (Dialect::Postgres, _) => words.tsquery(),
        }
    }
}

pub(crate) fn put_records<'t>(
    session: &mut Session<'_>,
    texts: impl Iterator<Item = Text<'t>>,
) -> Result<()> {
    put(session, "record_search", texts)
}

pub(crate) fn put_attributes<'t>(
    session: &mut Session<'_>,
    texts: impl Iterator<Item = Text<'t>>,
) -> Result<()> {
    put(session, "attribute_search", texts)
}

fn put<'t>(
    session: &mut Session<'_>,
    table: &str,
    texts: impl Iterator<Item = Text<'t>>,
) -> Result<()> {
    match session.dialect() {
        Dialect::Sqlite => {
            let insert = format!("INSERT INTO {table} (rowid, head, body) VALUES (?1, ?2, ?3)");
            for text in texts {
                if text.replaces {
                    session.run(
                        &format!("DELETE FROM {table} WHERE rowid = ?1"),
                        &[Value::Int(text.id)],
                    )?;
                }
                session.run(
                    &insert,
                    &[
                        Value::Int(text.id),
                        Value::Text(text.head),
                        Value::Text(text.body),
                    ],
                )?;
            }
        }
        Dialect::Postgres => {
            let (mut ids, mut heads, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
            for text in texts {
                ids.push(text.id);
                heads.push(text.head);
                // With the head's words: "anywhere" is one index.
                bodies.push(format!("{} {}", text.head, text.body));
            }
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            // The words are cut already; the server's own parser would cut them again.
            let sql = format!(
                "INSERT INTO {table} (id, head, body) \
                 SELECT id, array_to_tsvector(array_remove(string_to_array(head, ' '), '')), \
                 array_to_tsvector(array_remove(string_to_array(body, ' '), '')) \
                 FROM unnest(?1::bigint[], ?2::text[], ?3::text[]) AS new (id, head, body) \
                 ON CONFLICT (id) DO UPDATE SET head = excluded.head, body = excluded.body"
            );
            if !ids.is_empty() {
                session.run(
                    &sql,
                    &[
                        Value::Ints(&ids),
                        Value::Texts(&heads),
                        Value::Texts(&bodies),
                    ],
                )?;
            }
        }
    }
    Ok(())
}
