//! The second pass: judge dirty advisories and store the verdicts.

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::thread;

use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::{Allowed, Evidence};
use snowguard_matching::keys;
use snowguard_tracker_db::{AdvisoryMatches, DbError, MatchBatch, MatchOutcome, RuleEffect, Stamp};

use super::channels::Channels;
use super::{ALLOWED, Matcher, Options, Outcome, Progress, Stage, rules};

/// Advisories per transaction.
const BATCH: usize = 1_000;

/// Fewer advisories than this are not worth a thread.
const FEWEST: usize = 64;

/// An advisory with its facts.
pub(super) struct Prepared {
    pub(super) advisory: Advisory,
    pub(super) facts: AdvisoryFacts,
}

/// Judged advisories.
#[derive(Default)]
struct Judged {
    matches: Vec<AdvisoryMatches>,
    effects: Vec<RuleEffect>,
}

impl Judged {
    fn extend(&mut self, other: Self) {
        self.matches.extend(other.matches);
        self.effects.extend(other.effects);
    }
}

impl Matcher {
    pub(super) fn judge(
        &mut self,
        options: &Options<'_>,
        report: &mut dyn FnMut(Progress),
        outcome: &mut Outcome,
    ) -> Result<(), DbError> {
        let dirty = self.db.dirty_advisories(usize::MAX)?;
        let total = dirty.advisories.len() as u64;
        if total == 0 {
            return Ok(());
        }
        // Read after the marks: a rule that comes later marks what it touches once more.
        self.knowledge.set_rules(rules::load(&self.db)?);
        self.notes_effects = !self.knowledge.rules().is_empty() || self.db.has_rule_effects()?;
        let this = &*self;
        let channels = Channels::open(&self.db, total)?;
        let mut done = 0;
        // One thread judges a batch while this one stores the one before.
        thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(1);
            let channels = &channels;
            let ids = &dirty.advisories;
            scope.spawn(move || {
                for batch in ids.chunks(BATCH) {
                    if options.is_stopped() {
                        break;
                    }
                    let judged = this.judge_batch(channels, batch);
                    let failed = judged.is_err();
                    // A closed channel means that storing has failed, and says so itself.
                    if send.send(judged).is_err() || failed {
                        break;
                    }
                }
            });
            for judged in receive {
                let judged = judged?;
                let stored = this.store(&judged, dirty.seen, options)?;
                outcome.changed += stored.written;
                outcome.unchanged += stored.unchanged;
                outcome.newly_affected += stored.newly_affected;
                done += judged.matches.len() as u64;
                report(Progress {
                    stage: Stage::Judging,
                    done,
                    total,
                });
            }
            Ok::<(), DbError>(())
        })?;
        outcome.advisories = done;
        outcome.stopped = done < total;
        Ok(())
    }

    fn store(
        &self,
        judged: &Judged,
        seen: Stamp,
        options: &Options<'_>,
    ) -> Result<MatchOutcome, DbError> {
        if self.notes_effects {
            let ids = judged.matches.iter().map(|one| one.advisory.as_str());
            self.db
                .put_rule_effects(&ids.collect::<Vec<_>>(), &judged.effects)?;
        }
        self.db.put_matches(&MatchBatch {
            now: options.now,
            seen,
            advisories: &judged.matches,
        })
    }

    /// Judges a batch on all cores; the order is that of `ids`.
    fn judge_batch(&self, channels: &Channels, ids: &[String]) -> Result<Judged, DbError> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = ids.len().div_ceil(threads).max(FEWEST);
        if ids.len() <= share {
            return self.judge_part(channels, ids);
        }
        let parts: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = ids
                .chunks(share)
                .map(|part| scope.spawn(|| self.judge_part(channels, part)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        let mut out = Judged::default();
        for part in parts {
            out.extend(part?);
        }
        Ok(out)
    }

    fn judge_part(&self, channels: &Channels, ids: &[String]) -> Result<Judged, DbError> {
        let mut advisories = self.db.advisories(ids)?;
        let mut out = Judged::default();
        for id in ids {
            let Some(position) = advisories.iter().position(|advisory| advisory.id == *id) else {
                // The advisory is gone: no matches, no keys.
                out.matches.push(AdvisoryMatches {
                    advisory: id.clone(),
                    channels: Vec::new(),
                    keys: Vec::new(),
                });
                continue;
            };
            let advisory = advisories.swap_remove(position);
            let facts = AdvisoryFacts::new(&advisory);
            let keys = keys::lookup(&facts, &self.knowledge);
            let prepared = Prepared { advisory, facts };
            let judge =
                |allowed| channels.judge(&self.db, &prepared, &keys, &self.knowledge, allowed);
            let found = judge(ALLOWED)?;
            let ruling = self.knowledge.rules();
            if !ruling.of_advisory(&prepared.facts).is_empty() {
                let free = judge(Allowed::without(&[Evidence::Rules]))?;
                let effects = rules::effects(&prepared.facts, ruling, &found, &free);
                out.effects.extend(effects);
            }
            out.matches.push(AdvisoryMatches {
                advisory: id.clone(),
                channels: found,
                keys,
            });
        }
        Ok(out)
    }
}
