//! Matching again what has changed.
//!
//! Two passes over the advisories that are marked dirty. The first learns from them (a product's
//! home repository) and marks what the new knowledge touches; the second judges them against
//! every channel and stores the verdicts. Both go in batches of one transaction each, so a kill at
//! any moment loses at most a batch of work, and the next run goes on.

mod channels;
mod learn;
pub mod rules;
mod verdicts;

use std::sync::atomic::{AtomicBool, Ordering};

use snowguard_matching::evidence::Allowed;
use snowguard_matching::knowledge::{Alias, AliasTable, Knowledge};
use snowguard_tracker_db::{Db, DbError, Millis};

/// What to match again, and how.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Match everything again, not only what is marked.
    pub everything: bool,
    /// The time of verdicts that are new.
    pub now: Millis,
    /// Set to stop after the batch at hand.
    pub stop: Option<&'a AtomicBool>,
}

impl Options<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Learning from advisories.
    Learning,
    /// Judging advisories.
    Judging,
}

/// A report of progress: done and total of a stage.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Advisories done.
    pub done: u64,
    /// Advisories in all.
    pub total: u64,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// Advisories judged.
    pub advisories: u64,
    /// (advisory, channel) sets whose verdicts changed.
    pub changed: u64,
    /// Sets whose verdicts stayed.
    pub unchanged: u64,
    /// Packages that are affected now and were not.
    pub newly_affected: u64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// From so many changed sets on, the database looks at what it holds anew.
const MANY: u64 = 10_000;

/// The matcher with what it knows. Keep one to match again quickly after each change: loading
/// the knowledge is most of the cost of a small run.
pub struct Matcher {
    db: Db,
    knowledge: Knowledge,
    /// Whether what rules did is to be stored.
    notes_effects: bool,
}

impl Matcher {
    /// Loads what is known: lessons, alias tables, rules.
    ///
    /// # Errors
    /// As every read of the database.
    pub fn load(db: &Db) -> Result<Self, DbError> {
        Ok(Self {
            db: db.clone(),
            knowledge: knowledge(db)?,
            notes_effects: false,
        })
    }

    /// Matches again what is marked.
    ///
    /// # Errors
    /// As every read and write of the database. What was stored stays.
    pub fn run(
        &mut self,
        options: &Options<'_>,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, DbError> {
        self.db.rekey()?;
        if options.everything {
            self.db.mark_all_dirty()?;
        }
        let mut outcome = Outcome::default();
        if !self.learn(options, report)? {
            outcome.stopped = true;
            return Ok(outcome);
        }
        self.judge(options, report, &mut outcome)?;
        if outcome.changed >= MANY {
            self.db.renew_statistics()?;
        }
        Ok(outcome)
    }
}

/// What is known beside advisories and packages: lessons, alias tables, and rules that people made.
///
/// # Errors
/// As every read of the database.
pub fn knowledge(db: &Db) -> Result<Knowledge, DbError> {
    let mut knowledge = Knowledge::default();
    for (advisory, lesson) in db.lessons()? {
        knowledge.learn(&advisory, lesson);
    }
    knowledge.set_aliases(aliases(db)?);
    knowledge.set_rules(rules::load(db)?);
    Ok(knowledge)
}

/// Matches again what is marked; see [`Matcher::run`].
///
/// # Errors
/// As every read and write of the database.
pub fn run(
    db: &Db,
    options: &Options<'_>,
    report: &mut dyn FnMut(Progress),
) -> Result<Outcome, DbError> {
    db.rekey()?;
    if !options.everything && db.dirty_count()? == 0 {
        return Ok(Outcome::default());
    }
    Matcher::load(db)?.run(options, report)
}

/// The alias facts of all sources, as the matcher reads them.
///
/// # Errors
/// As every read of the database.
pub fn aliases(db: &Db) -> Result<Vec<Alias>, DbError> {
    let mut aliases = Vec::new();
    for source in db.alias_sources()? {
        for fact in db.alias_facts(&source.name)? {
            let table = match fact.kind.as_str() {
                "purl-cpe" => AliasTable::Purl2cpe,
                "name-cpe" => AliasTable::CveBinTool,
                "name-project" => AliasTable::Repology,
                _ => continue,
            };
            let left = fact
                .left
                .strip_prefix("pkg:")
                .unwrap_or(&fact.left)
                .to_owned();
            let right = match fact.right.strip_prefix("cpe:2.3:") {
                // After the part (`a`, `o`) come vendor and product.
                Some(cpe) => cpe
                    .split_once(':')
                    .map_or(cpe, |(_, product)| product)
                    .to_owned(),
                None => fact.right,
            };
            aliases.push(Alias { table, left, right });
        }
    }
    Ok(aliases)
}

/// All kinds of evidence: what the tracker itself matches with.
const ALLOWED: Allowed = Allowed::ALL;
