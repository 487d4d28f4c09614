//! How good the matcher is, measured against pairs that people have judged.
//!
//! Truth is JSON lines: an optional first line `{"world": [pname, …], "cves": [id, …]}` that
//! restricts scoring, then `{"cve", "package", "verdict"?}`, one a line. `relation` values of
//! nixpkgs histories are read as verdicts where they are one (`patched`, `known-vulnerable`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::verdict::{Tier, Verdict};

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
    /// Pairs of advisory and package with their verdict, where one was given.
    pub pairs: BTreeMap<(String, String), Option<Verdict>>,
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
}

impl Truth {
    /// Reads truth from JSON lines. Rows that are a tool's output, not a person's judgement
    /// (`candidate-issue`, `scan-…`), are passed over.
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
            if relation.starts_with("scan-") || relation == "candidate-issue" {
                continue;
            }
            let verdict = match (line.verdict.as_deref(), relation) {
                (Some(text), _) => Some(
                    parse_verdict(text)
                        .ok_or_else(|| fail(format!("no such verdict: {text:?}")))?,
                ),
                (None, "patched") => Some(Verdict::Fixed),
                (None, "known-vulnerable") => Some(Verdict::Affected),
                (None, _) => None,
            };
            let slot = truth.pairs.entry((cve, package)).or_default();
            *slot = slot.or(verdict);
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

/// A guess to be scored. `names` are all under which truth may know the package.
#[derive(Debug, Clone)]
pub struct Guess {
    /// Advisory id.
    pub advisory: String,
    /// pname and attribute.
    pub names: Vec<String>,
    /// How sure.
    pub tier: Tier,
    /// The verdict.
    pub verdict: Verdict,
}

/// Precision, recall and what they are made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// True positives over predicted; 1 where nothing was predicted.
    pub precision: f64,
    /// True positives over truth; 1 where there is no truth.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
    /// Pairs predicted, in the world.
    pub predicted: usize,
    /// Pairs predicted that are true.
    pub true_positives: usize,
    /// Pairs that are true.
    pub truth: usize,
}

impl Figures {
    fn new(true_positives: usize, predicted: usize, truth: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let ratio = |part: usize, whole: usize| {
            if whole == 0 {
                1.0
            } else {
                part as f64 / whole as f64
            }
        };
        let (precision, recall) = (
            ratio(true_positives, predicted),
            ratio(true_positives, truth),
        );
        let f1 = if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        };
        Self {
            precision,
            recall,
            f1,
            predicted,
            true_positives,
            truth,
        }
    }
}

/// Verdicts compared with those that truth gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VerdictFigures {
    /// Right over judged; 1 where truth judges none.
    pub accuracy: f64,
    /// Pairs for which truth gives a verdict.
    pub judged: usize,
    /// Of these: same verdict.
    pub right: usize,
    /// Per verdict: precision and recall over the judged pairs.
    pub by_verdict: BTreeMap<String, Figures>,
    /// `truth → guess` and how often; `missing` where there was no guess.
    pub confusion: BTreeMap<String, usize>,
}

/// A pair that was missed or wrongly guessed, and how many more like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The package.
    pub package: String,
    /// How many advisories.
    pub count: usize,
    /// Some of them.
    pub advisories: Vec<String>,
}

/// One matcher's result.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Score {
    /// Over pairs in the tiers shown by default.
    pub candidates: Figures,
    /// Over verdicts.
    pub verdicts: VerdictFigures,
    /// Per tier: precision of its own pairs, and the share of truth it finds.
    pub tiers: BTreeMap<String, Figures>,
    /// Packages with most misses.
    pub misses: Vec<Example>,
    /// Packages with most false alarms.
    pub false_alarms: Vec<Example>,
}

/// Scores guesses against truth. `is_kernel` tells packages that are reported by themselves.
#[must_use]
pub fn score(truth: &Truth, guesses: &[Guess], counts: &dyn Fn(&str) -> bool) -> Score {
    let mut best: BTreeMap<(&str, &str), (Tier, Verdict)> = BTreeMap::new();
    for guess in guesses
        .iter()
        .filter(|guess| truth.advisories.contains(&guess.advisory))
    {
        for name in guess
            .names
            .iter()
            .filter(|name| truth.world.contains(*name) && counts(name))
        {
            let slot = best
                .entry((&guess.advisory, name))
                .or_insert((guess.tier, guess.verdict));
            // Several attributes share a name: the surest tie counts, then the worst verdict.
            *slot = (*slot).min((guess.tier, guess.verdict));
        }
    }
    let pairs: BTreeMap<(&str, &str), Option<Verdict>> = truth
        .pairs
        .iter()
        .filter(|((cve, package), _)| {
            truth.world.contains(package) && truth.advisories.contains(cve) && counts(package)
        })
        .map(|((cve, package), verdict)| ((cve.as_str(), package.as_str()), *verdict))
        .collect();
    let figures = |wanted: &dyn Fn(Tier) -> bool| {
        let predicted: Vec<_> = best.iter().filter(|(_, (tier, _))| wanted(*tier)).collect();
        let hits = predicted
            .iter()
            .filter(|(pair, _)| pairs.contains_key(*pair))
            .count();
        Figures::new(hits, predicted.len(), pairs.len())
    };
    let shown = |tier: Tier| tier != Tier::Low;
    let mut tiers = BTreeMap::new();
    for (name, tier) in [
        ("high", Tier::High),
        ("medium", Tier::Medium),
        ("low", Tier::Low),
    ] {
        tiers.insert(name.to_owned(), figures(&|own| own == tier));
    }
    let is_hit = |pair: &(&str, &str)| best.get(pair).is_some_and(|(tier, _)| shown(*tier));
    let misses = examples(pairs.keys().filter(|pair| !is_hit(pair)).copied());
    let alarms = best
        .iter()
        .filter(|(pair, (tier, _))| shown(*tier) && !pairs.contains_key(*pair));
    Score {
        candidates: figures(&shown),
        verdicts: verdict_figures(&pairs, &best),
        tiers,
        misses,
        false_alarms: examples(alarms.map(|(pair, _)| *pair)),
    }
}

fn verdict_figures(
    pairs: &BTreeMap<(&str, &str), Option<Verdict>>,
    best: &BTreeMap<(&str, &str), (Tier, Verdict)>,
) -> VerdictFigures {
    let mut confusion: BTreeMap<String, usize> = BTreeMap::new();
    let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let (mut judged, mut right) = (0, 0);
    for (pair, verdict) in pairs {
        let Some(verdict) = verdict else { continue };
        judged += 1;
        let guess = best.get(pair).map(|(_, verdict)| *verdict);
        right += usize::from(guess == Some(*verdict));
        let truth_name = verdict.as_str().to_owned();
        let guess_name = guess.map_or("missing", Verdict::as_str).to_owned();
        let own = counts.entry(truth_name.clone()).or_default();
        own.2 += 1;
        own.0 += usize::from(guess == Some(*verdict));
        counts.entry(guess_name.clone()).or_default().1 += 1;
        *confusion
            .entry(format!("{truth_name} → {guess_name}"))
            .or_default() += 1;
    }
    counts.remove("missing");
    VerdictFigures {
        accuracy: Figures::new(right, judged, judged).recall,
        judged,
        right,
        by_verdict: counts
            .into_iter()
            .map(|(name, (hit, all, truth))| (name, Figures::new(hit, all, truth)))
            .collect(),
        confusion,
    }
}

fn examples<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Example> {
    const SHOWN: usize = 400;
    let mut by_package: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (advisory, package) in pairs {
        by_package.entry(package).or_default().push(advisory);
    }
    let mut out: Vec<Example> = by_package
        .into_iter()
        .map(|(package, advisories)| Example {
            package: package.to_owned(),
            count: advisories.len(),
            advisories: advisories.into_iter().take(5).map(str::to_owned).collect(),
        })
        .collect();
    out.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.package.cmp(&b.package))
    });
    out.truncate(SHOWN);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(advisory: &str, name: &str, tier: Tier, verdict: Verdict) -> Guess {
        Guess {
            advisory: advisory.to_owned(),
            names: vec![name.to_owned()],
            tier,
            verdict,
        }
    }

    #[test]
    fn a_closed_world_counts_only_what_is_in_it() {
        let truth = Truth::parse(
            "{\"world\":[\"a\",\"b\"],\"cves\":[\"CVE-1\",\"CVE-2\"]}\n\
             {\"cve\":\"CVE-1\",\"package\":\"a\",\"verdict\":\"fixed\"}\n\
             {\"cve\":\"CVE-2\",\"package\":\"b\"}\n",
        )
        .unwrap();
        let guesses = [
            guess("CVE-1", "a", Tier::High, Verdict::Fixed),
            guess("CVE-1", "b", Tier::Medium, Verdict::Affected),
            guess("CVE-2", "b", Tier::Low, Verdict::Affected),
            guess("CVE-2", "c", Tier::High, Verdict::Affected),
            guess("CVE-9", "a", Tier::High, Verdict::Affected),
        ];
        let score = score(&truth, &guesses, &|_| true);
        assert_eq!(score.candidates, Figures::new(1, 2, 2));
        assert_eq!(score.tiers["low"], Figures::new(1, 1, 2));
        assert_eq!((score.verdicts.judged, score.verdicts.right), (1, 1));
        assert_eq!(score.misses[0].package, "b");
        assert_eq!(score.false_alarms[0].advisories, ["CVE-1"]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error =
            Truth::parse("{\"cve\":\"CVE-1\",\"package\":\"a\"}\n{\"cve\":1}\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(Truth::parse("{\"cve\":\"CVE-1\"}").is_err());
    }
}
