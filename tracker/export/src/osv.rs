//! OSV records, one for an issue.
//!
//! Source: <https://ossf.github.io/osv-schema/>, version 1.7.5 (2026-01-21).
//!
//! Advisories stand in `upstream`, not in `aliases`: the specification forbids aliases for what a distribution
//! bundles. Each package of each channel that has or had the problem is one entry of `affected`, in
//! the ecosystem `Nixpkgs:<channel>`, whose versions are ordered as Nix does
//! (`builtins.compareVersions`). `versions` names those that the channel had with the problem; `ranges` has only such as
//! have a known end, since an open one would call versions of the future affected. A patched version is not told
//! from an unpatched one by its version; where nothing is known of versions or commits, the package stands only in
//! `database_specific`, where everything that is said of every package stands.

use std::borrow::{Borrow, Cow};
use std::io::{self, Write};

use serde::Serialize;

use crate::document::Document;
use crate::issue::id::AdvisoryId;
use crate::issue::names::{CommitHash, PackageVersion, WebUrl};
use crate::issue::package::{ChannelStatus, Package, RangeEnd, Status, VersionRange};
use crate::issue::severity::{CvssVersion, Rating};
use crate::issue::{Credit, CreditKind, Issue, Reference, ReferenceKind};
use crate::moment::Moment;
use crate::provider::Provider;
use crate::{paths, purl, text};

/// The version of the schema that is written.
pub const SCHEMA_VERSION: &str = "1.7.5";

/// The repository of the ranges of commits.
const REPOSITORY: &str = "https://github.com/NixOS/nixpkgs";

/// How ids and packages are named.
///
/// OSV's list (version 1.7.5) has neither the prefix `NIXPKGS` nor an ecosystem for Nixpkgs. Until
/// it has, a validator with the official schema refuses [`Names::Nixpkgs`], and takes
/// [`Names::Local`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// `NIXPKGS-2026-0001`, and packages in the ecosystem `Nixpkgs:<channel>`.
    #[default]
    Nixpkgs,
    /// `x_NIXPKGS-2026-0001`, OSV's form for databases that it doesn't list; packages are named in
    /// `ecosystem_specific` alone.
    Local,
}

/// A record, to be serialised.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    schema_version: &'static str,
    id: String,
    modified: Moment,
    published: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Moment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    upstream: Vec<&'a str>,
    summary: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severity: Vec<Score<'a>>,
    affected: Vec<Affected<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Link<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    credits: Vec<Thanks<'a>>,
    database_specific: DatabaseSpecific<'a>,
}

#[derive(Debug, Serialize)]
struct Score<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    score: &'a str,
}

#[derive(Debug, Serialize)]
struct Affected<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<PackageName<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<Range<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    versions: Vec<&'a str>,
    ecosystem_specific: EcosystemSpecific<'a>,
}

#[derive(Debug, Serialize)]
struct PackageName<'a> {
    ecosystem: String,
    name: &'a str,
    purl: String,
}

#[derive(Debug, Serialize)]
struct Range<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'static str>,
    events: Vec<Event<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Event<'a> {
    Introduced(&'a str),
    Fixed(&'a str),
    LastAffected(&'a str),
}

#[derive(Debug, Serialize)]
struct EcosystemSpecific<'a> {
    attribute: &'a str,
    channel: &'a str,
    branch: &'a str,
    status: &'a Status,
}

#[derive(Debug, Serialize)]
struct Link<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct Thanks<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<[&'a str; 1]>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct DatabaseSpecific<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cwe_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal_reason: Option<Cow<'a, str>>,
    packages: &'a [Package],
}

impl<'a> Record<'a> {
    /// The record of an issue.
    #[must_use]
    pub fn of(issue: &'a Issue, provider: &Provider, names: Names) -> Self {
        let page = Link {
            kind: "WEB",
            url: Cow::Owned(provider.issue_page(issue.id).to_string()),
        };
        let id = match names {
            Names::Nixpkgs => issue.id.to_string(),
            Names::Local => format!("x_{}", issue.id),
        };
        let statuses = issue.statuses().into_iter();
        let statuses = statuses.filter_map(|(package, channel)| affected(package, channel, names));
        let summary = match &issue.withdrawn {
            // The specification wants the reason in the summary.
            Some(withdrawal) => Cow::Owned(format!(
                "Withdrawn: {}",
                text::line_or(&withdrawal.reason, "no reason was given")
            )),
            None => title(issue),
        };
        let vector = issue.severity.as_ref().and_then(|own| own.vector.as_ref());
        let mut weaknesses: Vec<u32> = issue
            .advisories
            .iter()
            .flat_map(|advisory| advisory.weaknesses.iter().copied())
            .collect();
        weaknesses.sort_unstable();
        weaknesses.dedup();
        Self {
            schema_version: SCHEMA_VERSION,
            id,
            modified: issue.modified,
            published: issue.published,
            withdrawn: issue.withdrawn.as_ref().map(|withdrawal| withdrawal.at),
            upstream: upstream(issue),
            summary,
            details: text::lines_if_any(&issue.notes),
            severity: Vec::from_iter(vector.map(|vector| Score {
                kind: match vector.version() {
                    CvssVersion::V2 => "CVSS_V2",
                    CvssVersion::V30 | CvssVersion::V31 => "CVSS_V3",
                    CvssVersion::V4 => "CVSS_V4",
                },
                score: vector.as_str(),
            })),
            affected: statuses.collect(),
            references: issue.references.iter().map(link).chain([page]).collect(),
            credits: issue.credits.iter().filter_map(thanks).collect(),
            database_specific: DatabaseSpecific {
                severity: issue.severity.as_ref().map(|own| Rating::upper(own.rating)),
                cwe_ids: weaknesses
                    .iter()
                    .map(|number| format!("CWE-{number}"))
                    .collect(),
                withdrawal_reason: issue
                    .withdrawn
                    .as_ref()
                    .and_then(|withdrawal| text::lines_if_any(&withdrawal.reason)),
                packages: &issue.packages,
            },
        }
    }
}

/// One line for an issue, its id where it has no title.
fn title(issue: &Issue) -> Cow<'_, str> {
    let line = text::line(&issue.title);
    if line.is_empty() {
        Cow::Owned(issue.id.to_string())
    } else {
        line
    }
}

/// Ids of the advisories and their other ids, each once.
fn upstream(issue: &Issue) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for advisory in &issue.advisories {
        let all = std::iter::once(&advisory.id).chain(&advisory.aliases);
        for id in all.map(AdvisoryId::as_str) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    ids
}

/// What a package of a channel has of the problem; `None` where nothing can be said in OSV's terms.
fn affected<'a>(
    package: &'a Package,
    channel: &'a ChannelStatus,
    names: Names,
) -> Option<Affected<'a>> {
    let known = channel.affected();
    let ranges: Vec<Range<'a>> = known
        .ranges
        .iter()
        .map(|range| by_version(range))
        .chain(by_commit(channel))
        .collect();
    let versions: Vec<&str> = known.versions.iter().map(|one| one.as_str()).collect();
    let nothing = ranges.is_empty() && versions.is_empty();
    match &channel.status {
        Status::NotAffected { .. } | Status::UnderInvestigation => return None,
        // What was affected is not known; the database's own part tells of the fix.
        Status::FixedByPatch { .. } | Status::FixedInVersion { .. } if nothing => return None,
        _ => {}
    }
    Some(Affected {
        package: (names == Names::Nixpkgs).then(|| PackageName {
            ecosystem: format!("Nixpkgs:{}", channel.channel),
            name: package.attribute.as_str(),
            purl: purl::in_channel(package, channel, None),
        }),
        ranges,
        versions,
        ecosystem_specific: EcosystemSpecific {
            attribute: package.attribute.as_str(),
            channel: channel.channel.as_str(),
            branch: channel.branch.as_str(),
            status: &channel.status,
        },
    })
}

fn by_version(range: &VersionRange) -> Range<'_> {
    let introduced = range.from.as_ref().map_or("0", PackageVersion::as_str);
    let end = match &range.end {
        RangeEnd::Before(version) => Event::Fixed(version.as_str()),
        RangeEnd::Through(version) => Event::LastAffected(version.as_str()),
    };
    Range {
        kind: "ECOSYSTEM",
        repo: None,
        events: vec![Event::Introduced(introduced), end],
    }
}

/// A range of commits, where one is known.
fn by_commit(channel: &ChannelStatus) -> Option<Range<'_>> {
    let ChannelStatus {
        introduced_by,
        fixed_by,
        ..
    } = channel;
    if introduced_by.is_none() && fixed_by.is_none() {
        return None;
    }
    let introduced = introduced_by.as_ref().map_or("0", CommitHash::as_str);
    let end = fixed_by
        .as_ref()
        .map(|commit| Event::Fixed(commit.as_str()));
    Some(Range {
        kind: "GIT",
        repo: Some(REPOSITORY),
        events: [Event::Introduced(introduced)]
            .into_iter()
            .chain(end)
            .collect(),
    })
}

fn link(reference: &Reference) -> Link<'_> {
    Link {
        kind: match reference.kind {
            ReferenceKind::Advisory => "ADVISORY",
            ReferenceKind::Fix | ReferenceKind::PullRequest => "FIX",
            ReferenceKind::Report => "REPORT",
            ReferenceKind::Article => "ARTICLE",
            ReferenceKind::Evidence => "EVIDENCE",
            ReferenceKind::Web => "WEB",
        },
        url: Cow::Borrowed(reference.url.as_str()),
    }
}

fn thanks(credit: &Credit) -> Option<Thanks<'_>> {
    let name = text::line(&credit.name);
    (!name.is_empty()).then(|| Thanks {
        name,
        contact: credit.url.as_ref().map(WebUrl::as_str).map(|url| [url]),
        kind: match credit.kind {
            CreditKind::Finder => "FINDER",
            CreditKind::Reporter => "REPORTER",
            CreditKind::Analyst => "ANALYST",
            CreditKind::Coordinator => "COORDINATOR",
            CreditKind::RemediationDeveloper => "REMEDIATION_DEVELOPER",
            CreditKind::RemediationReviewer => "REMEDIATION_REVIEWER",
            CreditKind::RemediationVerifier => "REMEDIATION_VERIFIER",
            CreditKind::Other => "OTHER",
        },
    })
}

/// A file for an issue, at [`paths::osv`].
#[must_use]
pub fn document(issue: &Issue, provider: &Provider, names: Names) -> Document {
    Document::json(paths::osv(issue.id), &Record::of(issue, provider, names))
}

/// Writes a record a line, and gives their number. Holds one issue at a time; time and output are
/// linear in the input.
///
/// # Errors
/// Those of the writer.
pub fn write_lines<I>(
    issues: I,
    provider: &Provider,
    names: Names,
    mut to: impl Write,
) -> io::Result<usize>
where
    I: IntoIterator,
    I::Item: Borrow<Issue>,
{
    let mut count = 0;
    let mut line = Vec::new();
    for issue in issues {
        line.clear();
        serde_json::to_writer(&mut line, &Record::of(issue.borrow(), provider, names))?;
        line.push(b'\n');
        to.write_all(&line)?;
        count += 1;
    }
    Ok(count)
}
