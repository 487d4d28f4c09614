//! Reading the queue: what changed since, what a filter's names mean, and the entries of a page.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_triage::filter::Filter;
use snowguard_tracker_triage::queue::{Meaning, Row as QueueRow, channel_bit};
use snowguard_tracker_triage::state::State;

use super::rows;
use crate::db::Db;
use crate::dirty;
use crate::error::{DbError, Result};
use crate::listing::{self, AdvisorySummary};
use crate::matches;
use crate::names;
use crate::people::PersonId;
use crate::search;
use crate::session::{Row, Session, Value};
use crate::text::Query;
use crate::time::Millis;

/// What changed in the queue since a stamp.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueChanges {
    /// Rows that are new or other.
    pub rows: Vec<QueueRow>,
    /// Advisories whose rows go.
    pub gone: Vec<i64>,
    /// Ask for what changed since this the next time.
    pub stamp: i64,
}

/// A suggestion on the queue's page.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueEntry {
    /// Number of its advisory.
    pub number: i64,
    /// The advisory in short.
    pub advisory: AdvisorySummary,
    /// Give this back with a decision.
    pub revision: i64,
    /// Affected attributes in any channel, best tie first, at most [`QueueEntry::SHOWN`].
    pub attrs: Vec<String>,
    /// How many there are.
    pub affected: usize,
    /// A version that leaves the range, where one is known.
    pub fixed_in: Option<String>,
    /// Name of who looks at it.
    pub assignee: Option<String>,
}

impl QueueEntry {
    /// Attributes named at most.
    pub const SHOWN: usize = 5;
}

/// Most advisories that the words of a filter come to: what is named so first, then the newest.
const WORDS: usize = 5_000;

impl Db {
    /// Rows of the queue that changed since a stamp; since -1: all of them.
    ///
    /// # Errors
    /// As every read.
    pub fn queue_changes(&self, since: i64) -> Result<QueueChanges> {
        self.read(|session| {
            let mut changes = QueueChanges {
                stamp: rows::current_stamp(session)?,
                ..QueueChanges::default()
            };
            if changes.stamp == since {
                return Ok(changes);
            }
            let all = session.list(
                "SELECT advisory, state, tier, severity, kev, epss, channels, first_seen, assignee, flags FROM suggestion WHERE stamp > ?1",
                &[Value::Int(since)],
                |row| Ok((row.int(0)?, queue_row(row)?)),
            )?;
            for (advisory, row) in all {
                match row {
                    Some(row) => changes.rows.push(row),
                    None => changes.gone.push(advisory),
                }
            }
            Ok(changes)
        })
    }

    /// What the names in a filter mean.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel.
    pub fn queue_meaning(
        &self,
        filter: &Filter,
        reader: Option<PersonId>,
        now: Millis,
    ) -> Result<Meaning> {
        self.read(|session| {
            let mut meaning = Meaning {
                reader: reader.map_or(0, PersonId::get),
                now: now.get(),
                ..Meaning::default()
            };
            if let Some(channel) = &filter.channel {
                meaning.channel = Some(channel_bit(names::known_channel(session, channel)?));
            }
            if let Some(package) = &filter.package {
                narrow(&mut meaning, of_package(session, package)?);
            }
            if let Some(name) = &filter.maintainer {
                narrow(&mut meaning, of_owner(session, name)?);
            }
            if let Some(text) = &filter.text {
                narrow(&mut meaning, self.advisories_of_words(session, text)?);
            }
            Ok(meaning)
        })
    }

    /// The entries of these advisories, in their order.
    ///
    /// # Errors
    /// As every read.
    pub fn queue_entries(&self, advisories: &[i64]) -> Result<Vec<QueueEntry>> {
        self.read(|session| {
            let summaries = listing::advisories(session, advisories)?;
            let mut by_id: FxHashMap<String, AdvisorySummary> =
                summaries.into_iter().map(|summary| (summary.id.clone(), summary)).collect();
            let revisions: FxHashMap<i64, (i64, Option<String>)> = session
                .list(
                    "SELECT suggestion.advisory, suggestion.revision, person.name FROM suggestion \
                     LEFT JOIN person ON person.id = suggestion.assignee WHERE suggestion.advisory IN EACH_INT(?1)",
                    &[Value::Ints(advisories)],
                    |row| Ok((row.int(0)?, (row.int(1)?, row.opt_text(2)?.map(str::to_owned)))),
                )?
                .into_iter()
                .collect();
            let mut affected = self.affected_in_any(session, advisories)?;
            let mut entries = Vec::with_capacity(advisories.len());
            for &number in advisories {
                let id = names::advisory_id(session, number)?;
                let Some((revision, assignee)) = revisions.get(&number).cloned() else {
                    continue;
                };
                // An advisory whose records are all gone still stands in the queue.
                let advisory = by_id.remove(&id).unwrap_or_else(|| withdrawn(id));
                let Affected { attrs, fixed_in } = affected.remove(&number).unwrap_or_default();
                entries.push(QueueEntry {
                    number,
                    advisory,
                    revision,
                    affected: attrs.len(),
                    attrs: attrs.into_iter().map(|(_, _, attr)| attr).take(QueueEntry::SHOWN).collect(),
                    fixed_in,
                    assignee,
                });
            }
            Ok(entries)
        })
    }

    /// Advisories that words come to. Who pages through the queue asks for the same again and again, so what was
    /// found is kept until a record changes.
    fn advisories_of_words(&self, session: &mut Session<'_>, text: &str) -> Result<Vec<i64>> {
        let stamp = dirty::newest(session)?;
        if let Some(known) = self.words().get(text, stamp) {
            return Ok(known);
        }
        let found = search::find_advisories(
            session,
            text,
            &Query::parse(text),
            WORDS,
            search::Passes::One,
        )?;
        self.words().put(text, stamp, &found);
        Ok(found)
    }

    /// What is affected in any channel, by advisory.
    fn affected_in_any(
        &self,
        session: &mut Session<'_>,
        advisories: &[i64],
    ) -> Result<FxHashMap<i64, Affected>> {
        let sets = session.list(
            "SELECT advisory, body FROM match_set WHERE advisory IN EACH_INT(?1) AND tier < 9",
            &[Value::Ints(advisories)],
            |row| Ok((row.int(0)?, self.unpack_matches(row.blob(1)?)?)),
        )?;
        let mut all: FxHashMap<i64, Affected> = FxHashMap::default();
        for (advisory, set) in sets {
            let affected = all.entry(advisory).or_default();
            for found in set.into_iter().map(|stored| stored.found) {
                if found.verdict == Verdict::Affected && found.variant_of.is_none() {
                    affected.fixed_in = affected.fixed_in.take().or(found.fixed_in);
                    affected
                        .attrs
                        .insert((found.tier, found.attr.len(), found.attr));
                }
            }
        }
        Ok(all)
    }
}

/// What an advisory affects.
#[derive(Default)]
struct Affected {
    /// Tier, length of the name and name: `linux` says more than `linuxKernel.kernels.linux_5_10`.
    attrs: BTreeSet<(Tier, usize, String)>,
    /// A version that leaves the range.
    fixed_in: Option<String>,
}

/// Nothing for a row that is not shown: nothing is affected, and nobody has decided anything.
fn queue_row(row: &Row<'_>) -> Result<Option<QueueRow>> {
    let number = row.int(1)?;
    let state = State::from_number(number).ok_or_else(|| DbError::damaged("state", number))?;
    let tier = match row.int(2)? {
        rows::GONE if state.is_decided() => Tier::Low,
        rows::GONE => return Ok(None),
        tier => matches::tier(tier)?,
    };
    let flags = row.int(9)?;
    let narrow = |what: &str, value: i64| DbError::damaged(what, value);
    let (severity, epss) = (row.int(3)?, row.int(5)?);
    Ok(Some(QueueRow {
        advisory: row.int(0)?,
        first_seen: row.int(7)?,
        channels: row.int(6)?.cast_unsigned(),
        assignee: row.int(8)?,
        epss: u16::try_from(epss).map_err(|_| narrow("EPSS score", epss))?,
        severity: u8::try_from(severity).map_err(|_| narrow("severity", severity))?,
        state,
        tier,
        kev: row.int(4)? != 0,
        returned: flags & rows::RETURNED != 0,
        proposed: flags & rows::PROPOSED != 0,
    }))
}

fn narrow(meaning: &mut Meaning, mut found: Vec<i64>) {
    found.sort_unstable();
    found.dedup();
    if let Some(before) = &meaning.only {
        found.retain(|one| before.binary_search(one).is_ok());
    }
    meaning.only = Some(found);
}

/// Advisories that affect a package, named by attribute path or pname.
fn of_package(session: &mut Session<'_>, name: &str) -> Result<Vec<i64>> {
    let attributes = session.list(
        "SELECT id FROM attribute WHERE name = ?1 UNION SELECT id FROM attribute WHERE pname = ?2",
        &[Value::Text(name), Value::Text(&name.to_lowercase())],
        |row| row.int(0),
    )?;
    affecting(session, &attributes)
}

fn of_owner(session: &mut Session<'_>, name: &str) -> Result<Vec<i64>> {
    let attributes = session.list(
        "SELECT DISTINCT attribute FROM owner WHERE name = ?1",
        &[Value::Text(name)],
        |row| row.int(0),
    )?;
    affecting(session, &attributes)
}

/// Ranks of affected matches end here.
const AFFECTED: i64 = 1 << 16;

fn affecting(session: &mut Session<'_>, attributes: &[i64]) -> Result<Vec<i64>> {
    let channels = session.list("SELECT id FROM channel", &[], |row| row.int(0))?;
    let mut all = Vec::new();
    for channel in channels {
        all.extend(session.list(
            "SELECT advisory FROM match_row WHERE attribute IN EACH_INT(?1) AND channel = ?2 AND rank < ?3",
            &[Value::Ints(attributes), Value::Int(channel), Value::Int(AFFECTED)],
            |row| row.int(0),
        )?);
    }
    Ok(all)
}

fn withdrawn(id: String) -> AdvisorySummary {
    AdvisorySummary {
        id,
        title: String::new(),
        state: snowguard_advisory::model::State::Withdrawn,
        severity: None,
        published: None,
        modified: None,
        exploited: false,
    }
}
