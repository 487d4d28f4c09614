//! From the database to what is published. A document is a function of the issue, of its advisories and of how its
//! packages are called; of nothing that changes without one of them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use snowguard_matching::ranges::{End, Range};
use snowguard_tracker_db::{PublicPart, StoredIssue};
use snowguard_tracker_export as export;
use snowguard_tracker_export::{
    AdvisoryId, AttributePath, Justification, Moment, PackageVersion, RangeEnd, VersionRange,
};
use snowguard_tracker_triage::dismissal::Reason;
use snowguard_tracker_triage::issue::{Severity, Status};
use snowguard_tracker_triage::standing::Standing;

/// Weaknesses and other ids of one advisory.
const MOST: usize = 50;

/// The issues of a part as they are published.
///
/// # Errors
/// When a time is none that documents can hold.
pub fn published(part: &PublicPart) -> anyhow::Result<Vec<export::Issue>> {
    let issue = |stored: &StoredIssue| {
        issue(part, stored).with_context(|| format!("publishing {}", stored.id))
    };
    part.issues.iter().map(issue).collect()
}

fn issue(part: &PublicPart, stored: &StoredIssue) -> anyhow::Result<export::Issue> {
    let content = &stored.issue;
    let first = stored.published.unwrap_or(stored.changed);
    let advisories = content.advisories.iter();
    let references = content.links.iter().filter_map(|link| {
        let url = kept("link", export::WebUrl::new(link))?;
        let kind = match link.starts_with("https://github.com/") && link.contains("/pull/") {
            true => export::ReferenceKind::PullRequest,
            false => export::ReferenceKind::Web,
        };
        Some(export::Reference { kind, url })
    });
    let withdrawn = content.withdrawn.as_ref().map(|withdrawn| {
        anyhow::Ok(export::Withdrawal {
            at: Moment::from_millis(withdrawn.at)?,
            reason: withdrawn.reason.clone(),
        })
    });
    Ok(export::Issue {
        id: export::IssueId::new(stored.id.year(), stored.id.number())?,
        title: content.title.clone(),
        notes: content.notes.clone(),
        severity: content.severity.map(|own| export::Severity {
            rating: match own {
                Severity::Low => export::Rating::Low,
                Severity::Medium => export::Rating::Medium,
                Severity::High => export::Rating::High,
                Severity::Critical => export::Rating::Critical,
            },
            vector: None,
        }),
        published: Moment::from_millis(first.get())?,
        modified: Moment::from_millis(stored.changed.get())?,
        withdrawn: withdrawn.transpose()?,
        revisions: Vec::new(),
        advisories: advisories.filter_map(|id| advisory(part, id)).collect(),
        references: references.collect(),
        credits: Vec::new(),
        packages: packages(part, stored),
    })
}

fn advisory(part: &PublicPart, id: &str) -> Option<export::Advisory> {
    let own = kept("advisory", AdvisoryId::new(id))?;
    let records = part
        .advisories
        .get(id)
        .map(|known| known.records.as_slice());
    let records = records.unwrap_or_default();
    let mut aliases = Vec::new();
    let mut weaknesses: Vec<u32> = Vec::new();
    for record in records {
        let named = std::iter::once(&record.id).chain(&record.aliases);
        aliases.extend(named.filter(|alias| *alias != id));
        let numbers = record.weaknesses.iter();
        weaknesses
            .extend(numbers.filter_map(|name| name.strip_prefix("CWE-")?.parse::<u32>().ok()));
    }
    aliases.sort_unstable();
    aliases.dedup();
    weaknesses.sort_unstable();
    weaknesses.dedup();
    weaknesses.truncate(MOST);
    let title = records.iter().find_map(|record| record.title.clone());
    Some(export::Advisory {
        id: own,
        aliases: aliases
            .into_iter()
            .take(MOST)
            .filter_map(|alias| AdvisoryId::new(alias.clone()).ok())
            .collect(),
        title: title.filter(|title| !title.trim().is_empty()),
        weaknesses,
    })
}

fn packages(part: &PublicPart, stored: &StoredIssue) -> Vec<export::Package> {
    let mut all: BTreeMap<&str, export::Package> = BTreeMap::new();
    for (channel, of_channel) in &stored.issue.standings {
        for (attr, standing) in of_channel {
            let Some(entry) = standing_in(channel, standing) else {
                continue;
            };
            if let Some(known) = all.get_mut(attr.as_str()) {
                known.channels.push(entry);
                continue;
            }
            let own = attr.rsplit('.').next().unwrap_or(attr);
            let pname = part.names.get(attr).map_or(own, String::as_str);
            let attribute = kept("attribute", AttributePath::new(attr.clone()));
            let name = kept("package", export::PackageName::new(pname));
            let Some((attribute, name)) = attribute.zip(name) else {
                continue;
            };
            let package = export::Package {
                attribute,
                name,
                cpes: Vec::new(),
                channels: vec![entry],
            };
            all.insert(attr, package);
        }
    }
    all.into_values().collect()
}

fn standing_in(channel: &str, standing: &Standing) -> Option<export::ChannelStatus> {
    let version = |text: &str| PackageVersion::new(text).ok();
    Some(export::ChannelStatus {
        channel: kept("channel", export::ChannelName::new(channel))?,
        // The branch of a channel has the channel's name.
        branch: kept("branch", export::BranchName::new(channel))?,
        // The version that the word is about. What the channel has now may be newer, and is told once the word is.
        version: match &standing.status {
            Status::Affected { version: own }
            | Status::FixedInVersion { version: own }
            | Status::FixedByPatch { version: own, .. } => version(own),
            Status::UnderInvestigation | Status::NotAffected { .. } | Status::WontFix { .. } => {
                None
            }
        },
        evaluated: None,
        affected_versions: standing
            .seen
            .iter()
            .filter_map(|one| version(one))
            .collect(),
        affected_ranges: standing.ranges.iter().filter_map(range).collect(),
        introduced_by: None,
        fixed_by: None,
        status: status(&standing.status, &standing.evidence)?,
    })
}

fn range(known: &Range) -> Option<VersionRange> {
    let version = |text: &str| PackageVersion::new(text).ok();
    Some(VersionRange {
        from: match &known.from {
            Some(from) => Some(version(from)?),
            None => None,
        },
        end: match &known.end {
            End::Before(end) => RangeEnd::Before(version(end)?),
            End::Through(end) => RangeEnd::Through(version(end)?),
        },
    })
}

fn status(status: &Status, evidence: &str) -> Option<export::Status> {
    let text = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    Some(match status {
        Status::UnderInvestigation => export::Status::UnderInvestigation,
        Status::Affected { .. } => export::Status::Affected { workaround: None },
        Status::FixedInVersion { version } => export::Status::FixedInVersion {
            version: kept("version", PackageVersion::new(version.clone()))?,
        },
        Status::FixedByPatch { patch, .. } => export::Status::FixedByPatch {
            patches: vec![patch.clone()],
        },
        Status::NotAffected { reason } => {
            let justification = reason.and_then(justification);
            let named = reason.filter(|_| justification.is_none());
            let named = named.map(|reason| reason.title().to_owned());
            export::Status::NotAffected {
                justification,
                statement: text(evidence).or(named),
            }
        }
        Status::WontFix { why } => export::Status::WontFix {
            reason: text(why).or_else(|| text(evidence)),
        },
    })
}

fn justification(reason: Reason) -> Option<Justification> {
    Some(match reason {
        Reason::ComponentNotPresent => Justification::ComponentNotPresent,
        Reason::VulnerableCodeNotPresent => Justification::VulnerableCodeNotPresent,
        Reason::VulnerableCodeNotInExecutePath => Justification::VulnerableCodeNotInExecutePath,
        Reason::VulnerableCodeCannotBeControlledByAdversary => {
            Justification::VulnerableCodeCannotBeControlledByAdversary
        }
        Reason::InlineMitigationsAlreadyExist => Justification::InlineMitigationsAlreadyExist,
        Reason::NotInNixpkgs
        | Reason::HostedService
        | Reason::HardwareOnly
        | Reason::OtherProduct
        | Reason::AlreadyFixed => return None,
    })
}

/// A value that documents can hold; what they cannot is left out, and the log says so.
fn kept<T>(what: &str, value: Result<T, export::InputError>) -> Option<T> {
    value
        .inspect_err(|error| tracing::warn!(what, %error, "left out of the open data"))
        .ok()
}
