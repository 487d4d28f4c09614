//! The whole judgement: tie, then verdict.

use snowguard_advisory::model::Advisory;

use crate::advisory_facts::AdvisoryFacts;
use crate::decide::{Decision, decide_in};
use crate::evidence::Allowed;
use crate::group::group;
use crate::index::PackageIndex;
use crate::keys;
use crate::knowledge::Knowledge;
use crate::package_facts::PackageFacts;
use crate::tie::{Thin, Tie, tie_in};
use crate::verdict::{Match, Reason, Tier, Verdict, Weight};
use crate::wording::Wording;

/// Judges one advisory against one package. `None` where nothing ties the two, and for an
/// advisory that was rejected or withdrawn.
#[must_use]
pub fn judge(
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<Match> {
    if facts.is_void {
        return None;
    }
    let tie = tie_in(Wording::Full, facts, package, knowledge, allowed)?;
    let decision = decide_in(Wording::Full, advisory, facts, package, &tie.rows);
    let thin = thinned(&tie, &decision);
    let mut reasons = decision.reasons;
    reasons.extend(tie.reasons);
    let mut tier = tie.tier;
    if let Some(thin) = thin {
        let (code, text) = thin.reason();
        tier = Tier::Low;
        reasons.push(Reason {
            code: code.to_owned(),
            weight: Weight::Against,
            text: text.to_owned(),
            at: None,
        });
    }
    Some(Match {
        advisory: advisory.id.clone(),
        attr: package.attr.clone(),
        verdict: decision.verdict,
        tier,
        variant_of: None,
        fixed_in: decision.fixed_in,
        reasons,
    })
}

/// Verdict and tier as [`judge`] gives them, without the reasons: a fraction of the cost where
/// most answers are never shown.
#[must_use]
pub fn verdict_of(
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<(Verdict, Tier)> {
    Some(Tied::find(facts, package, knowledge, allowed)?.verdict(advisory))
}

/// An advisory and a package that are tied, before it is decided what that means for the package's
/// version. Most candidates are tied by their name alone: then the advisory's statements about
/// versions need not even be read.
#[derive(Debug)]
pub struct Tied<'a> {
    facts: &'a AdvisoryFacts,
    package: &'a PackageFacts,
    tie: Tie,
}

impl<'a> Tied<'a> {
    /// Looks for what ties the two, as [`judge`] does.
    #[must_use]
    pub fn find(
        facts: &'a AdvisoryFacts,
        package: &'a PackageFacts,
        knowledge: &Knowledge,
        allowed: Allowed,
    ) -> Option<Self> {
        if facts.is_void {
            return None;
        }
        let tie = tie_in(Wording::Codes, facts, package, knowledge, allowed)?;
        Some(Self {
            facts,
            package,
            tie,
        })
    }

    /// How sure the tie is. The verdict's tier is never surer.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tie.tier
    }

    /// The verdict, and its tier.
    #[must_use]
    pub fn verdict(&self, advisory: &Advisory) -> (Verdict, Tier) {
        let rows = &self.tie.rows;
        let decision = decide_in(Wording::Codes, advisory, self.facts, self.package, rows);
        match thinned(&self.tie, &decision) {
            Some(_) => (decision.verdict, Tier::Low),
            None => (decision.verdict, self.tie.tier),
        }
    }
}

/// Why a pair is not worth showing, though it is tied.
fn thinned(tie: &Tie, decision: &Decision) -> Option<Thin> {
    let is_past = matches!(decision.verdict, Verdict::Fixed | Verdict::NotAffected);
    tie.thin.filter(|_| is_past && decision.is_compared)
}

/// Judges one advisory against all packages of a channel that could tie, and groups what is one
/// software ([`crate::group`]). The order is that of the packages.
#[must_use]
pub fn judge_each<'a>(
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    packages: impl IntoIterator<Item = &'a PackageFacts>,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Vec<Match> {
    let found = packages
        .into_iter()
        .filter_map(|package| {
            Some((
                judge(advisory, facts, package, knowledge, allowed)?,
                package,
            ))
        })
        .collect();
    group(found)
}

/// Judges one advisory against all packages of an index that could tie. The order is that of
/// the index.
#[must_use]
pub fn judge_all(
    advisory: &Advisory,
    index: &PackageIndex,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Vec<Match> {
    let facts = AdvisoryFacts::new(advisory);
    if facts.is_void {
        return Vec::new();
    }
    judge_each(
        advisory,
        &facts,
        index.find(&keys::lookup(&facts, knowledge)),
        knowledge,
        allowed,
    )
}
