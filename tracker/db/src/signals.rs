//! What others say about exploitation: CISA's KEV catalogue and FIRST's EPSS.

use rustc_hash::FxHashMap;
use snowguard_advisory::model::{Epss, Kev};

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Column, Insert, Value};
use crate::tally;
use crate::triage;

const KEV: Insert<'static> = Insert {
    table: "kev",
    columns: &[("advisory", Column::Int), ("body", Column::Text)],
    conflict: "ON CONFLICT (advisory) DO UPDATE SET body = excluded.body",
};

const EPSS: Insert<'static> = Insert {
    table: "epss",
    columns: &[
        ("advisory", Column::Int),
        ("score", Column::Real),
        ("percentile", Column::Real),
        ("day", Column::Text),
    ],
    conflict: "ON CONFLICT (advisory) DO UPDATE SET score = excluded.score, percentile = excluded.percentile, day = excluded.day",
};

/// What storing a whole catalogue did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalOutcome {
    /// Not known before.
    pub new: u64,
    /// Known, with other content.
    pub changed: u64,
    /// Known, with the same content.
    pub unchanged: u64,
    /// No longer in the catalogue.
    pub removed: u64,
}

impl Db {
    /// Stores the whole KEV catalogue: an entry that is not in it any more goes. An entry may come
    /// before its advisory.
    ///
    /// # Errors
    /// As every write.
    pub fn put_kev(&self, entries: &[(String, Kev)]) -> Result<SignalOutcome> {
        self.write(|session| {
            let numbers = names::advisories(session, entries.iter().map(|(id, _)| id))?;
            let mut stored: FxHashMap<i64, String> = session
                .list("SELECT advisory, body FROM kev", &[], |row| {
                    Ok((row.int(0)?, row.text(1)?.to_owned()))
                })?
                .into_iter()
                .collect();
            let mut outcome = SignalOutcome::default();
            let mut new: FxHashMap<i64, String> = FxHashMap::default();
            for (id, kev) in entries {
                let body = serde_json::to_string(kev)
                    .map_err(|failed| DbError::damaged(format!("KEV entry {id}"), failed))?;
                if let Some(number) = numbers.get(id) {
                    new.insert(*number, body);
                }
            }
            new.retain(|number, body| match stored.remove(number) {
                Some(before) if before == *body => {
                    outcome.unchanged += 1;
                    false
                }
                Some(_) => {
                    outcome.changed += 1;
                    true
                }
                None => {
                    outcome.new += 1;
                    true
                }
            });
            outcome.removed = stored.len() as u64;
            let gone: Vec<[i64; 1]> = stored.keys().map(|number| [*number]).collect();
            session.delete("kev", ["advisory"], &gone)?;
            let values: Vec<Value<'_>> = new
                .iter()
                .flat_map(|(number, body)| [Value::Int(*number), Value::Text(body)])
                .collect();
            session.insert(&KEV, &values)?;
            let touched: Vec<i64> = gone
                .iter()
                .map(|[number]| *number)
                .chain(new.keys().copied())
                .collect();
            triage::set_kev(session, &touched)?;
            Ok(outcome)
        })
    }

    /// Stores EPSS scores of a day (`YYYY-MM-DD`); only what differs is written. Scores that are
    /// not in the list stay.
    ///
    /// # Errors
    /// As every write.
    pub fn put_epss(&self, day: &str, scores: &[(String, Epss)]) -> Result<SignalOutcome> {
        self.write(|session| {
            let numbers = names::advisories(session, scores.iter().map(|(id, _)| id))?;
            let stored: FxHashMap<i64, (f64, f64)> = session
                .list("SELECT advisory, score, percentile FROM epss", &[], |row| {
                    Ok((row.int(0)?, (row.real(1)?, row.real(2)?)))
                })?
                .into_iter()
                .collect();
            let mut outcome = SignalOutcome::default();
            let mut new: FxHashMap<i64, Epss> = FxHashMap::default();
            for (id, epss) in scores {
                let Some(&number) = numbers.get(id) else {
                    continue;
                };
                match stored.get(&number) {
                    Some(&before) if before == (epss.score, epss.percentile) => {
                        outcome.unchanged += 1
                    }
                    before => {
                        let is_first = new.insert(number, *epss).is_none();
                        match before {
                            Some(_) => outcome.changed += u64::from(is_first),
                            None => outcome.new += u64::from(is_first),
                        }
                    }
                }
            }
            let mut rows: Vec<(i64, Epss)> = new.into_iter().collect();
            rows.sort_unstable_by_key(|(number, _)| *number);
            let values: Vec<Value<'_>> = rows
                .iter()
                .flat_map(|(number, epss)| {
                    [
                        Value::Int(*number),
                        Value::Real(epss.score),
                        Value::Real(epss.percentile),
                        Value::Text(day),
                    ]
                })
                .collect();
            session.insert(&EPSS, &values)?;
            let touched: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
            triage::set_epss(session, &touched)?;
            tally::add(session, tally::EPSS, outcome.new.cast_signed())?;
            Ok(outcome)
        })
    }
}
