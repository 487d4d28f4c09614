//! What is published: issues as plain values.

pub mod id;
pub mod names;
pub mod package;
pub mod severity;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use id::{AdvisoryId, IssueId};
use names::WebUrl;
use package::{ChannelStatus, Package};
use severity::Severity;

/// A published issue: one or more advisories, and how packages of Nixpkgs fare.
///
/// Holds nothing that isn't public. Texts may be anything; each format escapes them, and those of
/// one line are brought into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its id for ever.
    pub id: IssueId,
    /// One line of plain text.
    pub title: String,
    /// CommonMark; may be empty.
    #[serde(default)]
    pub notes: String,
    /// The team's own severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it was first published.
    pub published: Moment,
    /// When anything of it last changed, a package's status too.
    pub modified: Moment,
    /// Set when it should not have been published: its statements no longer hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// What changed since the first publication, in any order; [`Issue::history`] puts it in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Revision>,
    /// The advisories that it bundles, at least one as a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<Advisory>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Who is thanked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Credit>,
    /// The packages, each with its channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
}

/// That an issue no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Since when.
    pub at: Moment,
    /// Why, in plain text.
    pub reason: String,
}

/// A change of a published issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When.
    pub at: Moment,
    /// What changed, in one line of plain text.
    pub summary: String,
}

/// An advisory that an issue is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its id in its own database.
    pub id: AdvisoryId,
    /// Other ids of the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<AdvisoryId>,
    /// One line of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Numbers of CWE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaknesses: Vec<u32>,
}

/// Where to read more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// What stands there.
    pub kind: ReferenceKind,
    /// The address.
    pub url: WebUrl,
}

/// What an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// Somebody's published advisory.
    Advisory,
    /// A fix: a commit, a patch.
    Fix,
    /// A pull request with a fix.
    PullRequest,
    /// An issue in a tracker of bugs.
    Report,
    /// A page that explains.
    Article,
    /// A demonstration of the problem.
    Evidence,
    /// Anything else.
    Web,
}

/// Who is thanked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// A name, one line of plain text.
    pub name: String,
    /// What for.
    pub kind: CreditKind,
    /// Where to find them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebUrl>,
}

/// What somebody is thanked for: the kinds of OSV and of CVE records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditKind {
    /// Found it.
    Finder,
    /// Told of it.
    Reporter,
    /// Looked into it.
    Analyst,
    /// Brought people together.
    Coordinator,
    /// Wrote the fix.
    RemediationDeveloper,
    /// Reviewed the fix.
    RemediationReviewer,
    /// Tested the fix.
    RemediationVerifier,
    /// Anything else.
    Other,
}

impl Issue {
    /// Each package with each of its channels; what stands a second time for the same attribute and channel
    /// is passed over, so that no document contradicts itself.
    #[must_use]
    pub fn statuses(&self) -> Vec<(&Package, &ChannelStatus)> {
        let mut known = HashSet::new();
        let all = self.packages.iter().flat_map(|package| {
            let channels = package.channels.iter();
            channels.map(move |channel| (package, channel))
        });
        all.filter(|(package, channel)| known.insert((&package.attribute, &channel.channel)))
            .collect()
    }

    /// All revisions in order, the first publication first, the last at [`Issue::modified`]. Never
    /// empty. A revision's number is its place, from 1.
    #[must_use]
    pub fn history(&self) -> Vec<Revision> {
        let mut history = vec![Revision {
            at: self.published,
            summary: "First published".to_owned(),
        }];
        history.extend(self.revisions.iter().cloned());
        if let Some(withdrawal) = &self.withdrawn {
            let summary = format!("Withdrawn: {}", withdrawal.reason);
            let at = withdrawal.at;
            history.push(Revision { at, summary });
        }
        let last = self.modified.max(self.published);
        for revision in &mut history {
            revision.at = revision.at.clamp(self.published, last);
        }
        history.sort_by_key(|revision| revision.at);
        if history.last().is_some_and(|revision| revision.at < last) {
            history.push(Revision {
                at: last,
                summary: "Changed".to_owned(),
            });
        }
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis).unwrap()
    }

    fn issue() -> Issue {
        Issue {
            id: IssueId::new(2026, 1).unwrap(),
            title: "x".to_owned(),
            notes: String::new(),
            severity: None,
            published: at(1000),
            modified: at(1000),
            withdrawn: None,
            revisions: Vec::new(),
            advisories: Vec::new(),
            references: Vec::new(),
            credits: Vec::new(),
            packages: Vec::new(),
        }
    }

    #[test]
    fn a_history_begins_with_the_publication_and_ends_with_the_last_change() {
        let told = |issue: &Issue| -> Vec<(i64, String)> {
            let history = issue.history().into_iter();
            history.map(|one| (one.at.millis(), one.summary)).collect()
        };
        let first = (1000, "First published".to_owned());
        assert_eq!(told(&issue()), std::slice::from_ref(&first));
        let mut changed = issue();
        changed.modified = at(5000);
        let last = (5000, "Changed".to_owned());
        assert_eq!(told(&changed), [first.clone(), last.clone()]);
        let revision = |millis, summary: &str| Revision {
            at: at(millis),
            summary: summary.to_owned(),
        };
        changed.revisions = vec![
            revision(3000, "b"),
            revision(2000, "a"),
            revision(1, "early"),
        ];
        assert_eq!(
            told(&changed),
            [
                first.clone(),
                (1000, "early".to_owned()),
                (2000, "a".to_owned()),
                (3000, "b".to_owned()),
                last
            ]
        );
        changed.withdrawn = Some(Withdrawal {
            at: at(5000),
            reason: "wrong package".to_owned(),
        });
        assert_eq!(told(&changed).last().unwrap().1, "Withdrawn: wrong package");
        // Never goes backwards, whatever the times are.
        changed.modified = at(0);
        assert!(told(&changed).iter().all(|(millis, _)| *millis == 1000));
        assert_eq!(told(&changed)[0], first);
    }
}
