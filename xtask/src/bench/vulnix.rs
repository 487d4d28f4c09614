//! vulnix, the scanner in use today, as a peer: installed into a folder of its own, with a database
//! made of the same records by its own parser, asked about the same packages.
//!
//! It knows what NVD's feeds hold: vendor, product and versions of CPEs. The feed is made from all
//! that the collection has of these: NVD-like configurations, those in CVE records, and the CPEs of
//! `affected` entries with their versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::data::decoder;
use super::measure::{self, Measured};
use super::system::{self, lines};

/// The release on PyPI; it imports a module that later setuptools lack.
const NEEDS: [&str; 2] = ["vulnix==1.10.1", "setuptools<81"];

/// Fills vulnix's database by its own parser. What it has is then fresh: it fetches nothing.
const FILL: &str = "\
import datetime, sys
from vulnix.nvd import NVD, Archive
with NVD(cache_dir=sys.argv[1]) as nvd:
    feed = Archive('all')
    feed.parse(open(sys.argv[2]).read())
    nvd.add(feed)
    nvd.meta.last_update = datetime.datetime.now()
    nvd.reindex()
";

/// For a shell: its exit code says that there are findings.
const SHELL: [&str; 3] = ["-c", "\"$@\" || [ $? -le 2 ]", "sh"];

/// vulnix, ready to be asked.
#[derive(Debug)]
pub struct Vulnix {
    folder: PathBuf,
    cache: PathBuf,
}

/// What a CPE says of versions, as NVD's feeds write it.
pub type Matches = BTreeMap<String, Vec<Value>>;

impl Vulnix {
    /// Installs it from PyPI.
    ///
    /// # Errors
    /// When Python or the package cannot be had; the text says which.
    pub fn install(folder: &Path) -> Result<Self> {
        let own = folder.join("vulnix");
        let run = |command: &mut Command| measure::run(command).map(|_| ());
        run(Command::new("python3").args(["-m", "venv"]).arg(&own))?;
        let pip = own.join("bin/pip");
        run(Command::new(pip)
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(NEEDS))?;
        Ok(Self {
            cache: folder.join("vulnix-cache"),
            folder: own,
        })
    }

    /// Fills its database.
    ///
    /// # Errors
    /// When its parser refuses the feed.
    pub fn fill(&self, matches: &Matches) -> Result<()> {
        fs::create_dir_all(&self.cache).context("a folder for vulnix's database")?;
        let items: Vec<Value> = matches
            .iter()
            .map(|(id, matches)| {
                json!({
                    "cve": { "CVE_data_meta": { "ID": id } },
                    "configurations": {
                        "nodes": [{ "operator": "OR", "cpe_match": matches }],
                    },
                })
            })
            .collect();
        let feed = self.cache.join("feed.json");
        let text = serde_json::to_vec(&json!({ "CVE_Items": items })).context("a feed")?;
        File::create(&feed)
            .and_then(|mut file| file.write_all(&text))
            .context("writing a feed")?;
        let mut fill = Command::new(self.folder.join("bin/python"));
        measure::run(fill.args(["-c", FILL]).arg(&self.cache).arg(&feed))?;
        Ok(())
    }

    /// Asks about packages: advisory and full name of each finding.
    ///
    /// # Errors
    /// When it fails, or prints what is no JSON.
    pub fn scan(&self, packages: &Path) -> Result<(Measured, BTreeSet<(String, String)>)> {
        let mut command = Command::new("sh");
        command.args(SHELL).arg(self.folder.join("bin/vulnix"));
        self.ask(command.arg("--from-file").arg(packages))
    }

    /// Asks about a system as people do: it asks Nix what the derivation needs, and reads that.
    ///
    /// # Errors
    /// As [`Vulnix::scan`].
    pub fn scan_system(
        &self,
        root: &Path,
        derivation: &str,
    ) -> Result<(Measured, BTreeSet<(String, String)>)> {
        let mut command = system::inside(root, Path::new("sh"));
        command.args(SHELL).arg(self.folder.join("bin/vulnix"));
        self.ask(command.arg(derivation))
    }

    fn ask(&self, command: &mut Command) -> Result<(Measured, BTreeSet<(String, String)>)> {
        command.args(["--json", "--cache-dir"]).arg(&self.cache);
        let measured = measure::run(command)?;
        let told: Value = serde_json::from_str(&measured.stdout)
            .with_context(|| format!("vulnix printed {:.300}", measured.stdout))?;
        let mut found = BTreeSet::new();
        for package in told.as_array().into_iter().flatten() {
            let name = package["name"].as_str().unwrap_or_default();
            for id in package["affected_by"].as_array().into_iter().flatten() {
                let id = id.as_str().unwrap_or_default();
                found.insert((id.to_owned(), name.to_owned()));
            }
        }
        Ok((measured, found))
    }
}

/// All CPEs with versions of the collection, by advisory.
///
/// # Errors
/// When a file cannot be read.
pub fn matches(cves: &Path, configurations: &Path) -> Result<Matches> {
    let mut all = Matches::new();
    for record in lines(cves)? {
        let record = record?;
        let Some(id) = record["cveMetadata"]["cveId"].as_str() else {
            continue;
        };
        let containers = &record["containers"];
        let others = containers["adp"].as_array().into_iter().flatten();
        for container in std::iter::once(&containers["cna"]).chain(others) {
            for statement in container["cpeApplicability"]
                .as_array()
                .into_iter()
                .flatten()
            {
                add_nodes(&mut all, id, statement);
            }
            for affected in container["affected"].as_array().into_iter().flatten() {
                add_affected(&mut all, id, affected);
            }
        }
    }
    for line in decoder(configurations)?.lines() {
        let line: Value =
            serde_json::from_str(&line.context("configurations")?).context("configurations")?;
        let Some(id) = line["id"].as_str() else {
            continue;
        };
        for statement in line["configurations"].as_array().into_iter().flatten() {
            add_nodes(&mut all, id, statement);
        }
    }
    if all.is_empty() {
        bail!("there is no CPE in the collection");
    }
    Ok(all)
}

fn add_nodes(all: &mut Matches, id: &str, statement: &Value) {
    for node in statement["nodes"].as_array().into_iter().flatten() {
        for found in node["cpeMatch"].as_array().into_iter().flatten() {
            let mut entry = found.as_object().cloned().unwrap_or_default();
            if let Some(criteria) = entry.remove("criteria") {
                entry.insert("cpe23Uri".to_owned(), criteria);
                push(all, id, entry);
            }
        }
    }
}

/// The CPEs of an `affected` entry of the CVE format, each with each of its ranges.
fn add_affected(all: &mut Matches, id: &str, affected: &Value) {
    let cpes = affected["cpes"].as_array().into_iter().flatten();
    for cpe in cpes.filter_map(Value::as_str) {
        let versions = affected["versions"].as_array().into_iter().flatten();
        for version in versions.filter(|version| version["status"] == "affected") {
            let mut entry = Map::new();
            entry.insert("vulnerable".to_owned(), json!(true));
            let text = |name: &str| version[name].as_str().filter(|text| is_plain(text));
            let bound = [
                ("versionEndExcluding", text("lessThan")),
                ("versionEndIncluding", text("lessThanOrEqual")),
            ];
            let bound = bound
                .into_iter()
                .find_map(|(name, text)| Some((name, text?)));
            let from = text("version").filter(|text| *text != "0");
            let mut criteria = cpe.to_owned();
            match (bound, from) {
                (Some((name, end)), from) => {
                    entry.insert(name.to_owned(), json!(end));
                    if let Some(from) = from {
                        entry.insert("versionStartIncluding".to_owned(), json!(from));
                    }
                }
                (None, Some(only)) => criteria = with_version(cpe, only),
                (None, None) => continue,
            }
            entry.insert("cpe23Uri".to_owned(), json!(criteria));
            push(all, id, entry);
        }
    }
}

fn push(all: &mut Matches, id: &str, entry: Map<String, Value>) {
    let (entry, known) = (Value::Object(entry), all.entry(id.to_owned()).or_default());
    if !known.contains(&entry) {
        known.push(entry);
    }
}

/// A version and no prose.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_+".contains(c))
}

/// A CPE with another version: the sixth part of it.
fn with_version(cpe: &str, version: &str) -> String {
    let mut parts: Vec<&str> = cpe.split(':').collect();
    if let Some(own) = parts.get_mut(5) {
        *own = version;
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_records_become_those_of_the_feed() {
        let affected = json!({
            "cpes": ["cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"],
            "versions": [
                {"version": "3.0.0", "lessThan": "3.0.14", "status": "affected"},
                {"version": "1.1.1", "status": "affected"},
                {"version": "all of them", "status": "affected"},
                {"version": "4.0", "status": "unaffected"},
            ],
        });
        let mut all = Matches::new();
        add_affected(&mut all, "CVE-1", &affected);
        let found = &all["CVE-1"];
        assert_eq!(found.len(), 2);
        assert_eq!(found[0]["versionStartIncluding"], "3.0.0");
        assert_eq!(found[0]["versionEndExcluding"], "3.0.14");
        let only = "cpe:2.3:a:openssl:openssl:1.1.1:*:*:*:*:*:*:*";
        assert_eq!(found[1]["cpe23Uri"], only);
    }
}
