//! Rules: what they say, with what is known of the attributes that they name, and what they changed.

use std::collections::BTreeSet;

use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::rules::{Rule, Rules, Says, Target};
use snowguard_matching::verdict::{Match, Tier, Weight};
use snowguard_tracker_db::{Db, DbError, RuleEffect};
use snowguard_tracker_triage::rule::Rule as Written;

/// The rules in force, as the matcher reads them.
///
/// # Errors
/// As every read of the database.
pub fn load(db: &Db) -> Result<Rules, DbError> {
    let in_force = db.rules_in_force()?;
    let mut rules = Rules::default();
    if in_force.is_empty() {
        return Ok(rules);
    }
    let channels = db.channels()?;
    for (number, written) in in_force {
        let says = match &written {
            Written::Identity { attr, .. } => {
                let mut packages = Vec::new();
                for channel in &channels {
                    packages.extend(db.package(&channel.name, attr)?.map(PackageFacts::new));
                }
                Says::Is(Target::new(attr, &packages))
            }
            Written::Never { .. } => Says::Never,
        };
        let (vendor, product) = written.names();
        let rule = Rule {
            number,
            sentence: written.sentence(),
            says,
        };
        rules.add(vendor, product, rule);
    }
    Ok(rules)
}

/// What the rules did to an advisory: its matches with and without them, by channel.
pub(super) fn effects(
    facts: &AdvisoryFacts,
    rules: &Rules,
    with: &[(String, Vec<Match>)],
    without: &[(String, Vec<Match>)],
) -> Vec<RuleEffect> {
    let (ruled, free) = (shown(with), shown(without));
    let prevented = free.difference(&ruled).count();
    let made = |rule: &Rule| {
        let found = with.iter().flat_map(|(channel, found)| {
            let cited = found.iter().filter(|found| cites(found, rule));
            cited.map(move |found| (channel.as_str(), found.attr.as_str()))
        });
        found
            .filter(|pair| ruled.contains(pair) && !free.contains(pair))
            .count()
    };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let all = rules.of_advisory(facts).into_iter().map(|rule| RuleEffect {
        rule: rule.number,
        advisory: facts.ids.first().cloned().unwrap_or_default(),
        made: count(made(rule)),
        prevented: count(prevented),
    });
    all.filter(|effect| effect.made + effect.prevented > 0)
        .collect()
}

/// Channel and attribute of what is shown by default.
fn shown(matches: &[(String, Vec<Match>)]) -> BTreeSet<(&str, &str)> {
    let all = matches.iter().flat_map(|(channel, found)| {
        let shown = found.iter().filter(|found| found.tier != Tier::Low);
        shown.map(move |found| (channel.as_str(), found.attr.as_str()))
    });
    all.collect()
}

fn cites(found: &Match, rule: &Rule) -> bool {
    let start = format!("rule {}:", rule.number);
    let mut reasons = found.reasons.iter();
    reasons.any(|reason| {
        reason.weight == Weight::Tie
            && reason.code.starts_with("rule_")
            && reason.text.starts_with(&start)
    })
}
