//! How well a scanner finds what is affected, and nothing else: a machine on which every package of
//! the truth is installed in a version that its advisory calls affected.
//!
//! Truth says which advisories speak of which package, in a closed world: every pair of an advisory
//! and a package in it that is not true is wrong. The version is taken from inside of a range that
//! the advisory gives, so that a scanner that ties the two and reads the range must report it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::system::lines;
use super::vulnix::Matches;

/// Reports of either scanner that the truth does not know, each read in its record and judged: the
/// truth is made of CPEs, and there are advisories that have none, or another.
const REVIEWED: &str = include_str!("reviewed.jsonl");

/// The machine, and what is true of it.
#[derive(Debug, Default)]
pub struct Ground {
    /// Full names, with the package that each is.
    pub names: BTreeMap<String, String>,
    /// Advisories of the closed world.
    advisories: BTreeSet<String>,
    /// Advisory and package.
    truth: BTreeSet<(String, String)>,
    /// The same, of pairs that were found true when read.
    reviewed: BTreeSet<(String, String)>,
    /// Advisory and full name, for each of which one version was chosen.
    affected: BTreeSet<(String, String)>,
    /// True pairs without a version that could be chosen.
    pub left_out: usize,
}

/// How well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// True reports over all reports.
    pub precision: f64,
    /// Affected pairs that were reported over all.
    pub recall: f64,
    /// Affected pairs.
    pub affected: usize,
    /// Reports of the world, and those of them that are true.
    pub reports: usize,
    /// See `reports`.
    pub right: usize,
}

impl Ground {
    /// Lays the machine out.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn lay(truth: &mut dyn std::io::Read, channel: &Path, matches: &Matches) -> Result<Self> {
        let prefixes = prefixes(channel)?;
        let mut ground = Self {
            reviewed: reviewed(REVIEWED)?,
            ..Self::default()
        };
        for line in std::io::BufReader::new(truth).lines() {
            let line: Value =
                serde_json::from_str(&line.context("the truth")?).context("the truth")?;
            for id in line["cves"].as_array().into_iter().flatten() {
                ground.advisories.extend(id.as_str().map(str::to_owned));
            }
            let (Some(id), Some(package)) = (line["cve"].as_str(), line["package"].as_str()) else {
                continue;
            };
            ground.truth.insert((id.to_owned(), package.to_owned()));
            let version = matches.get(id).and_then(|all| version_of(package, all));
            let (Some(prefix), Some(version)) = (prefixes.get(package), version) else {
                ground.left_out += 1;
                continue;
            };
            let name = format!("{prefix}-{version}");
            ground.names.insert(name.clone(), package.to_owned());
            ground.affected.insert((id.to_owned(), name));
        }
        Ok(ground)
    }

    /// As a list of store paths.
    #[must_use]
    pub fn list(&self) -> String {
        let names = self.names.keys().enumerate();
        names
            .map(|(number, name)| format!("{number:032}-{name}\n"))
            .collect()
    }

    /// As a channel's `packages.json` gives it.
    #[must_use]
    pub fn packages(&self) -> Value {
        let all = self.names.keys();
        let all = all.map(|name| (name.clone(), json!({ "name": name, "patches": [] })));
        Value::Object(all.collect())
    }

    /// Scores reports: advisory and full name.
    #[must_use]
    pub fn score(&self, reports: &BTreeSet<(String, String)>) -> Accuracy {
        self.score_among(reports, |_| true)
    }

    /// The same, where pairs that were found true when read are true as well. What nobody has read
    /// stays wrong.
    #[must_use]
    pub fn score_reviewed(&self, reports: &BTreeSet<(String, String)>) -> Accuracy {
        let is_true = |pair: &_| self.truth.contains(pair) || self.reviewed.contains(pair);
        self.score_by(reports, |_| true, is_true)
    }

    /// The same, where only some of the advisories count.
    #[must_use]
    pub fn score_among(
        &self,
        reports: &BTreeSet<(String, String)>,
        counts: impl Fn(&str) -> bool,
    ) -> Accuracy {
        self.score_by(reports, counts, |pair| self.truth.contains(pair))
    }

    fn score_by(
        &self,
        reports: &BTreeSet<(String, String)>,
        counts: impl Fn(&str) -> bool,
        is_true: impl Fn(&(String, String)) -> bool,
    ) -> Accuracy {
        let in_world: Vec<&(String, String)> = reports
            .iter()
            .filter(|(id, name)| self.advisories.contains(id) && self.names.contains_key(name))
            .filter(|(id, _)| counts(id))
            .collect();
        let is_right = |(id, name): &&&(String, String)| {
            let package = self.names.get(name).cloned().unwrap_or_default();
            is_true(&(id.clone(), package))
        };
        let right = in_world.iter().filter(is_right).count();
        let found = self.affected.intersection(reports).count();
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Accuracy {
            precision: share(right, in_world.len()),
            recall: share(found, self.affected.len()),
            affected: self.affected.len(),
            reports: in_world.len(),
            right,
        }
    }
}

/// Advisory and package of the pairs that are true.
fn reviewed(lines: &str) -> Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    for (number, line) in (1..).zip(lines.lines()) {
        let place = || format!("line {number} of the reviewed pairs");
        let line: Value = serde_json::from_str(line).with_context(place)?;
        let text = |name: &str| line[name].as_str().map(str::to_owned).with_context(place);
        if line["true"].as_bool().with_context(place)? {
            found.insert((text("cve")?, text("package")?));
        }
    }
    Ok(found)
}

/// What stands before the version in a package's name, by pname; the plainest attribute counts.
fn prefixes(channel: &Path) -> Result<BTreeMap<String, String>> {
    let mut plainest: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for package in lines(channel)? {
        let package = package?;
        let text = |name: &str| package[name].as_str().unwrap_or_default();
        let Some(prefix) = text("name").strip_suffix(text("version")) else {
            continue;
        };
        let rank = text("attr").len();
        let own = plainest
            .entry(text("pname").to_owned())
            .or_insert((usize::MAX, String::new()));
        if rank < own.0 {
            *own = (rank, prefix.trim_end_matches('-').to_owned());
        }
    }
    let all = plainest.into_iter();
    Ok(all.map(|(pname, (_, prefix))| (pname, prefix)).collect())
}

/// A version inside of a range that an advisory gives for a package: for a product of its name,
/// else for the only product that there is.
fn version_of(package: &str, matches: &[Value]) -> Option<String> {
    let joined = |text: &str| text.to_lowercase().replace(['-', '_', '\\'], "");
    let product = |found: &Value| {
        let cpe = found["cpe23Uri"].as_str().unwrap_or_default();
        joined(cpe.split(':').nth(4).unwrap_or_default())
    };
    let vulnerable: Vec<&Value> = matches
        .iter()
        .filter(|found| found["vulnerable"] != json!(false))
        .collect();
    let products: BTreeSet<String> = vulnerable.iter().map(|found| product(found)).collect();
    let own = joined(package);
    vulnerable
        .iter()
        .filter(|found| products.len() == 1 || product(found) == own)
        .find_map(|found| inside(found))
}

fn inside(found: &Value) -> Option<String> {
    let text = |name: &str| found[name].as_str().map(str::to_owned);
    let cpe = found["cpe23Uri"].as_str()?;
    let (own, update) = (cpe.split(':').nth(5)?, cpe.split(':').nth(6)?);
    let only =
        Some(own.to_owned()).filter(|_| !matches!(own, "*" | "-") && matches!(update, "*" | "-"));
    only.or_else(|| text("versionStartIncluding"))
        .or_else(|| text("versionEndIncluding"))
        .or_else(|| below(&text("versionEndExcluding")?))
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .filter(|version| {
            version
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '.')
        })
}

/// A version before another: its last number that is not zero is one less, and what follows is
/// dropped.
fn below(version: &str) -> Option<String> {
    let mut numbers: Vec<u64> = version
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let last = numbers.iter().rposition(|number| *number > 0)?;
    numbers.truncate(last + 1);
    numbers[last] -= 1;
    let parts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_inside_is_chosen() {
        let cpe = |version: &str| format!("cpe:2.3:a:v:open_ssl:{version}:*:*:*:*:*:*:*");
        let before = json!({"cpe23Uri": cpe("*"), "versionEndExcluding": "3.1.0"});
        assert_eq!(version_of("openssl", &[before]), Some("3.0".to_owned()));
        let only = json!({"cpe23Uri": cpe("1.2"), "vulnerable": true});
        assert_eq!(
            version_of("other", std::slice::from_ref(&only)),
            Some("1.2".to_owned())
        );
        let another = json!({"cpe23Uri": "cpe:2.3:a:v:x:1:*:*:*:*:*:*:*"});
        assert_eq!(version_of("other", &[only, another]), None);
        assert_eq!(below("1.0.0"), Some("0".to_owned()));
        assert_eq!(below("1.0rc1"), None);
    }

    #[test]
    fn every_reviewed_pair_says_why() {
        let lines: Vec<Value> = REVIEWED
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let said = |line: &Value| line["why"].as_str().is_some_and(|why| !why.is_empty());
        assert!(lines.iter().all(said));
        let right = reviewed(REVIEWED).expect("well formed");
        assert!(right.contains(&("CVE-2023-6014".to_owned(), "mlflow".to_owned())));
        assert!(!right.contains(&("CVE-2024-1597".to_owned(), "postgresql".to_owned())));
        assert!(right.len() < lines.len(), "some were found wrong");
        reviewed("{\"cve\": \"CVE-1\"}").expect_err("a pair that says neither");
    }

    #[test]
    fn reports_are_scored_in_the_closed_world() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let ground = Ground {
            names: [pair("a-1", "a"), pair("b-1", "b")].into(),
            advisories: ["CVE-1".to_owned(), "CVE-2".to_owned()].into(),
            truth: [pair("CVE-1", "a"), pair("CVE-2", "b")].into(),
            reviewed: [pair("CVE-1", "b")].into(),
            affected: [pair("CVE-1", "a-1"), pair("CVE-2", "b-1")].into(),
            left_out: 0,
        };
        let reports = [
            pair("CVE-1", "a-1"),
            pair("CVE-1", "b-1"),
            pair("CVE-9", "a-1"),
        ];
        let reports = BTreeSet::from(reports);
        let score = ground.score(&reports);
        assert_eq!(
            (score.precision, score.recall, score.affected),
            (0.5, 0.5, 2)
        );
        let score = ground.score_reviewed(&reports);
        assert_eq!((score.precision, score.recall), (1.0, 0.5));
    }
}
