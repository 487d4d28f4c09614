//! What one statement of an advisory says of the package's version.

use snowguard_advisory::model::{Advisory, Affected, Configuration, Source, Status};
use snowguard_advisory::versions::{self, Basis, Bounds, Edge, Position, StatusDecision};

use super::text::{open_code, open_text, range_text};
use crate::advisory_facts::{Place, Row};
use crate::ecosystem::Ecosystem;
use crate::order::Scheme;
use crate::package_facts::PackageFacts;
use crate::verdict::Verdict;
use crate::wording::Wording;

/// How well an opinion is founded. Lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
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
pub(super) enum Authority {
    Cna,
    /// The CNA's CPE statement, which programs make of its version ranges, with losses.
    CnaCpe,
    Osv,
    Nvd,
    Adp,
    Vendor,
}

/// What one statement says of the package's version.
pub(super) struct Opinion<'a> {
    pub(super) verdict: Verdict,
    pub(super) grade: Grade,
    pub(super) authority: Authority,
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) at: String,
    pub(super) fixed_in: Option<String>,
    /// The range that decided, and the scheme it was compared in; `None` for a default.
    pub(super) range: Option<(Bounds<'a>, Scheme)>,
}

pub(super) fn opinion<'a>(
    wording: Wording,
    advisory: &'a Advisory,
    row: &Row,
    package: &PackageFacts,
) -> Option<Opinion<'a>> {
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
            text: wording.say(|| format!("only {platform} is concerned")),
            at: wording.say(|| row.at.clone()),
            fixed_in: None,
            range: None,
        });
    }
    if version.is_empty() {
        return None;
    }
    match row.place {
        Place::Affected(index) => {
            let affected = record.affected.get(index)?;
            let scheme = scheme_of(affected, row, package);
            let decision = match wording {
                Wording::Full => versions::status(&affected.versions, version, &scheme),
                Wording::Codes => versions::status_alone(&affected.versions, version, &scheme),
            };
            let context = Context {
                wording,
                scheme,
                version,
                authority: speaker(&affected.by),
                at: &row.at,
            };
            Some(of_decision(&decision, context))
        }
        Place::Configuration(index) => {
            let configuration = record.configurations.get(index)?;
            let authority = match speaker(&configuration.by) {
                Authority::Cna => Authority::CnaCpe,
                other => other,
            };
            of_configuration(wording, configuration, row, version, authority)
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

/// Who says it, of which version, and how it is told.
#[derive(Clone, Copy)]
struct Context<'c> {
    wording: Wording,
    scheme: Scheme,
    version: &'c str,
    authority: Authority,
    at: &'c str,
}

fn of_decision<'a>(decision: &StatusDecision<'a>, context: Context<'_>) -> Opinion<'a> {
    let Context {
        wording,
        scheme,
        version,
        authority,
        at,
    } = context;
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
    let at = wording.say(|| match entry {
        Some(entry) => format!("{at}{}", entry.at.pointer()),
        None => at.to_owned(),
    });
    let range = wording.say(|| {
        entry
            .map(|entry| range_text(&entry.bounds))
            .unwrap_or_default()
    });
    let order = scheme.name();
    let (verdict, code, text) = match decision.status {
        Status::Affected if matches!(decision.basis, Basis::Default) => (
            Verdict::Affected,
            "default_affected",
            wording.say(|| {
                format!("{version} is in no range, and the advisory's default is affected")
            }),
        ),
        Status::Affected => (
            Verdict::Affected,
            "range_affected",
            wording.say(|| format!("{version} lies in the affected range {range} ({order})")),
        ),
        Status::Unaffected => match (decision.decided(), decision.left_behind()) {
            (None, Some(_)) => (
                Verdict::Fixed,
                "past_range",
                wording
                    .say(|| format!("{version} lies behind the affected range {range} ({order})")),
            ),
            // A range marked unaffected that lies behind an affected one is the fix.
            (Some(_), Some(left)) => {
                let range = || range_text(&left.bounds);
                (
                    Verdict::Fixed,
                    "past_range",
                    wording.say(|| {
                        let range = range();
                        format!("{version} lies behind the affected range {range} ({order})")
                    }),
                )
            }
            (Some(_), None) => (
                Verdict::NotAffected,
                "range_unaffected",
                wording.say(|| format!("{version} lies in the unaffected range {range} ({order})")),
            ),
            (None, None) => (
                Verdict::NotAffected,
                "outside_ranges",
                wording.say(|| format!("{version} lies in no affected range ({order})")),
            ),
        },
        Status::Unknown => (
            Verdict::Unknown,
            open_code(decision.basis),
            wording.say(|| open_text(decision, version)),
        ),
    };
    let left_behind = || match decision.left_behind()?.bounds.upper? {
        Edge::Excluded(upper) => Some(upper),
        Edge::Included(_) | Edge::Series(_) => None,
    };
    let fixed_in = match wording {
        Wording::Full => decision.fixed_in.or_else(left_behind).map(str::to_owned),
        Wording::Codes => None,
    };
    Opinion {
        verdict,
        grade,
        authority,
        code,
        text,
        at,
        fixed_in,
        range: decision.decided().map(|entry| (entry.bounds, scheme)),
    }
}

/// The matches of a configuration that speak of the row's products: affected if any holds.
fn of_configuration<'a>(
    wording: Wording,
    configuration: &'a Configuration,
    row: &Row,
    version: &str,
    authority: Authority,
) -> Option<Opinion<'a>> {
    let ecosystem = row
        .identities
        .first()
        .and_then(|identity| identity.ecosystem);
    let scheme =
        Scheme::of_ecosystem(ecosystem.filter(|ecosystem| *ecosystem != Ecosystem::Plugin));
    let matches = row.matches.iter().filter_map(|(node, place)| {
        let node = configuration.nodes.get(*node as usize)?;
        node.matches.get(*place as usize)
    });
    let mut best: Option<Opinion<'_>> = None;
    for found in matches {
        let decision = versions::cpe_match(found, version, &scheme);
        let context = Context {
            wording,
            scheme,
            version,
            authority,
            at: &row.at,
        };
        let mut opinion = of_decision(&decision, context);
        // The criteria of a product are one list: outside of all is an answer, not an assumption.
        if opinion.grade == Grade::Assumed {
            opinion.grade = Grade::Compared;
        }
        let rank = |opinion: &Opinion<'_>| match (opinion.verdict, opinion.grade) {
            // Criteria of commits beside such of releases say nothing of releases.
            _ if opinion.code == open_code(Basis::CommitsOnly) => 4,
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
