//! Storing verdicts.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use snowguard_matching::keys::Key;
use snowguard_matching::verdict::{Match, Tier, Verdict};

use super::exposure::{self, Turn};
use super::{KIND, NO_TIER, StoredMatch, rank, tier_number, verdict_number};
use crate::db::Db;
use crate::delivery;
use crate::dirty::{self, Stamp};
use crate::error::{DbError, Result};
use crate::knowledge;
use crate::names;
use crate::session::{Column, Insert, Session, Value};
use crate::tally;
use crate::time::Millis;
use crate::triage;

const MATCH_SET: Insert<'static> = Insert {
    table: "match_set",
    columns: &[
        ("advisory", Column::Int),
        ("channel", Column::Int),
        ("tier", Column::Int),
        ("first_seen", Column::Int),
        ("severity", Column::Int),
        ("body", Column::Blob),
    ],
    conflict: "ON CONFLICT (advisory, channel) DO UPDATE SET tier = excluded.tier, \
               first_seen = excluded.first_seen, severity = excluded.severity, body = excluded.body",
};

const MATCH_ROW: Insert<'static> = Insert {
    table: "match_row",
    columns: &[
        ("attribute", Column::Int),
        ("channel", Column::Int),
        ("rank", Column::Int),
        ("advisory", Column::Int),
        ("first_seen", Column::Int),
    ],
    conflict: "ON CONFLICT (attribute, channel, rank, advisory) DO UPDATE SET first_seen = excluded.first_seen",
};

/// All matches of an advisory, in every channel.
#[derive(Debug, Clone, PartialEq)]
pub struct AdvisoryMatches {
    /// Id.
    pub advisory: String,
    /// Channel and its matches. A channel that is not here has none, so an advisory that is gone
    /// has an empty list.
    pub channels: Vec<(String, Vec<Match>)>,
    /// The keys by which packages were looked for ([`snowguard_matching::keys::lookup`]): a
    /// package that changes under any of them marks the advisory.
    pub keys: Vec<Key>,
}

/// Verdicts to store in one transaction.
#[derive(Debug, Clone, Copy)]
pub struct MatchBatch<'a> {
    /// Now: `first_seen` of verdicts that are new.
    pub now: Millis,
    /// What [`Db::dirty_advisories`] gave with the advisories, before what they were computed
    /// from was read. An advisory that was marked since stays dirty.
    pub seen: Stamp,
    /// The verdicts.
    pub advisories: &'a [AdvisoryMatches],
}

/// What storing verdicts did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchOutcome {
    /// (advisory, channel) sets that differ from what was stored, or are new.
    pub written: u64,
    /// Sets that were the same.
    pub unchanged: u64,
    /// Matches that are affected now and were not before.
    pub newly_affected: u64,
}

/// A stored set.
struct Old {
    severity: i64,
    matches: Vec<StoredMatch>,
}

/// A set to write.
struct New {
    advisory: i64,
    channel: i64,
    severity: i64,
    matches: Vec<StoredMatch>,
}

#[derive(Default)]
struct Changes {
    gone_rows: Vec<[i64; 4]>,
    rows: Vec<[i64; 5]>,
    gone_sets: Vec<[i64; 2]>,
    sets: Vec<New>,
    tally: FxHashMap<String, i64>,
    turns: Vec<Turn>,
}

impl Db {
    /// Replaces the matches of each advisory of the batch, and takes its mark off, in one
    /// transaction. A verdict that stays keeps its `first_seen`.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel or attribute.
    pub fn put_matches(&self, batch: &MatchBatch<'_>) -> Result<MatchOutcome> {
        self.write(|session| {
            let numbers = names::advisories(
                session,
                batch.advisories.iter().map(|entry| &entry.advisory),
            )?;
            let mut advisories: Vec<i64> = numbers.values().copied().collect();
            advisories.sort_unstable();
            let channels = channel_numbers(session, batch)?;
            let severities = severities(session, &advisories)?;
            let mut old = self.stored_sets(session, &advisories)?;
            let attributes = attribute_numbers(session, batch, &old)?;
            let mut outcome = MatchOutcome::default();
            let mut changes = Changes::default();
            let news = newly_affected(batch, &numbers, &old);
            for entry in batch.advisories {
                let Some(&advisory) = numbers.get(&entry.advisory) else {
                    continue;
                };
                for (channel, matches) in &entry.channels {
                    let Some(&channel) = channels.get(channel.as_str()) else {
                        continue;
                    };
                    let severity = severities.get(&advisory).copied().unwrap_or(0);
                    let before = old.remove(&(advisory, channel));
                    let matches = with_first_seen(matches, before.as_ref(), batch.now);
                    changes.add(
                        New {
                            advisory,
                            channel,
                            severity,
                            matches,
                        },
                        before,
                        &attributes,
                        &mut outcome,
                    )?;
                }
            }
            for ((advisory, channel), before) in old {
                let nothing = New {
                    advisory,
                    channel,
                    severity: 0,
                    matches: Vec::new(),
                };
                changes.add(nothing, Some(before), &attributes, &mut outcome)?;
            }
            let touched = changes.advisories();
            exposure::follow(session, &changes.turns, batch.now)?;
            self.apply(session, changes)?;
            triage::sync(session, &touched)?;
            triage::after_matching(self, session, &touched, batch.now)?;
            delivery::newly_affected(session, &news, batch.now)?;
            let looked_up: Vec<(i64, &[Key])> = batch
                .advisories
                .iter()
                .filter_map(|entry| Some((*numbers.get(&entry.advisory)?, entry.keys.as_slice())))
                .collect();
            knowledge::put_lookups(session, &looked_up)?;
            dirty::clear(session, &advisories, batch.seen)?;
            Ok(outcome)
        })
    }

    fn stored_sets(
        &self,
        session: &mut Session<'_>,
        advisories: &[i64],
    ) -> Result<FxHashMap<(i64, i64), Old>> {
        let rows = session.list(
            "SELECT advisory, channel, severity, body FROM match_set WHERE advisory IN EACH_INT(?1)",
            &[Value::Ints(advisories)],
            |row| Ok(((row.int(0)?, row.int(1)?), Old { severity: row.int(2)?, matches: self.unpack_matches(row.blob(3)?)? })),
        )?;
        Ok(rows.into_iter().collect())
    }

    pub(crate) fn unpack_matches(&self, body: &[u8]) -> Result<Vec<StoredMatch>> {
        let json = self.packer().unpack(body, "matches")?;
        serde_json::from_slice(&json).map_err(|failed| DbError::damaged("matches", failed))
    }

    fn apply(&self, session: &mut Session<'_>, mut changes: Changes) -> Result<()> {
        changes.gone_rows.sort_unstable();
        session.delete(
            "match_row",
            ["attribute", "channel", "rank", "advisory"],
            &changes.gone_rows,
        )?;
        changes.rows.sort_unstable();
        let values: Vec<Value<'_>> = changes
            .rows
            .iter()
            .flatten()
            .map(|number| Value::Int(*number))
            .collect();
        session.insert(&MATCH_ROW, &values)?;
        session.delete("match_set", ["advisory", "channel"], &changes.gone_sets)?;
        changes
            .sets
            .sort_unstable_by_key(|set| (set.advisory, set.channel));
        let documents = changes
            .sets
            .iter()
            .map(|set| {
                serde_json::to_vec(&set.matches)
                    .map_err(|failed| DbError::damaged("matches", failed))
            })
            .collect::<Result<Vec<_>>>()?;
        let learnt = self.learn(session, KIND, documents.iter().map(Vec::as_slice))?;
        let dictionary = learnt.unwrap_or_else(|| self.packer().newest(KIND));
        let bodies = documents
            .iter()
            .map(|json| self.packer().pack_with(&dictionary, json))
            .collect::<Result<Vec<_>>>()?;
        let values: Vec<Value<'_>> = changes
            .sets
            .iter()
            .zip(&bodies)
            .flat_map(|(set, body)| {
                let (tier, first_seen) = newest(&set.matches);
                [
                    Value::Int(set.advisory),
                    Value::Int(set.channel),
                    Value::Int(tier),
                    Value::Int(first_seen),
                    Value::Int(set.severity),
                    Value::Blob(body),
                ]
            })
            .collect();
        session.insert(&MATCH_SET, &values)?;
        for (name, more) in changes.tally {
            tally::add(session, &name, more)?;
        }
        Ok(())
    }
}

impl Changes {
    /// Advisories whose sets change, each once.
    fn advisories(&self) -> Vec<i64> {
        let written = self.sets.iter().map(|set| set.advisory);
        let gone = self.gone_sets.iter().map(|[advisory, _]| *advisory);
        let mut all: Vec<i64> = written.chain(gone).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn add(
        &mut self,
        new: New,
        before: Option<Old>,
        attributes: &FxHashMap<String, i64>,
        outcome: &mut MatchOutcome,
    ) -> Result<()> {
        let before = match before {
            Some(before) if before.severity == new.severity && before.matches == new.matches => {
                outcome.unchanged += 1;
                return Ok(());
            }
            None if new.matches.is_empty() => return Ok(()),
            Some(before) => before,
            None => Old {
                severity: 0,
                matches: Vec::new(),
            },
        };
        outcome.written += 1;
        let number = |attr: &str| {
            attributes
                .get(attr)
                .copied()
                .ok_or_else(|| DbError::Missing {
                    what: "attribute",
                    name: attr.to_owned(),
                })
        };
        let row = |stored: &StoredMatch, severity| {
            let rank = rank(&stored.found, severity);
            Ok([
                number(&stored.found.attr)?,
                new.channel,
                rank,
                new.advisory,
                stored.first_seen.get(),
            ])
        };
        let old: FxHashSet<[i64; 5]> = before
            .matches
            .iter()
            .map(|stored| row(stored, before.severity))
            .collect::<Result<_>>()?;
        let now: FxHashSet<[i64; 5]> = new
            .matches
            .iter()
            .map(|stored| row(stored, new.severity))
            .collect::<Result<_>>()?;
        let key = |[attribute, channel, rank, advisory, _]: &[i64; 5]| {
            [*attribute, *channel, *rank, *advisory]
        };
        let kept: FxHashSet<[i64; 4]> = now.iter().map(key).collect();
        self.gone_rows
            .extend(old.iter().map(key).filter(|key| !kept.contains(key)));
        self.rows.extend(now.difference(&old));
        let affected = |matches: &[StoredMatch]| {
            matches
                .iter()
                .filter(|stored| stored.found.verdict == Verdict::Affected)
                .count() as u64
        };
        outcome.newly_affected += affected(&new.matches).saturating_sub(affected(&before.matches));
        for (matches, by) in [(&before.matches, -1), (&new.matches, 1)] {
            for stored in matches {
                let (verdict, tier) = (
                    verdict_number(stored.found.verdict),
                    tier_number(stored.found.tier),
                );
                *self
                    .tally
                    .entry(tally::matches(new.channel, verdict, tier))
                    .or_default() += by;
            }
        }
        let place = (new.advisory, new.channel, new.severity);
        self.turns
            .push(Turn::new(place, &before.matches, &new.matches, number)?);
        if new.matches.is_empty() {
            self.gone_sets.push([new.advisory, new.channel]);
        } else {
            self.sets.push(new);
        }
        Ok(())
    }
}

/// Attributes that are affected, tied in tier high or medium, and were so in no channel before; with the
/// channels that they are affected in.
fn newly_affected(
    batch: &MatchBatch<'_>,
    numbers: &FxHashMap<String, i64>,
    old: &FxHashMap<(i64, i64), Old>,
) -> BTreeMap<i64, BTreeMap<String, BTreeSet<String>>> {
    let counts = |found: &Match| found.verdict == Verdict::Affected && found.tier != Tier::Low;
    let mut before: FxHashSet<(i64, &str)> = FxHashSet::default();
    for ((advisory, _), set) in old {
        let affected = set.matches.iter().filter(|stored| counts(&stored.found));
        before.extend(affected.map(|stored| (*advisory, stored.found.attr.as_str())));
    }
    let mut news: BTreeMap<i64, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for entry in batch.advisories {
        let Some(&advisory) = numbers.get(&entry.advisory) else {
            continue;
        };
        for (channel, matches) in &entry.channels {
            for found in matches.iter().filter(|found| counts(found)) {
                if !before.contains(&(advisory, found.attr.as_str())) {
                    let of_advisory = news.entry(advisory).or_default();
                    of_advisory
                        .entry(found.attr.clone())
                        .or_default()
                        .insert(channel.clone());
                }
            }
        }
    }
    news
}

/// Best tier among the affected, and the newest of that tier.
fn newest(matches: &[StoredMatch]) -> (i64, i64) {
    let affected = || {
        matches
            .iter()
            .filter(|stored| stored.found.verdict == Verdict::Affected)
    };
    let tier = affected()
        .map(|stored| tier_number(stored.found.tier))
        .min()
        .unwrap_or(NO_TIER);
    let first_seen = affected()
        .filter(|stored| tier_number(stored.found.tier) == tier)
        .map(|stored| stored.first_seen.get())
        .max()
        .unwrap_or(0);
    (tier, first_seen)
}

/// Sorted by attribute; a verdict that stays keeps its time. Of two matches of one attribute the
/// graver counts.
fn with_first_seen(matches: &[Match], before: Option<&Old>, now: Millis) -> Vec<StoredMatch> {
    let known: FxHashMap<&str, (Verdict, Millis)> = before
        .map(|before| {
            let stored = before.matches.iter();
            stored
                .map(|stored| {
                    (
                        stored.found.attr.as_str(),
                        (stored.found.verdict, stored.first_seen),
                    )
                })
                .collect()
        })
        .unwrap_or_default();
    let mut matches: Vec<StoredMatch> = matches
        .iter()
        .map(|found| {
            let first_seen = match known.get(found.attr.as_str()) {
                Some((verdict, since)) if *verdict == found.verdict => *since,
                _ => now,
            };
            StoredMatch {
                first_seen,
                found: found.clone(),
            }
        })
        .collect();
    matches.sort_by(|a, b| {
        (&a.found.attr, a.found.verdict, a.found.tier).cmp(&(
            &b.found.attr,
            b.found.verdict,
            b.found.tier,
        ))
    });
    matches.dedup_by(|a, b| a.found.attr == b.found.attr);
    matches
}

fn channel_numbers<'b>(
    session: &mut Session<'_>,
    batch: &MatchBatch<'b>,
) -> Result<FxHashMap<&'b str, i64>> {
    let mut numbers = FxHashMap::default();
    for (channel, _) in batch.advisories.iter().flat_map(|entry| &entry.channels) {
        if !numbers.contains_key(channel.as_str()) {
            numbers.insert(channel.as_str(), names::known_channel(session, channel)?);
        }
    }
    Ok(numbers)
}

/// Highest score of any record of each advisory.
fn severities(session: &mut Session<'_>, advisories: &[i64]) -> Result<FxHashMap<i64, i64>> {
    let rows = session.list(
        "SELECT advisory_record.advisory, max(record.severity) FROM advisory_record \
         JOIN record ON record.id = advisory_record.record \
         WHERE advisory_record.advisory IN EACH_INT(?1) GROUP BY advisory_record.advisory",
        &[Value::Ints(advisories)],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

fn attribute_numbers(
    session: &mut Session<'_>,
    batch: &MatchBatch<'_>,
    old: &FxHashMap<(i64, i64), Old>,
) -> Result<FxHashMap<String, i64>> {
    let new = batch
        .advisories
        .iter()
        .flat_map(|entry| &entry.channels)
        .flat_map(|(_, matches)| matches);
    let old = old
        .values()
        .flat_map(|old| &old.matches)
        .map(|stored| stored.found.attr.as_str());
    let attrs: FxHashSet<&str> = new.map(|found| found.attr.as_str()).chain(old).collect();
    let mut attrs: Vec<&str> = attrs.into_iter().collect();
    attrs.sort_unstable();
    let rows = session.list(
        "SELECT name, id FROM attribute WHERE name IN EACH_TEXT(?1)",
        &[Value::Texts(&attrs)],
        |row| Ok((row.text(0)?.to_owned(), row.int(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}
