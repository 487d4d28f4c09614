//! The first pass: what dirty advisories teach.

use std::collections::BTreeSet;

use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::keys::Key;
use snowguard_matching::knowledge::Lesson;
use snowguard_tracker_db::{DbError, LearnBatch, Learnt};

use super::{Matcher, Options, Progress, Stage};

/// Advisories per transaction.
const BATCH: usize = 2_000;

impl Matcher {
    /// Learns from all dirty advisories. What a lesson changes marks further advisories dirty;
    /// these have been learned from before. False when stopped.
    pub(super) fn learn(
        &mut self,
        options: &Options<'_>,
        report: &mut dyn FnMut(Progress),
    ) -> Result<bool, DbError> {
        let dirty = self.db.dirty_advisories(usize::MAX)?.advisories;
        let total = dirty.len() as u64;
        let mut done = 0;
        for ids in dirty.chunks(BATCH) {
            if options.is_stopped() {
                return Ok(false);
            }
            let (lessons, changed) = self.lessons_of(ids)?;
            self.db.put_lessons(&LearnBatch {
                lessons: &lessons,
                changed: &changed,
            })?;
            done += ids.len() as u64;
            report(Progress {
                stage: Stage::Learning,
                done,
                total,
            });
        }
        Ok(true)
    }

    fn lessons_of(&mut self, ids: &[String]) -> Result<(Vec<Learnt>, Vec<Key>), DbError> {
        let advisories = self.db.advisories(ids)?;
        let known: BTreeSet<&str> = advisories
            .iter()
            .map(|advisory| advisory.id.as_str())
            .collect();
        let gone = ids.iter().filter(|id| !known.contains(id.as_str()));
        let mut lessons: Vec<Learnt> = gone.map(|id| (id.clone(), Lesson::default())).collect();
        for advisory in &advisories {
            lessons.push((
                advisory.id.clone(),
                Lesson::of(&AdvisoryFacts::new(advisory)),
            ));
        }
        let mut changed: BTreeSet<Key> = BTreeSet::new();
        // A lesson that stays needs no row to be written.
        lessons.retain(|(id, lesson)| !self.knowledge.knows(id, lesson));
        for (id, lesson) in &lessons {
            let products = self.knowledge.learn(id, lesson.clone());
            changed.extend(products.iter().map(|product| Key::new("cpe", product)));
        }
        Ok((lessons, changed.into_iter().collect()))
    }
}
