//! The whole judgement: tie, then verdict.

use snowguard_advisory::model::Advisory;

use crate::advisory_facts::AdvisoryFacts;
use crate::decide::decide_in;
use crate::evidence::Allowed;
use crate::group::group;
use crate::index::PackageIndex;
use crate::keys;
use crate::knowledge::Knowledge;
use crate::package_facts::PackageFacts;
use crate::tie::tie_in;
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
    judge_in(Wording::Full, advisory, facts, package, knowledge, allowed)
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
    let found = judge_in(Wording::Codes, advisory, facts, package, knowledge, allowed)?;
    Some((found.verdict, found.tier))
}

fn judge_in(
    wording: Wording,
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<Match> {
    if facts.is_void {
        return None;
    }
    let tie = tie_in(wording, facts, package, knowledge, allowed)?;
    let decision = decide_in(wording, advisory, facts, package, &tie.rows);
    let mut reasons = decision.reasons;
    reasons.extend(tie.reasons);
    let mut tier = tie.tier;
    let is_past = matches!(decision.verdict, Verdict::Fixed | Verdict::NotAffected);
    if let Some(thin) = tie.thin.filter(|_| is_past && decision.is_compared) {
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
