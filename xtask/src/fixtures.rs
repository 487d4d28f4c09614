//! `cargo xtask fixtures`: cuts the small sample in `fixtures/` from the full collection.
//!
//! The choice is a pure function of the collection ([`choose`]); its rows are copied unchanged.

mod advisories;
mod choose;
mod feeds;
mod packages;
mod people;
mod picker;
mod provenance;
mod rows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::workspace::Workspace;
use advisories::{Cve, Kind, cpe_part_and_product, criteria_of, elements, strings};
use choose::{Choice, Facts};
use feeds::FeedRow;
use packages::{Package, github_repository};
use provenance::{Chosen, ORIGINS};
use rows::Written;

const CVES: &str = "cve5-records.jsonl.zst";
const OVERRIDES: &str = "nvd-overrides-anchore.jsonl.zst";
const KEV: &str = "kev-cisa-2025-08-25.jsonl.zst";
const FEEDS: &str = "osv-and-advisories.jsonl.zst";
const ALIASES: &str = "purl2cpe.jsonl.zst";
const NEWER: &str = "nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst";
const OLDER: &str = "nixpkgs-20.09pre-2020-07-packages.jsonl.zst";
const MAINTAINERS: &str = "nixpkgs-2026-maintainers.json.zst";
const TEAMS: &str = "nixpkgs-2026-teams.json.zst";
const WORLD: &str = "cpe-closed-world-dev.jsonl.zst";
const WORLD_SAMPLE: &str = "closed-world-sample.jsonl";

/// Where to read and write.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder of the full collection
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where to write; the project's `fixtures` when not given
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Chooses and writes the sample and its README.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let to = options
        .to
        .clone()
        .unwrap_or_else(|| workspace.root().join("fixtures"));
    std::fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    let facts = gather(&options.from)?;
    let choice = choose::choose(&facts);
    let written = write(&options.from, &to, &facts, &choice)?;
    let page = provenance::page(&written, &account(&choice));
    let readme = to.join("README.md");
    std::fs::write(&readme, page).with_context(|| format!("cannot write {}", readme.display()))?;
    for Written {
        name,
        rows,
        plain,
        stored,
        ..
    } in &written
    {
        println!("{name}: {rows} rows, {plain} bytes, {stored} stored");
    }
    Ok(())
}

fn gather(from: &Path) -> Result<Facts> {
    let mut facts = Facts::default();
    rows::read(&from.join(CVES), |_, row| {
        let cve = Cve::read(&row).filter(|cve| !cve.kinds.contains(&Kind::Unlicensed));
        facts.cves.extend(cve.map(|cve| (cve.id.clone(), cve)));
        Ok(())
    })?;
    rows::read(&from.join(OVERRIDES), |_, row| {
        let products = criteria_of(&row["configurations"]).into_iter();
        let products = products
            .filter_map(cpe_part_and_product)
            .map(|(_, product)| product);
        let id = row["id"].as_str().map(str::to_owned);
        facts
            .overrides
            .extend(id.map(|id| (id, products.collect())));
        Ok(())
    })?;
    rows::read(&from.join(KEV), |_, row| {
        facts.kev.extend(row["cveID"].as_str().map(str::to_owned));
        Ok(())
    })?;
    let mut at = 0;
    rows::read(&from.join(FEEDS), |_, row| {
        facts.feeds.extend(FeedRow::read(at, &row));
        at += 1;
        Ok(())
    })?;
    for (file, packages) in [(NEWER, &mut facts.packages), (OLDER, &mut facts.older)] {
        rows::read(&from.join(file), |_, row| {
            packages.extend(Package::read(&row));
            Ok(())
        })?;
    }
    rows::read(&from.join(WORLD), |_, row| {
        facts
            .world
            .extend(strings(&row["world"]).map(str::to_owned));
        if let (Some(cve), Some(package)) = (row["cve"].as_str(), row["package"].as_str()) {
            facts.pairs.push((cve.to_owned(), package.to_owned()));
        }
        Ok(())
    })?;
    Ok(facts)
}

fn write(from: &Path, to: &Path, facts: &Facts, choice: &Choice) -> Result<Vec<Written>> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut written = Vec::new();
    let mut cut = |file: &str, keep: &mut dyn FnMut(&Value) -> bool| -> Result<()> {
        let mut lines = Vec::new();
        rows::read(&from.join(file), |line, row| {
            if keep(&row) {
                lines.push(line.to_owned());
            }
            Ok(())
        })?;
        written.push(rows::write(to, file, &lines)?);
        Ok(())
    };
    cut(CVES, &mut |row| {
        // Two records of one id: only the one that may be passed on was read.
        Cve::read(row)
            .is_some_and(|cve| choice.cves.has(&cve.id) && facts.cves.get(&cve.id) == Some(&cve))
    })?;
    cut(OVERRIDES, &mut |row| choice.overrides.has(&text(row, "id")))?;
    cut(KEV, &mut |row| {
        let id = text(row, "cveID");
        choice.cves.has(&id) || choice.overrides.has(&id)
    })?;
    let mut at = 0;
    cut(FEEDS, &mut |_| {
        at += 1;
        choice.feeds.contains(&(at - 1))
    })?;
    let repositories: BTreeSet<&str> = facts
        .packages
        .iter()
        .filter(|package| choice.packages.has(&package.attr))
        .flat_map(|package| package.repositories.iter().map(String::as_str))
        .collect();
    cut(ALIASES, &mut |row| {
        strings(&row["purls"])
            .filter_map(|purl| github_repository(&purl.replacen("github/", "github.com/", 1)))
            .any(|repository| repositories.contains(repository.as_str()))
    })?;
    cut(NEWER, &mut |row| choice.packages.has(&text(row, "attr")))?;
    cut(OLDER, &mut |row| choice.older.has(&text(row, "attr")))?;
    written.extend(people::write(from, to, [MAINTAINERS, TEAMS], |attr| {
        choice.packages.has(attr)
    })?);
    written.push(write_world(from, to, facts, choice)?);
    Ok(written)
}

/// The closed world, restricted to what the sample holds.
fn write_world(from: &Path, to: &Path, facts: &Facts, choice: &Choice) -> Result<Written> {
    let chosen = facts
        .packages
        .iter()
        .filter(|p| choice.packages.has(&p.attr));
    let pnames: BTreeSet<&str> = chosen.map(|p| p.pname.as_str()).collect();
    let has_cve = |id: &str| choice.cves.has(id) || choice.overrides.has(id);
    let mut lines = Vec::new();
    rows::read(&from.join(WORLD), |line, row| {
        if row["world"].is_array() {
            let world: Vec<&Value> = elements(&row["world"])
                .iter()
                .filter(|name| name.as_str().is_some_and(|name| pnames.contains(name)))
                .collect();
            let cves: Vec<&Value> = elements(&row["cves"])
                .iter()
                .filter(|id| id.as_str().is_some_and(has_cve))
                .collect();
            lines.push(json!({"world": world, "cves": cves}).to_string());
        } else if row["cve"].as_str().is_some_and(has_cve)
            && row["package"]
                .as_str()
                .is_some_and(|package| pnames.contains(package))
        {
            lines.push(line.to_owned());
        }
        Ok(())
    })?;
    rows::write(to, WORLD_SAMPLE, &lines)
}

fn account(choice: &Choice) -> Vec<Chosen<'_>> {
    let picked = |file: &str| match file {
        CVES => (Some(&choice.cves), "by rule:"),
        OVERRIDES => (Some(&choice.overrides), "by rule:"),
        NEWER => (Some(&choice.packages), "by rule:"),
        OLDER => (Some(&choice.older), "by rule:"),
        KEV => (None, "the entries of all CVEs chosen."),
        FEEDS => (
            None,
            "all rows about a CVE chosen, and per feed up to 40 others that name a chosen package or \
             are withdrawn.",
        ),
        ALIASES => (
            None,
            "the groups with a GitHub repository of a chosen package.",
        ),
        TEAMS => (
            None,
            "the teams that a chosen package of the newer channel names.",
        ),
        MAINTAINERS => (
            None,
            "the maintainers that a chosen package of the newer channel names, and the members of those teams.",
        ),
        _ => (
            None,
            "the pairs, packages and CVEs that are in this sample.",
        ),
    };
    ORIGINS
        .iter()
        .map(|origin| {
            let (by, because) = picked(origin.file);
            Chosen {
                file: origin.file,
                by,
                because,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_readme_speaks_of_the_files_that_are_there() {
        let folder = Workspace::find().unwrap().root().join("fixtures");
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        for origin in &ORIGINS {
            let bytes = std::fs::read(folder.join(origin.file)).unwrap();
            let sha256 = rows::hex(&Sha256::digest(&bytes));
            let row = format!("| {} | ", origin.file);
            let row = readme.lines().find(|line| line.starts_with(&row)).unwrap();
            assert!(row.contains(&sha256), "{} was changed by hand", origin.file);
        }
    }

    #[test]
    fn the_sample_holds_every_kind_of_record() {
        let file = Workspace::find()
            .unwrap()
            .root()
            .join("fixtures")
            .join(CVES);
        let mut kinds = BTreeSet::new();
        rows::read(&file, |_, row| {
            kinds.extend(Cve::read(&row).into_iter().flat_map(|cve| cve.kinds));
            Ok(())
        })
        .unwrap();
        for kind in [
            Kind::Rejected,
            Kind::Disputed,
            Kind::Hosted,
            Kind::Unsupported,
            Kind::Kernel,
            Kind::WordPress,
            Kind::Hardware,
            Kind::Language,
        ] {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        assert!(!kinds.contains(&Kind::Unlicensed));
    }
}
