//! What the advisory says of the package's version.

use snowguard_advisory::model::{Advisory, Affected, Configuration, Source, Status};
use snowguard_advisory::versions::{self, Basis, Bounds, Edge, Position, StatusDecision};

use crate::advisory_facts::{AdvisoryFacts, Place, Row};
use crate::ecosystem::Ecosystem;
use crate::order::Scheme;
use crate::package_facts::{PackageFacts, VendorProduct};
use crate::verdict::{Reason, Verdict, Weight};

/// A verdict with what led to it.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The first version outside of the range, where one is known.
    pub fixed_in: Option<String>,
    /// What decided, and what else is worth knowing.
    pub reasons: Vec<Reason>,
}

/// Decides over the rows that tie advisory and package.
#[must_use]
pub fn decide(
    advisory: &Advisory,
    facts: &AdvisoryFacts,
    package: &PackageFacts,
    rows: &[usize],
) -> Decision {
    let mut opinions: Vec<Opinion> = rows
        .iter()
        .filter_map(|row| opinion(advisory, facts.rows.get(*row)?, package))
        .collect();
    // The surest opinion first; among equals the source nearest to the software.
    opinions.sort_by_key(|opinion| (opinion.grade, opinion.authority));
    let by_range = opinions.first().map(|first| first.verdict);
    let mut reasons = Vec::new();
    if facts.is_disputed {
        reasons.push(note("disputed", "the advisory is disputed".to_owned()));
    }
    let (verdict, deciding) = if let Some((id, entry)) = mention(&package.known_vulnerable, facts) {
        let text = format!("Nixpkgs marks the package as vulnerable to {id}: {entry}");
        (
            Verdict::Affected,
            vec![decides("known_vulnerability", text, None)],
        )
    } else if let Some((id, patch)) = mention(&package.patched, facts) {
        let text = format!("the package applies the patch {patch}, which names {id}");
        (Verdict::Fixed, vec![decides("patch_named", text, None)])
    } else if facts.is_hosted {
        let text = "only a service that its vendor hosts is concerned".to_owned();
        (
            Verdict::NotAffected,
            vec![decides("hosted_service", text, None)],
        )
    } else {
        by_versions(&opinions, package)
    };
    let fixed_in = opinions.iter().find_map(|opinion| opinion.fixed_in.clone());
    reasons.splice(0..0, deciding);
    for other in opinions
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
    }
}

fn by_versions(opinions: &[Opinion], package: &PackageFacts) -> (Verdict, Vec<Reason>) {
    match opinions.first() {
        None if package.version.is_empty() => (
            Verdict::Unknown,
            vec![decides(
                "no_version",
                "the package has no version".to_owned(),
                None,
            )],
        ),
        None => {
            let text = "no statement about versions speaks of this package".to_owned();
            (Verdict::Unknown, vec![decides("no_range", text, None)])
        }
        Some(first) => (
            first.verdict,
            vec![decides(
                first.code,
                first.text.clone(),
                Some(first.at.clone()),
            )],
        ),
    }
}

fn mention<'a>(
    mentions: &'a [(String, String)],
    facts: &AdvisoryFacts,
) -> Option<&'a (String, String)> {
    mentions.iter().find(|(id, _)| facts.ids.contains(id))
}

fn decides(code: &str, text: String, at: Option<String>) -> Reason {
    Reason {
        code: code.to_owned(),
        weight: Weight::Decides,
        text,
        at,
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

/// How well an opinion is founded. Lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// Bounds as given, compared.
    Compared,
    /// Bounds read out of free text.
    Inferred,
    /// A default without any range.
    Assumed,
    /// Nothing could be decided.
    Open,
}

/// Who speaks. Lower is nearer to the software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Authority {
    Cna,
    Osv,
    Nvd,
    Adp,
    Vendor,
}

struct Opinion {
    verdict: Verdict,
    grade: Grade,
    authority: Authority,
    code: &'static str,
    text: String,
    at: String,
    fixed_in: Option<String>,
}

fn opinion(advisory: &Advisory, row: &Row, package: &PackageFacts) -> Option<Opinion> {
    let record = advisory.records.get(row.record)?;
    let version = package.version.as_str();
    let speaker = |by: &str| match (record.source, by) {
        (Source::CveList, "cna") => Authority::Cna,
        (Source::CveList, _) => Authority::Adp,
        (Source::Osv, _) => Authority::Osv,
        (Source::Nvd, _) => Authority::Nvd,
        (Source::Vendor, _) => Authority::Vendor,
    };
    if let Some(platform) = &row.foreign_platform {
        return Some(Opinion {
            verdict: Verdict::NotAffected,
            grade: Grade::Compared,
            authority: Authority::Nvd,
            code: "other_platform",
            text: format!("only {platform} is concerned"),
            at: row.at.clone(),
            fixed_in: None,
        });
    }
    if version.is_empty() {
        return None;
    }
    match row.place {
        Place::Affected(index) => {
            let affected = record.affected.get(index)?;
            let scheme = scheme_of(affected, row, package);
            let decision = versions::status(&affected.versions, version, &scheme);
            Some(of_decision(
                &decision,
                scheme,
                version,
                speaker(&affected.by),
                &row.at,
            ))
        }
        Place::Configuration(index) => {
            let configuration = record.configurations.get(index)?;
            of_configuration(configuration, row, version, speaker(&configuration.by))
        }
    }
}

fn scheme_of(affected: &Affected, row: &Row, package: &PackageFacts) -> Scheme {
    let ecosystem = row.ecosystem_names.first().map(|(ecosystem, _)| *ecosystem);
    match ecosystem {
        // The scheme of an ecosystem holds where the package's version is that ecosystem's.
        Some(ecosystem)
            if package
                .ecosystem_names
                .iter()
                .any(|(own, _)| *own == ecosystem) =>
        {
            Scheme::of_ecosystem(Some(ecosystem))
        }
        _ if affected.ecosystem.as_deref() == Some("Bitnami") => Scheme::Semver,
        _ => Scheme::of_ecosystem(ecosystem.filter(|ecosystem| *ecosystem != Ecosystem::Plugin)),
    }
}

fn of_decision(
    decision: &StatusDecision<'_>,
    scheme: Scheme,
    version: &str,
    authority: Authority,
    at: &str,
) -> Opinion {
    let compared = decision.considered.iter().any(|entry| {
        !matches!(
            entry.position,
            Position::Undecidable(_) | Position::Elsewhere
        )
    });
    let grade = match decision.basis {
        Basis::Undecidable | Basis::CommitsOnly | Basis::Nothing => Grade::Open,
        _ if decision.status == Status::Unknown => Grade::Open,
        _ if decision.is_inferred() => Grade::Inferred,
        Basis::Default if !compared => Grade::Assumed,
        Basis::Entry(_) | Basis::Default => Grade::Compared,
    };
    let entry = decision.decided().or_else(|| decision.left_behind());
    let at = entry.map_or_else(
        || at.to_owned(),
        |entry| format!("{at}{}", entry.at.pointer()),
    );
    let range = entry
        .map(|entry| range_text(&entry.bounds))
        .unwrap_or_default();
    let order = scheme.name();
    let (verdict, code, text) = match decision.status {
        Status::Affected if matches!(decision.basis, Basis::Default) => (
            Verdict::Affected,
            "default_affected",
            format!("{version} is in no range, and the advisory's default is affected"),
        ),
        Status::Affected => (
            Verdict::Affected,
            "range_affected",
            format!("{version} lies in the affected range {range} ({order})"),
        ),
        Status::Unaffected => match (decision.decided(), decision.left_behind()) {
            (None, Some(_)) => (
                Verdict::Fixed,
                "past_range",
                format!("{version} lies behind the affected range {range} ({order})"),
            ),
            // A range marked unaffected that lies behind an affected one is the fix.
            (Some(_), Some(left)) => {
                let range = range_text(&left.bounds);
                (
                    Verdict::Fixed,
                    "past_range",
                    format!("{version} lies behind the affected range {range} ({order})"),
                )
            }
            (Some(_), None) => (
                Verdict::NotAffected,
                "range_unaffected",
                format!("{version} lies in the unaffected range {range} ({order})"),
            ),
            (None, None) => (
                Verdict::NotAffected,
                "outside_ranges",
                format!("{version} lies in no affected range ({order})"),
            ),
        },
        Status::Unknown => (
            Verdict::Unknown,
            open_code(decision.basis),
            open_text(decision, version),
        ),
    };
    let fixed_in = decision.fixed_in.map(str::to_owned).or_else(|| {
        match decision.left_behind()?.bounds.upper? {
            Edge::Excluded(upper) => Some(upper.to_owned()),
            Edge::Included(_) | Edge::Series(_) => None,
        }
    });
    Opinion {
        verdict,
        grade,
        authority,
        code,
        text,
        at,
        fixed_in,
    }
}

fn open_code(basis: Basis) -> &'static str {
    match basis {
        Basis::CommitsOnly => "commits_only",
        Basis::Nothing => "no_range",
        Basis::Undecidable => "undecidable",
        Basis::Entry(_) | Basis::Default => "status_unknown",
    }
}

fn open_text(decision: &StatusDecision<'_>, version: &str) -> String {
    match decision.basis {
        Basis::CommitsOnly => {
            format!("the ranges are commits, which {version} can't be compared with")
        }
        Basis::Nothing => "the advisory says nothing about versions".to_owned(),
        Basis::Undecidable => {
            let why = decision
                .considered
                .iter()
                .find_map(|entry| match entry.position {
                    Position::Undecidable(why) => Some(why),
                    _ => None,
                });
            format!(
                "{version} can't be placed: {}",
                why.unwrap_or("the versions can't be compared")
            )
        }
        Basis::Entry(_) | Basis::Default => {
            format!("the advisory leaves open whether {version} is affected")
        }
    }
}

/// The matches of a configuration that speak of the row's products: affected if any holds.
fn of_configuration(
    configuration: &Configuration,
    row: &Row,
    version: &str,
    authority: Authority,
) -> Option<Opinion> {
    let wanted: Vec<&VendorProduct> = row
        .identities
        .iter()
        .map(|identity| &identity.vendor_product)
        .collect();
    let ecosystem = row
        .identities
        .first()
        .and_then(|identity| identity.ecosystem);
    let scheme =
        Scheme::of_ecosystem(ecosystem.filter(|ecosystem| *ecosystem != Ecosystem::Plugin));
    let matches = configuration
        .nodes
        .iter()
        .filter(|node| !node.negate)
        .flat_map(|node| &node.matches);
    let mut best: Option<Opinion> = None;
    for found in matches.filter(|found| found.vulnerable) {
        let product = product_of(found)?;
        if !wanted.iter().any(|wanted| **wanted == product) {
            continue;
        }
        let decision = versions::cpe_match(found, version, &scheme);
        let mut opinion = of_decision(&decision, scheme, version, authority, &row.at);
        // The criteria of a product are one list: outside of all is an answer, not an assumption.
        if opinion.grade == Grade::Assumed {
            opinion.grade = Grade::Compared;
        }
        let rank = |opinion: &Opinion| match (opinion.verdict, opinion.grade) {
            (Verdict::Affected, _) => 0,
            (Verdict::Unknown, _) => 1,
            (Verdict::Fixed, _) => 2,
            (Verdict::NotAffected, _) => 3,
        };
        if best.as_ref().is_none_or(|best| rank(&opinion) < rank(best)) {
            best = Some(opinion);
        }
    }
    best
}

fn product_of(found: &snowguard_advisory::model::CpeMatch) -> Option<VendorProduct> {
    let product = VendorProduct::of_cpe(&found.criteria)?;
    // As in the facts: npm scopes are no part of the name.
    let name = found.criteria.product.as_text()?;
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(VendorProduct::new(&product.vendor, name))
}

/// `≥ 1.0, < 1.2`; `= 1.1`; `any`.
fn range_text(bounds: &Bounds<'_>) -> String {
    if let Some(only) = bounds.as_only() {
        return format!("= {only}");
    }
    let lower = bounds.lower.map(|edge| match edge {
        Edge::Included(version) => format!("≥ {version}"),
        Edge::Excluded(version) => format!("> {version}"),
        Edge::Series(stem) => format!("≥ {stem}"),
    });
    let upper = bounds.upper.map(|edge| match edge {
        Edge::Included(version) => format!("≤ {version}"),
        Edge::Excluded(version) => format!("< {version}"),
        Edge::Series(stem) => format!("≤ {stem}.*"),
    });
    let parts: Vec<String> = lower.into_iter().chain(upper).collect();
    if parts.is_empty() {
        "of all versions".to_owned()
    } else {
        parts.join(", ")
    }
}
