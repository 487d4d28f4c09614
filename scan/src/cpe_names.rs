//! CPEs for bills of materials, where Nixpkgs gives none: the vendor and product under which
//! advisories speak of the very software.
//!
//! Judging is done without them: what advisories say decides there, not what follows from it.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use snowguard_advisory::cpe::{Cpe, Part, Value};
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Candidate, Reader};
use snowguard_matching::evidence::Allowed;
use snowguard_matching::keys;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::{PackageFacts, Rank};
use snowguard_matching::tie::tie;
use snowguard_matching::verdict::Tier;

use crate::identify::Identified;
use crate::judge::{learn, projects_of};
use crate::parallel::in_runs;

/// Pieces of software that one thread takes at a time.
const PIECES: usize = 16;
/// Advisories that are asked about one piece: they repeat each other.
const ENOUGH: usize = 256;

/// Gives each piece with a version and without a CPE the one that most advisories use, of those that are
/// tied to it by more than names and whose product is called as the package is. The version in it is
/// the software's own.
///
/// # Errors
/// As every reading of the file.
pub fn complete(
    software: &mut [Identified],
    file: &AdvisoryFile<'_>,
) -> Result<(), AdvisoryFileError> {
    let open: Vec<usize> = software
        .iter()
        .enumerate()
        .filter(|(_, one)| one.package.cpe.is_none() && !one.software.version.is_empty())
        .map(|(number, _)| number)
        .collect();
    let found = in_runs(
        &open,
        PIECES,
        || file.reader(),
        |reader, run| {
            run.iter()
                .map(|number| Ok((*number, name(&software[*number], file, reader)?)))
                .collect::<Result<Vec<(usize, Option<Cpe>)>, AdvisoryFileError>>()
        },
    )?;
    for (number, cpe) in found.into_iter().flatten() {
        software[number].package.cpe = cpe.map(|cpe| cpe.to_string());
    }
    Ok(())
}

fn name(
    one: &Identified,
    file: &AdvisoryFile<'_>,
    reader: &mut Reader<'_, '_>,
) -> Result<Option<Cpe>, AdvisoryFileError> {
    let facts = PackageFacts::of(&one.package);
    let mut candidates: Vec<Candidate> = Vec::new();
    for key in keys::of_package_facts(&facts) {
        candidates.extend(file.candidates(key)?);
    }
    candidates.sort_unstable();
    candidates.dedup();
    candidates.truncate(ENOUGH);
    let mut knowledge = Knowledge::default();
    for (name, projects) in projects_of(&facts, file)? {
        knowledge.set_projects(&name, projects);
    }
    let is_called = |product: &str| {
        let mut exact = facts.names.iter().filter(|name| name.rank == Rank::Exact);
        exact.any(|name| name.joined == product)
    };
    let mut known = FxHashSet::default();
    // How many advisories use a name.
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for candidate in candidates {
        let draft = reader.draft(candidate)?;
        for identity in draft.facts.rows.iter().flat_map(|row| &row.identities) {
            learn(&identity.vendor_product, file, &mut knowledge, &mut known)?;
        }
        let tied = tie(&draft.facts, &facts, &knowledge, Allowed::ALL);
        let Some(tied) = tied.filter(|tied| tied.tier == Tier::High) else {
            continue;
        };
        let rows = tied
            .rows
            .iter()
            .filter_map(|row| draft.facts.rows.get(*row));
        let names: FxHashSet<&str> = rows
            .filter(|row| !row.is_distribution)
            .flat_map(|row| &row.identities)
            .filter(|identity| identity.is_cpe && is_called(&identity.vendor_product.product))
            .map(|identity| identity.text.as_str())
            .collect();
        for name in names {
            *used.entry(name.to_owned()).or_default() += 1;
        }
    }
    // Of several that are used as often, the first by name.
    let most = used.into_iter().rev().max_by_key(|(_, count)| *count);
    Ok(most.and_then(|(name, _)| named(&name, &one.software.version)))
}

/// A CPE of `vendor:product` and a version. The file does not keep whether a product is an application
/// or an operating system (as Xen is one for NVD), so that part is left open.
fn named(name: &str, version: &str) -> Option<Cpe> {
    let (vendor, product) = name.split_once(':')?;
    let text = |text: &str| Value::Text(text.to_owned());
    Some(Cpe {
        part: Part::Any,
        vendor: text(vendor),
        product: text(product),
        version: text(version),
        update: Value::Any,
        edition: Value::Any,
        language: Value::Any,
        sw_edition: Value::Any,
        target_sw: Value::Any,
        target_hw: Value::Any,
        other: Value::Any,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_escaped_as_the_standard_says() {
        let cpe = named("gnome:gtk+", "3.24.41").unwrap().to_string();
        assert_eq!(cpe, "cpe:2.3:*:gnome:gtk\\+:3.24.41:*:*:*:*:*:*:*");
        assert_eq!(Cpe::parse(&cpe).unwrap().product.as_text(), Some("gtk+"));
    }
}
