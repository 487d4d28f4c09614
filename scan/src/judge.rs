//! Judging a whole inventory.

use std::num::NonZeroUsize;
use std::thread;

use rustc_hash::{FxHashMap, FxHashSet};
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Candidate, Prose};
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::keys;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::{Match, Tier, Verdict};

use crate::identify::Identified;

/// A verdict about one piece of software.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Index into the software that was judged.
    pub software: usize,
    /// The advisory in the file.
    pub candidate: Candidate,
    /// Verdict, tier and reasons.
    pub found: Match,
}

/// All verdicts of a scan.
#[derive(Debug, Default)]
pub struct Scan {
    /// In the order of software, then advisory.
    pub judgements: Vec<Judgement>,
    /// How many pairs were looked at.
    pub pairs: usize,
}

impl Scan {
    /// Judges everything, on all cores.
    ///
    /// # Errors
    /// As every reading of the file.
    pub fn run(
        software: &[Identified],
        file: &AdvisoryFile<'_>,
    ) -> Result<Self, AdvisoryFileError> {
        let facts: Vec<PackageFacts> = software
            .iter()
            .map(|one| PackageFacts::new(one.package.clone()))
            .collect();
        let mut wanted: FxHashMap<Candidate, Vec<u32>> = FxHashMap::default();
        for (number, package) in facts.iter().enumerate() {
            let mut candidates: FxHashSet<Candidate> = FxHashSet::default();
            for key in keys::of_package_facts(package) {
                candidates.extend(file.candidates(key)?);
            }
            for candidate in candidates {
                wanted
                    .entry(candidate)
                    .or_default()
                    .push(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        let mut wanted: Vec<(Candidate, Vec<u32>)> = wanted.into_iter().collect();
        wanted.sort_unstable();
        let pairs = wanted.iter().map(|(_, packages)| packages.len()).sum();
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // Neighbours share blocks, so each thread takes a run of them.
        let share = wanted.len().div_ceil(threads).max(1);
        let parts: Vec<Result<Vec<Judgement>, AdvisoryFileError>> = thread::scope(|scope| {
            let running: Vec<_> = wanted
                .chunks(share)
                .map(|part| scope.spawn(|| judge_part(part, &facts, file)))
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
        let mut judgements = Vec::new();
        for part in parts {
            judgements.extend(part?);
        }
        judgements
            .sort_by(|a, b| (a.software, &a.found.advisory).cmp(&(b.software, &b.found.advisory)));
        Ok(Self { judgements, pairs })
    }

    /// What a person has to look at: affected, in the tiers that are shown.
    pub fn findings(&self, lowest: Tier) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(move |judgement| {
            judgement.found.verdict == Verdict::Affected && judgement.found.tier <= lowest
        })
    }
}

fn judge_part(
    part: &[(Candidate, Vec<u32>)],
    packages: &[PackageFacts],
    file: &AdvisoryFile<'_>,
) -> Result<Vec<Judgement>, AdvisoryFileError> {
    let candidates: Vec<Candidate> = part.iter().map(|(candidate, _)| *candidate).collect();
    let mut knowledge = Knowledge::default();
    let mut hinted: FxHashSet<String> = FxHashSet::default();
    let mut out = Vec::new();
    for ((candidate, advisory), (_, numbers)) in file.facts(&candidates)?.into_iter().zip(part) {
        let advisory = advisory.0;
        let facts = AdvisoryFacts::new(&advisory);
        for identity in facts.rows.iter().flat_map(|row| &row.identities) {
            let product = &identity.vendor_product;
            if hinted.insert(product.to_text())
                && let Some(hint) = file.hint(product)?
            {
                knowledge.set_product(product, hint.homes, hint.purls, hint.checkers);
            }
        }
        for number in numbers {
            let Some(package) = packages.get(*number as usize) else {
                continue;
            };
            if let Some(found) = judge(&advisory, &facts, package, &knowledge, Allowed::ALL) {
                out.push(Judgement {
                    software: *number as usize,
                    candidate,
                    found,
                });
            }
        }
    }
    Ok(out)
}

/// The prose of the advisories of some judgements.
///
/// # Errors
/// As every reading of the file.
pub fn prose<'j>(
    judgements: impl Iterator<Item = &'j Judgement>,
    file: &AdvisoryFile<'_>,
) -> Result<FxHashMap<Candidate, Prose>, AdvisoryFileError> {
    let mut candidates: Vec<Candidate> = judgements.map(|one| one.candidate).collect();
    candidates.sort_unstable();
    candidates.dedup();
    Ok(file.prose(&candidates)?.into_iter().collect())
}
