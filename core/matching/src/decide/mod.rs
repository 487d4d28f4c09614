//! What the advisory says of the package's version.

mod opinion;
mod text;
mod weigh;

use snowguard_advisory::model::Advisory;

use self::opinion::{Grade, Opinion, opinion};
use crate::advisory_facts::AdvisoryFacts;
use crate::package_facts::PackageFacts;
use crate::verdict::{Reason, Verdict, Weight};
use crate::wording::Wording;

/// A verdict with what led to it.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The first version outside of the range, where one is known.
    pub fixed_in: Option<String>,
    /// What decided, and what else is worth knowing.
    pub reasons: Vec<Reason>,
    /// Bounds as the advisory gives them were compared with the version.
    pub is_compared: bool,
}

/// Decides over the rows that tie advisory and package.
#[must_use]
pub fn decide(
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    rows: &[usize],
) -> Decision {
    decide_in(Wording::Full, advisory, facts, package, rows)
}

/// The same, with or without words.
pub(crate) fn decide_in(
    wording: Wording,
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    rows: &[usize],
) -> Decision {
    let mut opinions: Vec<Opinion<'_>> = rows
        .iter()
        .filter_map(|row| opinion(wording, advisory, facts.rows.get(*row)?, package))
        .collect();
    weigh::order(&mut opinions);
    let by_range = opinions.first().map(|first| first.verdict);
    let mut reasons = Vec::new();
    if facts.is_disputed && wording == Wording::Full {
        reasons.push(note("disputed", "the advisory is disputed".to_owned()));
    }
    let (verdict, deciding) = if let Some((id, entry)) = mention(&package.known_vulnerable, facts) {
        let text =
            wording.say(|| format!("Nixpkgs marks the package as vulnerable to {id}: {entry}"));
        (
            Verdict::Affected,
            decides(wording, "known_vulnerability", text, None),
        )
    } else if let Some((id, patch)) = mention(&package.patched, facts) {
        let text =
            wording.say(|| format!("the package applies the patch {patch}, which names {id}"));
        (Verdict::Fixed, decides(wording, "patch_named", text, None))
    } else if facts.is_hosted {
        let text = wording.say(|| "only a service that its vendor hosts is concerned".to_owned());
        (
            Verdict::NotAffected,
            decides(wording, "hosted_service", text, None),
        )
    } else {
        by_versions(wording, &opinions, package)
    };
    let fixed_in = opinions.iter().find_map(|opinion| opinion.fixed_in.clone());
    reasons.splice(0..0, deciding);
    let others = match wording {
        Wording::Full => opinions.as_slice(),
        Wording::Codes => &[],
    };
    for other in others
        .iter()
        .filter(|opinion| Some(opinion.verdict) != by_range && opinion.grade <= Grade::Inferred)
    {
        let text = format!("another statement says otherwise: {}", other.text);
        reasons.push(Reason {
            at: Some(other.at.clone()),
            ..note("sources_disagree", text)
        });
    }
    Decision {
        verdict,
        fixed_in,
        reasons,
        is_compared: opinions
            .first()
            .is_some_and(|first| first.grade == Grade::Compared),
    }
}

fn by_versions(
    wording: Wording,
    opinions: &[Opinion<'_>],
    package: &PackageFacts,
) -> (Verdict, Vec<Reason>) {
    match opinions.first() {
        None if package.version.is_empty() => {
            let text = wording.say(|| "the package has no version".to_owned());
            (Verdict::Unknown, decides(wording, "no_version", text, None))
        }
        None => {
            let text =
                wording.say(|| "no statement about versions speaks of this package".to_owned());
            (Verdict::Unknown, decides(wording, "no_range", text, None))
        }
        Some(first) => {
            let (text, at) = (first.text.clone(), Some(first.at.clone()));
            (first.verdict, decides(wording, first.code, text, at))
        }
    }
}

fn mention<'a>(
    mentions: &'a [(String, String)],
    facts: &AdvisoryFacts,
) -> Option<&'a (String, String)> {
    mentions.iter().find(|(id, _)| facts.ids.contains(id))
}

/// The reason that decided; none where nobody will read it.
fn decides(wording: Wording, code: &str, text: String, at: Option<String>) -> Vec<Reason> {
    match wording {
        Wording::Codes => Vec::new(),
        Wording::Full => vec![Reason {
            code: code.to_owned(),
            weight: Weight::Decides,
            text,
            at,
        }],
    }
}

fn note(code: &str, text: String) -> Reason {
    Reason {
        code: code.to_owned(),
        weight: Weight::Note,
        text,
        at: None,
    }
}
