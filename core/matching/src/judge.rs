//! The whole judgement: tie, then verdict.

use snowguard_advisory::model::Advisory;

use crate::advisory_facts::AdvisoryFacts;
use crate::decide::decide;
use crate::evidence::Allowed;
use crate::index::PackageIndex;
use crate::keys;
use crate::knowledge::Knowledge;
use crate::package_facts::PackageFacts;
use crate::tie::tie;
use crate::verdict::Match;

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
    let tie = tie(facts, package, knowledge, allowed)?;
    let decision = decide(advisory, facts, package, &tie.rows);
    let mut reasons = decision.reasons;
    reasons.extend(tie.reasons);
    Some(Match {
        advisory: advisory.id.clone(),
        attr: package.attr.clone(),
        verdict: decision.verdict,
        tier: tie.tier,
        fixed_in: decision.fixed_in,
        reasons,
    })
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
    index
        .find(&keys::lookup(&facts, knowledge))
        .into_iter()
        .filter_map(|package| judge(advisory, &facts, package, knowledge, allowed))
        .collect()
}
