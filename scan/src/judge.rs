//! Judging a whole inventory.

use rustc_hash::{FxHashMap, FxHashSet};
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Brief, Candidate, Prose, Reader};
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::{Tied, judge};
use snowguard_matching::keys;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::{PackageFacts, Rank, VendorProduct};
use snowguard_matching::verdict::{Match, Tier, Verdict};

use crate::cache::VerdictCache;
use crate::identify::Identified;
use crate::parallel::in_runs;
use crate::progress::Progress;

/// Advisories that one thread takes at a time. Neighbours share blocks.
const RUN: usize = 256;
/// Pieces of software that one thread prepares at a time.
const PIECES: usize = 64;
/// More pieces than these are given back beside the rest of the work.
const MANY: usize = 10_000;

/// An advisory that affects a piece of software.
#[derive(Debug, Clone, PartialEq)]
pub struct Affected {
    /// The advisory in the file.
    pub candidate: Candidate,
    /// Verdict, tier and reasons.
    pub found: Match,
    /// What a line about the advisory tells.
    pub brief: Brief,
}

/// All that advisories say of one piece of software.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// Those that affect it, by advisory, in all tiers that were asked for.
    pub affected: Vec<Affected>,
    /// How many are fixed by version or patch, in those tiers.
    pub fixed: usize,
    /// How many cannot be decided, in those tiers.
    pub unknown: usize,
    /// How many pairs were looked at.
    pub pairs: usize,
}

/// All verdicts of a scan.
#[derive(Debug, Default)]
pub struct Scan {
    /// For each piece of software, in its order.
    pub judged: Vec<Judged>,
    /// How many pieces the cache knew.
    pub from_cache: usize,
}

/// A pair to be judged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    candidate: Candidate,
    software: u32,
}

impl Scan {
    /// Judges everything, on all cores. What the cache knows is taken from there, and what it does
    /// not know is given to it.
    ///
    /// # Errors
    /// As every reading of the file.
    pub fn run(
        software: &[Identified],
        file: &AdvisoryFile<'_>,
        lowest: Tier,
        cache: &mut VerdictCache,
        progress: &Progress,
    ) -> Result<Self, AdvisoryFileError> {
        let mut judged: Vec<Option<Judged>> = software
            .iter()
            .map(|one| cache.get(&one.package, lowest))
            .collect();
        let open: Vec<u32> = (0_u32..)
            .zip(&judged)
            .filter(|(_, known)| known.is_none())
            .map(|(number, _)| number)
            .collect();
        let from_cache = software.len() - open.len();
        for (number, result) in judge_open(software, &open, file, lowest, progress)? {
            let place = number as usize;
            cache.put(&software[place].package, lowest, &result);
            judged[place] = Some(result);
        }
        Ok(Self {
            judged: judged.into_iter().map(Option::unwrap_or_default).collect(),
            from_cache,
        })
    }

    /// What a person has to look at: affected, with the index of the software.
    pub fn findings(&self) -> impl Iterator<Item = (usize, &Affected)> {
        let all = self.judged.iter().enumerate();
        all.flat_map(|(number, judged)| judged.affected.iter().map(move |one| (number, one)))
    }
}

fn judge_open(
    software: &[Identified],
    open: &[u32],
    file: &AdvisoryFile<'_>,
    lowest: Tier,
    progress: &Progress,
) -> Result<Vec<(u32, Judged)>, AdvisoryFileError> {
    progress.begin("looking up", open.len());
    let prepared = in_runs(
        open,
        PIECES,
        || (),
        |(), run| {
            progress.add(run.len());
            run.iter()
                .map(|number| prepare(&software[*number as usize], file))
                .collect::<Result<Vec<Prepared>, AdvisoryFileError>>()
        },
    )?;
    let prepared = AllPrepared(prepared);
    let mut results: Vec<(u32, Judged)> = open
        .iter()
        .map(|number| (*number, Judged::default()))
        .collect();
    let count = prepared.iter().map(|one| one.candidates.len()).sum();
    let mut pairs: Vec<Pair> = Vec::with_capacity(count);
    for (number, one) in (0_u32..).zip(prepared.iter()) {
        results[number as usize].1.pairs = one.candidates.len();
        pairs.extend(one.candidates.iter().map(|candidate| Pair {
            candidate: *candidate,
            software: number,
        }));
    }
    pairs.sort_unstable();
    progress.begin("judging", pairs.len());
    let parts = in_runs(
        &pairs,
        RUN,
        || Judge::new(&prepared, file, lowest),
        |judge, run| {
            progress.add(run.len());
            judge.run(run)
        },
    )?;
    for (number, outcome) in parts.into_iter().flatten() {
        let judged = &mut results[number as usize].1;
        match outcome {
            Outcome::Fixed => judged.fixed += 1,
            Outcome::Unknown => judged.unknown += 1,
            Outcome::Affected(affected) => judged.affected.push(*affected),
        }
    }
    if open.len() > MANY {
        // Hundreds of thousands of pieces of memory: the report need not wait for them.
        std::thread::spawn(move || drop(prepared));
    }
    for (_, judged) in &mut results {
        let by_id = |a: &Affected, b: &Affected| a.found.advisory.cmp(&b.found.advisory);
        judged.affected.sort_by(by_id);
    }
    Ok(results)
}

/// All software that is open, in the runs in which it was prepared.
struct AllPrepared(Vec<Vec<Prepared>>);

impl AllPrepared {
    fn iter(&self) -> impl Iterator<Item = &Prepared> {
        self.0.iter().flatten()
    }

    /// The facts of the software with this number.
    fn facts(&self, number: u32) -> &PackageFacts {
        let number = number as usize;
        &self.0[number / PIECES][number % PIECES].facts
    }
}

/// A piece of software, ready to be judged.
struct Prepared {
    facts: PackageFacts,
    candidates: Vec<Candidate>,
    /// Repology's projects of its names.
    projects: Vec<(String, Vec<String>)>,
}

fn prepare(one: &Identified, file: &AdvisoryFile<'_>) -> Result<Prepared, AdvisoryFileError> {
    let facts = PackageFacts::of(&one.package);
    let mut candidates: Vec<Candidate> = Vec::new();
    for key in keys::of_package_facts(&facts) {
        candidates.extend(file.candidates(key)?);
    }
    candidates.sort_unstable();
    candidates.dedup();
    let projects = projects_of(&facts, file)?;
    Ok(Prepared {
        facts,
        candidates,
        projects,
    })
}

/// What Repology calls the projects of a package's names, where the matcher asks for it.
pub(crate) fn projects_of(
    facts: &PackageFacts,
    file: &AdvisoryFile<'_>,
) -> Result<Vec<(String, Vec<String>)>, AdvisoryFileError> {
    let mut all = Vec::new();
    let exact = facts.names.iter().filter(|name| name.rank == Rank::Exact);
    for name in exact.filter(|_| facts.scope.names_programs()) {
        let projects = file.projects(&name.joined)?;
        if !projects.is_empty() {
            all.push((name.joined.clone(), projects));
        }
    }
    Ok(all)
}

enum Outcome {
    Fixed,
    Unknown,
    Affected(Box<Affected>),
}

/// What one thread judges with.
struct Judge<'j, 'f, 'a> {
    prepared: &'j AllPrepared,
    file: &'f AdvisoryFile<'a>,
    reader: Reader<'f, 'a>,
    knowledge: Knowledge,
    hinted: FxHashSet<VendorProduct>,
    lowest: Tier,
}

impl<'j, 'f, 'a> Judge<'j, 'f, 'a> {
    fn new(prepared: &'j AllPrepared, file: &'f AdvisoryFile<'a>, lowest: Tier) -> Self {
        let mut knowledge = Knowledge::default();
        for (name, projects) in prepared.iter().flat_map(|one| &one.projects) {
            knowledge.set_projects(name, projects.clone());
        }
        Self {
            prepared,
            file,
            reader: file.reader(),
            knowledge,
            hinted: FxHashSet::default(),
            lowest,
        }
    }

    fn run(&mut self, pairs: &[Pair]) -> Result<Vec<(u32, Outcome)>, AdvisoryFileError> {
        let mut out = Vec::new();
        for same in pairs.chunk_by(|a, b| a.candidate == b.candidate) {
            let Some(first) = same.first() else { continue };
            let draft = self.reader.draft(first.candidate)?;
            for identity in draft.facts.rows.iter().flat_map(|row| &row.identities) {
                let product = &identity.vendor_product;
                learn(product, self.file, &mut self.knowledge, &mut self.hinted)?;
            }
            // What is tied by its name alone is not told: its versions need not be read.
            let tied: Vec<(&Pair, Tied<'_>)> = same
                .iter()
                .filter_map(|pair| {
                    let package = self.prepared.facts(pair.software);
                    let tied = Tied::find(&draft.facts, package, &self.knowledge, Allowed::ALL)?;
                    (tied.tier() <= self.lowest).then_some((pair, tied))
                })
                .collect();
            if tied.is_empty() {
                continue;
            }
            let (advisory, brief) = draft.rest()?;
            for (pair, tied) in tied {
                let (verdict, tier) = tied.verdict(&advisory);
                if tier > self.lowest {
                    continue;
                }
                let outcome = match verdict {
                    Verdict::NotAffected => continue,
                    Verdict::Fixed => Outcome::Fixed,
                    Verdict::Unknown => Outcome::Unknown,
                    Verdict::Affected => {
                        // The same judgement, put into words.
                        let package = self.prepared.facts(pair.software);
                        let (facts, known) = (&draft.facts, &self.knowledge);
                        let told = judge(&advisory, facts, package, known, Allowed::ALL);
                        let Some(found) = told else { continue };
                        Outcome::Affected(Box::new(Affected {
                            candidate: pair.candidate,
                            found,
                            brief: brief.clone(),
                        }))
                    }
                };
                out.push((pair.software, outcome));
            }
        }
        Ok(out)
    }
}

/// Takes in what the file knows of a product, once.
pub(crate) fn learn(
    product: &VendorProduct,
    file: &AdvisoryFile<'_>,
    knowledge: &mut Knowledge,
    known: &mut FxHashSet<VendorProduct>,
) -> Result<(), AdvisoryFileError> {
    if known.contains(product) {
        return Ok(());
    }
    known.insert(product.clone());
    if let Some(hint) = file.hint(product)? {
        knowledge.set_product(product, hint.homes, hint.purls, hint.checkers);
        knowledge.rules_mut().set(product, hint.rules);
    }
    Ok(())
}

/// What people read of the advisories of a scan's findings.
///
/// # Errors
/// As every reading of the file.
pub fn prose(
    scan: &Scan,
    file: &AdvisoryFile<'_>,
) -> Result<FxHashMap<Candidate, Prose>, AdvisoryFileError> {
    let mut candidates: Vec<Candidate> = scan.findings().map(|(_, one)| one.candidate).collect();
    candidates.sort_unstable();
    candidates.dedup();
    let parts = in_runs(
        &candidates,
        RUN,
        || file.reader(),
        |reader, run| {
            run.iter()
                .map(|candidate| Ok((*candidate, reader.prose(*candidate)?)))
                .collect::<Result<Vec<(Candidate, Prose)>, AdvisoryFileError>>()
        },
    )?;
    Ok(parts.into_iter().flatten().collect())
}
