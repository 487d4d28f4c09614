//! What the advisory's and the package's pages share: verdicts with their reasons, and tallies.

use snowguard_matching::verdict::{Match, Reason, Tier, Verdict};

use crate::pages::home::grouped;
use crate::show::path;
use crate::show::verdict;

/// Which matches a page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TierFilter {
    /// High and medium.
    #[default]
    Default,
    /// Low too.
    All,
}

impl TierFilter {
    /// From the query's `tier=low`; anything else is the default.
    pub fn from_query(value: Option<&str>) -> Self {
        match value {
            Some("low" | "all") => Self::All,
            _ => Self::Default,
        }
    }

    /// The least sure tier that is listed.
    pub fn worst(self) -> Tier {
        match self {
            Self::Default => Tier::Medium,
            Self::All => Tier::Low,
        }
    }

    /// Whether a match of this tier is listed.
    pub fn shows(self, tier: Tier) -> bool {
        tier <= self.worst()
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The word.
    pub word: &'static str,
    /// The style's class.
    pub class: &'static str,
    /// `high`, `medium`, `low`.
    pub tier: &'static str,
    /// What the tier rests on.
    pub tier_hint: &'static str,
    /// The first version outside of the range.
    pub fixed_in: Option<String>,
    /// Why.
    pub reasons: Vec<ReasonRow>,
}

impl Judged {
    /// From a match.
    pub fn new(found: &Match) -> Self {
        let reasons = found
            .reasons
            .iter()
            .map(|reason| ReasonRow::new(reason, &found.advisory));
        Self {
            word: verdict::word(found.verdict),
            class: verdict::class(found.verdict),
            tier: verdict::tier(found.tier),
            tier_hint: verdict::tier_hint(found.tier),
            fixed_in: found.fixed_in.clone(),
            reasons: reasons.collect(),
        }
    }
}

/// A reason as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonRow {
    /// Which way it speaks, in a word that is the style's class too.
    pub weight: &'static str,
    /// The stable code.
    pub code: String,
    /// The sentence.
    pub text: String,
    /// Where in the advisory.
    pub at: Option<Place>,
}

/// A place in an advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `CVE-2024-1#/containers/cna/affected/0`.
    pub text: String,
    /// The element that shows it.
    pub href: String,
}

impl ReasonRow {
    fn new(reason: &Reason, advisory: &str) -> Self {
        let place = |at: &String| Place {
            href: format!("{}#{}", path::advisory(advisory), path::encode(&anchor(at))),
            text: at.clone(),
        };
        Self {
            weight: verdict::weight(reason.weight),
            code: reason.code.clone(),
            text: reason.text.clone(),
            at: reason.at.as_ref().map(place),
        }
    }
}

/// The element id for a place in a record: no whitespace, which an id may not hold.
pub fn anchor(at: &str) -> String {
    at.split_whitespace().collect::<Vec<_>>().join("_")
}

/// How many matches have which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    affected: u64,
    unknown: u64,
    fixed: u64,
    not_affected: u64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        self.add_many(verdict, 1);
    }

    /// Counts many more.
    pub fn add_many(&mut self, verdict: Verdict, count: u64) {
        *match verdict {
            Verdict::Affected => &mut self.affected,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Fixed => &mut self.fixed,
            Verdict::NotAffected => &mut self.not_affected,
        } += count;
    }

    /// The verdicts that occur: count, word, class; the worst first.
    pub fn parts(&self) -> Vec<(u64, &'static str, &'static str)> {
        [
            (self.affected, Verdict::Affected),
            (self.unknown, Verdict::Unknown),
            (self.fixed, Verdict::Fixed),
            (self.not_affected, Verdict::NotAffected),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| (count, verdict::word(kind), verdict::class(kind)))
        .collect()
    }
}

impl Tally {
    /// [`Tally::parts`] with the counts as a page writes them.
    pub fn shown(&self) -> Vec<(String, &'static str, &'static str)> {
        self.parts()
            .into_iter()
            .map(|(count, word, class)| (grouped(count), word, class))
            .collect()
    }
}

impl FromIterator<Verdict> for Tally {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Self {
        let mut tally = Self::default();
        verdicts.into_iter().for_each(|verdict| tally.add(verdict));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_matches_are_listed_on_demand() {
        assert!(!TierFilter::from_query(None).shows(Tier::Low));
        assert!(!TierFilter::from_query(Some("<b>")).shows(Tier::Low));
        assert!(TierFilter::from_query(Some("low")).shows(Tier::Low));
        assert!(TierFilter::Default.shows(Tier::Medium));
    }

    #[test]
    fn a_tally_names_only_what_occurs_the_worst_first() {
        let tally: Tally = [Verdict::Fixed, Verdict::Affected, Verdict::Fixed]
            .into_iter()
            .collect();
        assert_eq!(
            tally.parts(),
            [(1, "affected", "affected"), (2, "fixed", "fixed")]
        );
    }
}
