//! How good the matcher is, measured against pairs that people have judged ([`crate::truth`]).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::truth::Truth;
use crate::verdict::{Tier, Verdict};

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
    /// Names of the package beneath which it is offered ([`crate::group`]); empty for an entry of
    /// its own.
    pub beneath: Vec<String>,
}

/// A guess for a judgement that holds for one version: advisory, package, version, and the
/// verdict, or `None` where the two are not tied.
pub type VersionGuess = ((String, String, String), Option<Verdict>);

/// Precision, recall and what they are made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// True positives over predicted; 1 where nothing was predicted.
    pub precision: f64,
    /// Found over truth; 1 where there is no truth.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
    /// Pairs predicted, in the world.
    pub predicted: usize,
    /// Pairs predicted that are true.
    pub true_positives: usize,
    /// True pairs that are offered, variants beneath an entry outside of the world included.
    pub found: usize,
    /// Pairs that are true.
    pub truth: usize,
}

impl Figures {
    fn new(true_positives: usize, predicted: usize, found: usize, truth: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let ratio = |part: usize, whole: usize| {
            if whole == 0 {
                1.0
            } else {
                part as f64 / whole as f64
            }
        };
        let (precision, recall) = (ratio(true_positives, predicted), ratio(found, truth));
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
            found,
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
    /// Over pairs in the tiers shown by default. A variant that is offered beneath a package
    /// outside of the world is not counted as predicted: its entry lies outside.
    pub candidates: Figures,
    /// The same, where such a variant is counted by itself.
    pub ungrouped: Figures,
    /// Over verdicts.
    pub verdicts: VerdictFigures,
    /// Per tier: precision of its own pairs, and the share of truth it finds.
    pub tiers: BTreeMap<String, Figures>,
    /// Packages with most misses.
    pub misses: Vec<Example>,
    /// Packages with most false alarms.
    pub false_alarms: Vec<Example>,
}

/// What was guessed for a pair: the surest tie and the worst verdict of all attributes.
#[derive(Clone, Copy)]
struct Best {
    tier: Tier,
    verdict: Verdict,
    /// Offered beneath an entry that is not in the world.
    is_outside: bool,
}

/// Scores guesses against truth. `counts` tells the packages that are reported.
#[must_use]
pub fn score(
    truth: &Truth,
    guesses: &[Guess],
    in_version: &[VersionGuess],
    counts: &dyn Fn(&str) -> bool,
) -> Score {
    let in_world = |name: &String| truth.world.contains(name) && counts(name);
    let mut best: BTreeMap<(&str, &str), Best> = BTreeMap::new();
    for guess in guesses
        .iter()
        .filter(|guess| truth.advisories.contains(&guess.advisory))
    {
        let is_outside = !guess.beneath.is_empty() && !guess.beneath.iter().any(in_world);
        for name in guess.names.iter().filter(|name| in_world(name)) {
            let slot = best.entry((&guess.advisory, name)).or_insert(Best {
                tier: guess.tier,
                verdict: guess.verdict,
                is_outside,
            });
            // Several attributes share a name: the surest tie counts, then the worst verdict.
            let (tier, verdict) = (slot.tier, slot.verdict).min((guess.tier, guess.verdict));
            *slot = Best {
                tier,
                verdict,
                is_outside: slot.is_outside && is_outside,
            };
        }
    }
    let pairs: BTreeMap<(&str, &str), Option<Verdict>> = truth
        .pairs
        .iter()
        .filter(|((cve, package), _)| in_world(package) && truth.advisories.contains(cve))
        .map(|((cve, package), verdict)| ((cve.as_str(), package.as_str()), *verdict))
        .collect();
    let figures = |wanted: &dyn Fn(Tier) -> bool, grouped: bool| {
        let (mut predicted, mut hits, mut found) = (0, 0, 0);
        for (pair, guess) in best.iter().filter(|(_, guess)| wanted(guess.tier)) {
            let is_true = usize::from(pairs.contains_key(pair));
            found += is_true;
            if !(grouped && guess.is_outside) {
                predicted += 1;
                hits += is_true;
            }
        }
        Figures::new(hits, predicted, found, pairs.len())
    };
    let shown = |tier: Tier| tier != Tier::Low;
    let mut tiers = BTreeMap::new();
    for (name, tier) in [
        ("high", Tier::High),
        ("medium", Tier::Medium),
        ("low", Tier::Low),
    ] {
        tiers.insert(name.to_owned(), figures(&|own| own == tier, true));
    }
    let is_hit = |pair: &(&str, &str)| best.get(pair).is_some_and(|guess| shown(guess.tier));
    let misses = examples(pairs.keys().filter(|pair| !is_hit(pair)).copied());
    let alarms = best.iter().filter(|(pair, guess)| {
        shown(guess.tier) && !guess.is_outside && !pairs.contains_key(*pair)
    });
    let in_version = in_version
        .iter()
        .filter(|((cve, package, _), _)| in_world(package) && truth.advisories.contains(cve))
        .filter_map(|(key, guess)| Some((*truth.judgements.get(key)?, *guess)));
    let by_pair = pairs.iter().filter_map(|(pair, verdict)| {
        Some(((*verdict)?, best.get(pair).map(|guess| guess.verdict)))
    });
    Score {
        candidates: figures(&shown, true),
        ungrouped: figures(&shown, false),
        verdicts: verdict_figures(by_pair.chain(in_version)),
        tiers,
        misses,
        false_alarms: examples(alarms.map(|(pair, _)| *pair)),
    }
}

fn verdict_figures(judged: impl Iterator<Item = (Verdict, Option<Verdict>)>) -> VerdictFigures {
    let mut confusion: BTreeMap<String, usize> = BTreeMap::new();
    let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let (mut all, mut right) = (0, 0);
    for (verdict, guess) in judged {
        let hit = usize::from(guess == Some(verdict));
        all += 1;
        right += hit;
        let truth_name = verdict.as_str().to_owned();
        let guess_name = guess.map_or("missing", Verdict::as_str).to_owned();
        let own = counts.entry(truth_name.clone()).or_default();
        own.2 += 1;
        own.0 += hit;
        counts.entry(guess_name.clone()).or_default().1 += 1;
        *confusion
            .entry(format!("{truth_name} → {guess_name}"))
            .or_default() += 1;
    }
    counts.remove("missing");
    VerdictFigures {
        accuracy: Figures::new(right, all, right, all).recall,
        judged: all,
        right,
        by_verdict: counts
            .into_iter()
            .map(|(name, (hit, all, truth))| (name, Figures::new(hit, all, hit, truth)))
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
            beneath: Vec::new(),
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
        let score = score(&truth, &guesses, &[], &|_| true);
        assert_eq!(score.candidates, Figures::new(1, 2, 1, 2));
        assert_eq!(score.tiers["low"], Figures::new(1, 1, 1, 2));
        assert_eq!((score.verdicts.judged, score.verdicts.right), (1, 1));
        assert_eq!(score.misses[0].package, "b");
        assert_eq!(score.false_alarms[0].advisories, ["CVE-1"]);
    }

    #[test]
    fn a_variant_beneath_an_entry_outside_of_the_world_is_no_prediction() {
        let truth = Truth::parse(
            "{\"world\":[\"git-svn\",\"vim\",\"gvim\"],\"cves\":[\"CVE-1\",\"CVE-2\"]}\n\
             {\"cve\":\"CVE-2\",\"package\":\"vim\"}\n\
             {\"cve\":\"CVE-2\",\"package\":\"gvim\"}\n",
        )
        .unwrap();
        let beneath = |advisory: &str, name: &str, head: &str| Guess {
            beneath: vec![head.to_owned()],
            ..guess(advisory, name, Tier::High, Verdict::Affected)
        };
        let guesses = [
            beneath("CVE-1", "git-svn", "git"),
            guess("CVE-2", "vim", Tier::High, Verdict::Affected),
            beneath("CVE-2", "gvim", "vim"),
        ];
        let score = score(&truth, &guesses, &[], &|_| true);
        assert_eq!(score.candidates, Figures::new(2, 2, 2, 2));
        assert_eq!(score.ungrouped, Figures::new(2, 3, 2, 2));
    }
}
