//! Since when a channel has been open to an advisory, and until when: kept in step by each write of matches.
//!
//! A span begins with the first evaluation that is affected, or with the advisory's publication where that is later;
//! what a channel's very first evaluation holds has been there for longer than the tracker looks, so it
//! begins with the publication. A span ends with the evaluation that has other packages. Where a verdict changes
//! and the packages do not, the earlier verdict was wrong (or the advisory was), and the span goes without a trace.

use rustc_hash::FxHashMap;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_triage::exposure::Span;
use snowguard_tracker_triage::state::State;

use super::StoredMatch;
use crate::db::Db;
use crate::error::Result;
use crate::names;
use crate::session::{Column, Insert, Session, Value};
use crate::time::Millis;

const EXPOSURE: Insert<'static> = Insert {
    table: "exposure",
    columns: &[
        ("channel", Column::Int),
        ("advisory", Column::Int),
        ("opened", Column::Int),
        ("closed", Column::Int),
        ("severity", Column::Int),
        ("evaluation", Column::Int),
    ],
    conflict: "ON CONFLICT (channel, advisory, opened) DO UPDATE SET closed = excluded.closed, severity = excluded.severity",
};

/// A set of matches that changed.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) advisory: i64,
    pub(super) channel: i64,
    pub(super) severity: i64,
    /// Whether something is affected now.
    pub(super) open: bool,
    /// Attributes that were affected before.
    pub(super) before: Vec<i64>,
}

impl Turn {
    /// Of an advisory, a channel and a severity; `number` gives an attribute's.
    pub(super) fn new(
        (advisory, channel, severity): (i64, i64, i64),
        before: &[StoredMatch],
        now: &[StoredMatch],
        number: impl Fn(&str) -> Result<i64>,
    ) -> Result<Self> {
        let before = before.iter().filter(|stored| is_open(stored));
        Ok(Self {
            advisory,
            channel,
            severity,
            open: now.iter().any(is_open),
            before: before
                .map(|stored| number(&stored.found.attr))
                .collect::<Result<_>>()?,
        })
    }
}

/// Whether a match counts for a channel's security: affected, and tied in tier high or medium.
fn is_open(stored: &StoredMatch) -> bool {
    stored.found.verdict == Verdict::Affected && stored.found.tier != Tier::Low
}

/// The channel's newest evaluation.
#[derive(Debug, Clone, Copy)]
struct Evaluation {
    id: i64,
    at: i64,
    is_first: bool,
}

/// A span that has not ended.
#[derive(Debug, Clone, Copy)]
struct Open {
    opened: i64,
    severity: i64,
    evaluation: i64,
}

/// Opens and ends spans.
pub(super) fn follow(session: &mut Session<'_>, turns: &[Turn], now: Millis) -> Result<()> {
    if turns.is_empty() {
        return Ok(());
    }
    let mut advisories: Vec<i64> = turns.iter().map(|turn| turn.advisory).collect();
    advisories.sort_unstable();
    advisories.dedup();
    let open = open_spans(session, &advisories)?;
    let newly = turns
        .iter()
        .filter(|turn| turn.open && !open.contains_key(&(turn.channel, turn.advisory)));
    let mut newly: Vec<i64> = newly.map(|turn| turn.advisory).collect();
    newly.sort_unstable();
    newly.dedup();
    let published = published(session, &newly)?;
    let changed = changed_packages(session, turns)?;
    let mut evaluations = FxHashMap::default();
    let (mut rows, mut gone) = (Vec::new(), Vec::new());
    for turn in turns {
        let (channel, advisory) = (turn.channel, turn.advisory);
        let evaluation = match evaluations.get(&channel) {
            Some(known) => *known,
            None => *evaluations
                .entry(channel)
                .or_insert(newest_evaluation(session, channel)?),
        };
        let Some(evaluation) = evaluation else {
            continue;
        };
        let row = |span: Open, closed: Option<i64>, severity| {
            [
                Value::Int(channel),
                Value::Int(advisory),
                Value::Int(span.opened),
                closed.map_or(Value::Null, Value::Int),
                Value::Int(severity),
                Value::Int(span.evaluation),
            ]
        };
        match (open.get(&(channel, advisory)), turn.open) {
            (None, true) => {
                let published = published.get(&advisory).copied();
                let opened = match (published, evaluation.is_first) {
                    (Some(published), true) => published,
                    (published, _) => published.map_or(evaluation.at, |at| at.max(evaluation.at)),
                };
                let span = Open {
                    opened: opened.min(now.get()),
                    severity: turn.severity,
                    evaluation: evaluation.id,
                };
                rows.extend(row(span, None, turn.severity));
            }
            (Some(span), true) if span.severity != turn.severity => {
                rows.extend(row(*span, None, turn.severity));
            }
            (Some(span), false) => {
                let is_other = |attribute: &i64| {
                    changed
                        .get(&(channel, *attribute))
                        .is_none_or(|since| *since > span.evaluation)
                };
                // What was fixed before anybody knew of it was never open.
                if evaluation.at > span.opened && turn.before.iter().any(is_other) {
                    rows.extend(row(*span, Some(evaluation.at), span.severity));
                } else {
                    gone.push([channel, advisory, span.opened]);
                }
            }
            _ => {}
        }
    }
    session.insert(&EXPOSURE, &rows)?;
    session.delete("exposure", ["channel", "advisory", "opened"], &gone)
}

fn open_spans(
    session: &mut Session<'_>,
    advisories: &[i64],
) -> Result<FxHashMap<(i64, i64), Open>> {
    let rows = session.list(
        "SELECT channel, advisory, opened, severity, evaluation FROM exposure WHERE advisory IN EACH_INT(?1) AND closed IS NULL",
        &[Value::Ints(advisories)],
        |row| {
            let span = Open {
                opened: row.int(2)?,
                severity: row.int(3)?,
                evaluation: row.int(4)?,
            };
            Ok(((row.int(0)?, row.int(1)?), span))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// When each advisory was published, by the earliest of its records; one that does not say it counts from its change.
fn published(session: &mut Session<'_>, advisories: &[i64]) -> Result<FxHashMap<i64, i64>> {
    let rows = session.list(
        "SELECT advisory_record.advisory, min(coalesce(record.published, record.modified)) FROM advisory_record \
         JOIN record ON record.id = advisory_record.record \
         WHERE advisory_record.advisory IN EACH_INT(?1) AND coalesce(record.published, record.modified) IS NOT NULL \
         GROUP BY advisory_record.advisory",
        &[Value::Ints(advisories)],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// Since which evaluation each package that was affected is as it is; one that is gone is missing.
fn changed_packages(
    session: &mut Session<'_>,
    turns: &[Turn],
) -> Result<FxHashMap<(i64, i64), i64>> {
    let ended = turns.iter().filter(|turn| !turn.open);
    let mut attributes: Vec<i64> = ended.flat_map(|turn| turn.before.iter().copied()).collect();
    attributes.sort_unstable();
    attributes.dedup();
    let rows = session.list(
        "SELECT channel, attribute, since FROM package WHERE attribute IN EACH_INT(?1) AND until IS NULL",
        &[Value::Ints(&attributes)],
        |row| Ok(((row.int(0)?, row.int(1)?), row.int(2)?)),
    )?;
    Ok(rows.into_iter().collect())
}

fn newest_evaluation(session: &mut Session<'_>, channel: i64) -> Result<Option<Evaluation>> {
    session.first(
        "SELECT id, coalesce(evaluated_at, loaded_at), \
         (SELECT min(first.id) FROM evaluation AS first WHERE first.channel = evaluation.channel) \
         FROM evaluation WHERE channel = ?1 ORDER BY id DESC LIMIT 1",
        &[Value::Int(channel)],
        |row| {
            Ok(Evaluation {
                id: row.int(0)?,
                at: row.int(1)?,
                is_first: row.int(0)? == row.int(2)?,
            })
        },
    )
}

/// What a channel has been open to.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposures {
    /// When the channel was first evaluated: before it, nothing is known.
    pub since: Millis,
    /// Every span, but those of advisories that people dismissed.
    pub spans: Vec<Span>,
}

impl Db {
    /// What a channel has been open to since it was first evaluated; nothing for a channel without an evaluation.
    ///
    /// # Errors
    /// [`crate::DbError::Missing`] for an unknown channel.
    pub fn exposures(&self, channel: &str) -> Result<Option<Exposures>> {
        self.read(|session| {
            let channel = names::known_channel(session, channel)?;
            let since = session.first(
                "SELECT min(coalesce(evaluated_at, loaded_at)) FROM evaluation WHERE channel = ?1",
                &[Value::Int(channel)],
                |row| row.opt_int(0),
            )?;
            let Some(since) = since.flatten() else {
                return Ok(None);
            };
            let spans = session.list(
                "SELECT exposure.advisory, exposure.opened, exposure.closed, exposure.severity FROM exposure \
                 LEFT JOIN suggestion ON suggestion.advisory = exposure.advisory \
                 WHERE exposure.channel = ?1 AND coalesce(suggestion.state, 0) <> ?2",
                &[Value::Int(channel), Value::Int(State::Dismissed.number().into())],
                |row| {
                    Ok(Span {
                        advisory: row.int(0)?,
                        opened: row.int(1)?,
                        closed: row.opt_int(2)?,
                        severity: u8::try_from(row.int(3)?).unwrap_or(0),
                    })
                },
            )?;
            Ok(Some(Exposures {
                since: Millis::new(since),
                spans,
            }))
        })
    }
}
