//! One software under several attributes: offered once, with its variants named.
//!
//! `git`, `gitFull`, `gitMinimal` and `git-with-svn` are built from the same source in the same
//! version. What an advisory says of one it says of all, and a person triages it once. So among
//! the matches of an advisory in a channel, those whose packages share source and version are one
//! entry: the package that the advisory fits best, the others named as its variants. A variant
//! keeps its own verdict, because its patches may differ.

use rustc_hash::FxHashMap;

use crate::package_facts::PackageFacts;
use crate::scope::Scope;
use crate::verdict::{Match, Tier, Weight};

/// Sets [`Match::variant_of`] on the matches of one advisory in one channel. The order stays.
///
/// Depends on these matches and packages alone, so that matching again what has changed gives
/// what matching everything gives.
#[must_use]
pub fn group(found: Vec<(Match, &PackageFacts)>) -> Vec<Match> {
    let mut best: FxHashMap<u64, usize> = FxHashMap::default();
    for (position, (_, package)) in found.iter().enumerate() {
        let Some(origin) = package.origin else {
            continue;
        };
        let slot = best.entry(origin).or_insert(position);
        if order(&found[position]) < order(&found[*slot]) {
            *slot = position;
        }
    }
    let heads: Vec<Option<String>> = found
        .iter()
        .enumerate()
        .map(|(position, (_, package))| {
            let head = *best.get(&package.origin?)?;
            (head != position).then(|| found[head].0.attr.clone())
        })
        .collect();
    found
        .into_iter()
        .zip(heads)
        .map(|((found, _), variant_of)| Match {
            variant_of,
            ..found
        })
        .collect()
}

/// The best stands first: the one that a rule names, the surest tie, then one that rests on more than the
/// source alone, then the plainest attribute.
fn order<'a>(found: &'a (Match, &PackageFacts)) -> (bool, Tier, bool, bool, usize, usize, &'a str) {
    let (found, package) = found;
    let ties = || {
        let reasons = found.reasons.iter();
        reasons.filter(|reason| reason.weight == Weight::Tie)
    };
    let by_source_alone =
        ties().all(|reason| matches!(reason.code.as_str(), "repository_equal" | "link"));
    (
        !ties().any(|reason| reason.code == "rule_identity"),
        found.tier,
        by_source_alone,
        package.scope != Scope::Program,
        package.pname.len(),
        found.attr.len(),
        &found.attr,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Package;
    use crate::verdict::{Reason, Verdict};

    fn facts(attr: &str, version: &str) -> PackageFacts {
        PackageFacts::new(Package {
            attr: attr.to_owned(),
            pname: attr.to_owned(),
            version: version.to_owned(),
            sources: vec![format!(
                "https://github.com/git/git/archive/v{version}.tar.gz"
            )],
            ..Package::default()
        })
    }

    fn found(attr: &str, code: &str) -> Match {
        Match {
            advisory: "CVE-2024-1".to_owned(),
            attr: attr.to_owned(),
            verdict: Verdict::Affected,
            tier: Tier::High,
            variant_of: None,
            fixed_in: None,
            reasons: vec![Reason {
                code: code.to_owned(),
                weight: Weight::Tie,
                text: String::new(),
                at: None,
            }],
        }
    }

    #[test]
    fn one_source_and_version_is_one_entry() {
        let packages = ["git-with-svn", "git", "gitMinimal"].map(|attr| facts(attr, "2.50"));
        let older = facts("git_2_49", "2.49");
        let grouped = group(vec![
            (found("git-with-svn", "repository_equal"), &packages[0]),
            (found("git", "name_and_link"), &packages[1]),
            (found("gitMinimal", "name_and_link"), &packages[2]),
            (found("git_2_49", "name_and_link"), &older),
        ]);
        let heads: Vec<Option<&str>> = grouped.iter().map(|m| m.variant_of.as_deref()).collect();
        assert_eq!(heads, [Some("git"), None, Some("git"), None]);
    }

    #[test]
    fn the_part_that_the_advisory_names_stands_first() {
        let packages = ["lld", "clang"].map(|attr| facts(attr, "20.1"));
        let grouped = group(vec![
            (found("lld", "repository_equal"), &packages[0]),
            (found("clang", "name_and_link"), &packages[1]),
        ]);
        assert_eq!(grouped[0].variant_of.as_deref(), Some("clang"));
        assert_eq!(grouped[1].variant_of, None);
    }
}
