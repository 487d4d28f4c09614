//! The whole story of one advisory, also when it is no finding.

use jiff::civil::Date;
use rustc_hash::FxHashSet;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Brief, Facts, Prose};
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::names;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::{Match, Verdict};
use snowguard_nix_formats::DrvName;

use crate::closure::{Closure, PathIndex};
use crate::identify::Identified;
use crate::judge::{learn, projects_of};
use crate::software::{Dropped, Inventory};
use crate::suppress::{Decision, Subject, Suppressions};

/// What there is to say.
#[derive(Debug)]
pub struct Story<'a> {
    /// The advisory's id.
    pub id: String,
    /// What a line about it tells.
    pub brief: Brief,
    /// Its prose.
    pub prose: Prose,
    /// It was rejected or withdrawn, so it ties to nothing.
    pub is_void: bool,
    /// Software that it speaks of.
    pub tied: Vec<Tied<'a>>,
    /// Paths whose names it names, and why they were left out.
    pub left_out: Vec<(PathIndex, Dropped)>,
    /// Names under which it speaks of software.
    pub names: Vec<String>,
}

/// A piece of software of which an advisory speaks.
#[derive(Debug)]
pub struct Tied<'a> {
    /// The software.
    pub software: &'a Identified,
    /// The verdict.
    pub found: Match,
    /// What rules say of it, where it is affected.
    pub decision: Decision<'a>,
}

/// What a story is told about.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The closure.
    pub closure: &'a Closure,
    /// What it holds.
    pub inventory: &'a Inventory,
    /// The software.
    pub identified: &'a [Identified],
    /// What was looked at and set aside.
    pub suppressions: &'a Suppressions,
    /// The day on which rules hold or not.
    pub today: Date,
}

/// Tells the story of an advisory over a closure; `None` where the file does not know it.
///
/// # Errors
/// As every reading of the file.
pub fn explain<'a>(
    id: &str,
    scene: Scene<'a>,
    file: &AdvisoryFile<'_>,
) -> Result<Option<Story<'a>>, AdvisoryFileError> {
    let Scene {
        closure,
        inventory,
        identified,
        suppressions,
        today,
    } = scene;
    let mut reader = file.reader();
    let Some(candidate) = reader.find(id)? else {
        return Ok(None);
    };
    let Facts {
        advisory,
        facts,
        brief,
    } = reader.facts(candidate)?;
    let prose = reader.prose(candidate)?;
    let mut knowledge = Knowledge::default();
    let mut known = FxHashSet::default();
    let identities = || facts.rows.iter().flat_map(|row| &row.identities);
    for identity in identities() {
        learn(&identity.vendor_product, file, &mut knowledge, &mut known)?;
    }
    let mut tied = Vec::new();
    for one in identified {
        let package = PackageFacts::of(&one.package);
        for (name, projects) in projects_of(&package, file)? {
            knowledge.set_projects(&name, projects);
        }
        if let Some(found) = judge(&advisory, &facts, &package, &knowledge, Allowed::ALL) {
            let aliases = brief.aliases.iter().map(String::as_str);
            let ids: Vec<&str> = std::iter::once(advisory.id.as_str())
                .chain(aliases)
                .collect();
            let decision = match found.verdict {
                Verdict::Affected => suppressions.decide(&Subject::of(one, &ids), today),
                _ => Decision::Stands,
            };
            tied.push(Tied {
                software: one,
                found,
                decision,
            });
        }
    }
    let products: Vec<&str> = identities()
        .map(|identity| identity.vendor_product.product.as_str())
        .collect();
    let left_out = inventory
        .dropped
        .iter()
        .filter(|(index, _)| {
            closure.entry(*index).is_some_and(|entry| {
                let name = names::joined(DrvName::parse(entry.path.name()).name());
                products.contains(&name.as_str())
            })
        })
        .copied()
        .collect();
    let mut names: Vec<String> = identities().map(|identity| identity.text.clone()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Some(Story {
        is_void: facts.is_void,
        id: advisory.id,
        brief,
        prose,
        tied,
        left_out,
        names,
    }))
}
