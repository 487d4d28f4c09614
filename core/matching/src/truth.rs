//! Truth: pairs of advisory and package that people have judged.
//!
//! JSON lines: an optional first line `{"world": [pname, …], "cves": [id, …]}` that restricts
//! scoring, then `{"cve", "package", "verdict"?, "version"?}`, one a line. `relation` values of
//! nixpkgs histories are read as verdicts where they are one (`patched`, `known-vulnerable`,
//! `fixed-by-commit`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use crate::verdict::Verdict;

/// A line of truth that can't be read.
#[derive(Debug, Error)]
#[error("truth line {line}: {reason}")]
pub struct TruthError {
    /// One-based.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Judged pairs, and the closed world in which they are complete.
#[derive(Debug, Default)]
pub struct Truth {
    /// Packages that count; empty: all that stand in a pair.
    pub world: BTreeSet<String>,
    /// Advisories that count; empty: all that stand in a pair.
    pub advisories: BTreeSet<String>,
    /// Pairs of advisory and package with their verdict, where one was given that holds for
    /// whatever version the channel has.
    pub pairs: BTreeMap<(String, String), Option<Verdict>>,
    /// Verdicts that were given for one version: advisory, package, version.
    pub judgements: BTreeMap<(String, String, String), Verdict>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    world: Option<Vec<String>>,
    #[serde(default)]
    cves: Option<Vec<String>>,
    #[serde(default)]
    cve: Option<String>,
    #[serde(default)]
    package: Option<String>,
    #[serde(default)]
    verdict: Option<String>,
    #[serde(default)]
    relation: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    fixed_version: Option<String>,
}

impl Truth {
    /// Reads truth from JSON lines.
    ///
    /// Rows that are a tool's output (`candidate-issue`, `scan-…`) are passed over, and so are those
    /// that a person has silenced (`whitelisted`): some for a fix, others because the two have
    /// nothing to do with one another, and the row doesn't say which.
    ///
    /// # Errors
    /// [`TruthError`] with the line for what is no JSON object of this form.
    pub fn parse(text: &str) -> Result<Self, TruthError> {
        let mut truth = Self::default();
        for (index, raw) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let fail = |reason: String| TruthError {
                line: index + 1,
                reason,
            };
            let line: Line = serde_json::from_str(raw).map_err(|error| fail(error.to_string()))?;
            if let Some(world) = line.world {
                truth.world.extend(world);
                truth.advisories.extend(line.cves.unwrap_or_default());
                continue;
            }
            let (Some(cve), Some(package)) = (line.cve, line.package) else {
                return Err(fail("needs \"cve\" and \"package\"".to_owned()));
            };
            let relation = line.relation.as_deref().unwrap_or_default();
            let is_no_judgement = relation.starts_with("scan-")
                || matches!(relation, "candidate-issue" | "whitelisted");
            if is_no_judgement {
                continue;
            }
            let given = line
                .verdict
                .as_deref()
                .map(|text| {
                    parse_verdict(text).ok_or_else(|| fail(format!("no such verdict: {text:?}")))
                })
                .transpose()?;
            let mut judge = |version: &str, verdict| {
                let key = (cve.clone(), package.clone(), version.to_owned());
                truth.judgements.entry(key).or_insert(verdict);
            };
            // What is mended stays mended in later versions; what was vulnerable may be mended.
            let lasting = match (given, relation, &line.version) {
                (Some(verdict), _, Some(version)) => {
                    judge(version, verdict);
                    None
                }
                (Some(verdict), _, None) => Some(verdict),
                (None, "patched", _) => Some(Verdict::Fixed),
                (None, "known-vulnerable", Some(version)) => {
                    judge(version, Verdict::Affected);
                    None
                }
                (None, "fixed-by-commit", Some(version)) => {
                    if let Some(fixed) = &line.fixed_version {
                        judge(version, Verdict::Affected);
                        judge(fixed, Verdict::Fixed);
                    }
                    None
                }
                (None, _, _) => None,
            };
            let slot = truth.pairs.entry((cve, package)).or_default();
            *slot = slot.or(lasting);
        }
        if truth.world.is_empty() {
            truth.world = truth
                .pairs
                .keys()
                .map(|(_, package)| package.clone())
                .collect();
        }
        if truth.advisories.is_empty() {
            truth.advisories = truth.pairs.keys().map(|(cve, _)| cve.clone()).collect();
        }
        Ok(truth)
    }
}

fn parse_verdict(text: &str) -> Option<Verdict> {
    Some(match text.to_ascii_lowercase().replace('-', "_").as_str() {
        "affected" => Verdict::Affected,
        "not_affected" | "unaffected" => Verdict::NotAffected,
        "fixed" => Verdict::Fixed,
        "unknown" | "under_investigation" => Verdict::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named() {
        let error =
            Truth::parse("{\"cve\":\"CVE-1\",\"package\":\"a\"}\n{\"cve\":1}\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(Truth::parse("{\"cve\":\"CVE-1\"}").is_err());
    }

    #[test]
    fn a_judgement_holds_in_the_version_that_it_names() {
        let truth = Truth::parse(
            "{\"cve\":\"CVE-1\",\"package\":\"a\",\"relation\":\"fixed-by-commit\",\"version\":\"5.5\",\"fixed_version\":\"5.6\"}\n\
             {\"cve\":\"CVE-2\",\"package\":\"a\",\"relation\":\"known-vulnerable\",\"version\":\"5.6\"}\n\
             {\"cve\":\"CVE-3\",\"package\":\"a\",\"relation\":\"whitelisted\",\"version\":\"5.6\"}\n",
        )
        .unwrap();
        let judged: Vec<_> = truth
            .judgements
            .iter()
            .map(|((cve, _, version), verdict)| (cve.as_str(), version.as_str(), *verdict))
            .collect();
        assert_eq!(
            judged,
            [
                ("CVE-1", "5.5", Verdict::Affected),
                ("CVE-1", "5.6", Verdict::Fixed),
                ("CVE-2", "5.6", Verdict::Affected),
            ]
        );
        // A whitelisted finding is often one that should not have been tied at all.
        assert_eq!(truth.pairs.len(), 2);
    }
}
