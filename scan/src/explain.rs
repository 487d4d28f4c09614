//! The whole story of one advisory, also when it is no finding.

use snowguard_advisory::model::Advisory;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Prose};
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::names;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::Match;
use snowguard_nix_formats::DrvName;

use crate::closure::{Closure, PathIndex};
use crate::identify::Identified;
use crate::software::{Dropped, Inventory};

/// What there is to say.
#[derive(Debug)]
pub struct Story<'a> {
    /// The advisory, without its prose.
    pub advisory: Advisory,
    /// Its prose.
    pub prose: Prose,
    /// It was rejected or withdrawn, so it ties to nothing.
    pub is_void: bool,
    /// Software that it speaks of, with the verdict.
    pub tied: Vec<(&'a Identified, Match)>,
    /// Paths whose names it names, and why they were left out.
    pub left_out: Vec<(PathIndex, Dropped)>,
    /// Names under which it speaks of software.
    pub names: Vec<String>,
}

/// Tells the story of an advisory over a closure; `None` where the file does not know it.
///
/// # Errors
/// As every reading of the file.
pub fn explain<'a>(
    id: &str,
    closure: &Closure,
    inventory: &Inventory,
    identified: &'a [Identified],
    file: &AdvisoryFile<'_>,
) -> Result<Option<Story<'a>>, AdvisoryFileError> {
    let Some(candidate) = file.find(id)? else {
        return Ok(None);
    };
    let Some((_, advisory)) = file.facts(&[candidate])?.pop() else {
        return Ok(None);
    };
    let advisory = advisory.0;
    let prose = file
        .prose(&[candidate])?
        .pop()
        .map(|(_, prose)| prose)
        .unwrap_or_default();
    let facts = AdvisoryFacts::new(&advisory);
    let mut knowledge = Knowledge::default();
    let identities = || facts.rows.iter().flat_map(|row| &row.identities);
    for identity in identities() {
        if let Some(hint) = file.hint(&identity.vendor_product)? {
            knowledge.set_product(
                &identity.vendor_product,
                hint.homes,
                hint.purls,
                hint.checkers,
            );
        }
    }
    let tied = identified
        .iter()
        .filter_map(|one| {
            let package = PackageFacts::new(one.package.clone());
            let found = judge(&advisory, &facts, &package, &knowledge, Allowed::ALL)?;
            Some((one, found))
        })
        .collect();
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
        advisory,
        prose,
        tied,
        left_out,
        names,
    }))
}
