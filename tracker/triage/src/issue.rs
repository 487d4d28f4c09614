//! Issues: what the security team says about one or more advisories, under an id of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use snowguard_matching::verdict::{Match, Verdict, Weight};

use crate::command::Refusal;
use crate::dismissal::Reason;
use crate::standing::{Standing, Standings};
use crate::text;
use crate::withdrawal::Withdrawn;

/// How far an issue has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not public.
    #[default]
    Draft,
    /// Public.
    Published,
    /// Public, and nothing is left to do.
    Resolved,
}

impl Stage {
    /// As written in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Resolved => "resolved",
        }
    }

    /// The state of the suggestions in an issue of this stage.
    #[must_use]
    pub fn state(self) -> crate::state::State {
        match self {
            Self::Draft => crate::state::State::Drafted,
            Self::Published => crate::state::State::Published,
            Self::Resolved => crate::state::State::Resolved,
        }
    }
}

/// The security team's own severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Next to no harm.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// As bad as it gets.
    Critical,
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As written in URLs and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The lowest CVSS base score of that rating, times 10 (CVSS 3.1 and 4.0, qualitative scale).
    #[must_use]
    pub fn threshold(self) -> u8 {
        match self {
            Self::Low => 1,
            Self::Medium => 40,
            Self::High => 70,
            Self::Critical => 90,
        }
    }
}

/// How a package of a channel stands to an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Status {
    /// Not known yet.
    UnderInvestigation,
    /// Affected in this version.
    Affected {
        /// Version in the channel.
        version: String,
    },
    /// The channel has a version that is not affected any more.
    FixedInVersion {
        /// Version in the channel.
        version: String,
    },
    /// The channel's package carries a patch.
    FixedByPatch {
        /// Version in the channel.
        version: String,
        /// The patch's name.
        patch: String,
    },
    /// Never affected.
    NotAffected {
        /// VEX's or Nixpkgs's reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Affected, and will stay so.
    WontFix {
        /// Why.
        why: String,
    },
}

impl Status {
    /// The stable word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::UnderInvestigation => "under_investigation",
            Self::Affected { .. } => "affected",
            Self::FixedInVersion { .. } => "fixed_in_version",
            Self::FixedByPatch { .. } => "fixed_by_patch",
            Self::NotAffected { .. } => "not_affected",
            Self::WontFix { .. } => "wont_fix",
        }
    }

    /// The words for a page.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::UnderInvestigation => "under investigation".to_owned(),
            Self::Affected { version } => format!("affected ({version})"),
            Self::FixedInVersion { version } => format!("fixed in {version}"),
            Self::FixedByPatch { patch, .. } => format!("fixed by {patch}"),
            Self::NotAffected { reason: None } => "not affected".to_owned(),
            Self::NotAffected {
                reason: Some(reason),
            } => format!("not affected: {}", reason.title()),
            Self::WontFix { .. } => "won't fix".to_owned(),
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::UnderInvestigation | Self::Affected { .. })
    }

    /// What the matcher's verdict amounts to, the package having this version.
    #[must_use]
    pub fn of(found: &Match, version: &str) -> Self {
        let version = version.to_owned();
        match found.verdict {
            Verdict::Affected => Self::Affected { version },
            Verdict::Unknown => Self::UnderInvestigation,
            Verdict::NotAffected => Self::NotAffected { reason: None },
            Verdict::Fixed => {
                let decides = |code: &str| {
                    let mut reasons = found.reasons.iter();
                    reasons.find(|reason| reason.weight == Weight::Decides && reason.code == code)
                };
                match decides("patch_named") {
                    Some(reason) => Self::FixedByPatch {
                        version,
                        patch: reason.text.clone(),
                    },
                    None => Self::FixedInVersion { version },
                }
            }
        }
    }
}

/// An issue's content: all that people write and that can be undone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Issue {
    /// How far it has come.
    pub stage: Stage,
    /// One line.
    pub title: String,
    /// Of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Markdown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Ids of advisories, sorted.
    pub advisories: Vec<String>,
    /// Addresses of pull requests and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// How each package of each channel stands.
    pub standings: Standings,
    /// Set when it should not have been published: what it says does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
}

/// What a form says about an issue.
#[derive(Debug, Clone, Copy)]
pub struct Wording<'a> {
    /// One line.
    pub title: &'a str,
    /// A word of [`Severity`], or empty.
    pub severity: &'a str,
    /// Markdown.
    pub notes: &'a str,
    /// One address on each line.
    pub links: &'a str,
}

impl Issue {
    /// The issue in other words.
    ///
    /// # Errors
    /// As the functions of [`text`]; [`Refusal::Unknown`] for a severity that is none.
    pub fn worded(&self, wording: Wording<'_>) -> Result<Self, Refusal> {
        let severity = match wording.severity {
            "" => None,
            word => Some(Severity::parse(word).ok_or_else(|| Refusal::Unknown {
                what: "severity",
                value: word.chars().take(40).collect(),
            })?),
        };
        let links = wording.links.lines().filter(|line| !line.trim().is_empty());
        let links = links.map(text::address).collect::<Result<Vec<_>, _>>()?;
        if links.len() > text::ENTRIES {
            return Err(Refusal::TooMany {
                most: text::ENTRIES,
            });
        }
        Ok(Self {
            title: text::line("title", wording.title)?,
            severity,
            notes: text::comment(wording.notes)?,
            links,
            ..self.clone()
        })
    }

    /// The issue in another stage.
    ///
    /// # Errors
    /// [`Refusal::State`] where that cannot follow.
    pub fn staged(&self, stage: Stage) -> Result<Self, Refusal> {
        let fine = match (self.stage, stage) {
            (Stage::Draft, Stage::Published) => self.withdrawn.is_none(),
            // One that was dropped.
            (Stage::Draft, Stage::Draft) => self.withdrawn.is_some(),
            (Stage::Published, Stage::Resolved) | (Stage::Resolved, Stage::Published) => true,
            _ => false,
        };
        if !fine {
            return Err(Refusal::State {
                state: self.stage.state(),
                word: stage.as_str(),
            });
        }
        Ok(Self {
            stage,
            withdrawn: None,
            ..self.clone()
        })
    }

    /// The issue with a status set by hand; nothing gives it back to the matcher.
    ///
    /// # Errors
    /// As [`text::line`] and [`text::comment`].
    pub fn with_status(
        &self,
        channel: &str,
        attr: &str,
        status: Option<(Status, &str)>,
    ) -> Result<Self, Refusal> {
        let (channel, attr) = (
            text::line("channel", channel)?,
            text::line("attribute path", attr)?,
        );
        let mut next = self.clone();
        let of_channel = next.standings.entry(channel).or_default();
        match status {
            Some((status, evidence)) => {
                let before = of_channel.get(&attr);
                let standing = Standing {
                    by_hand: true,
                    ranges: before.map(|one| one.ranges.clone()).unwrap_or_default(),
                    ..Standing::new(status, text::comment(evidence)?)
                };
                let standing = standing.following(before);
                of_channel.insert(attr, standing);
            }
            None => {
                if let Some(standing) = of_channel.get_mut(&attr) {
                    standing.by_hand = false;
                }
            }
        }
        Ok(next)
    }

    /// The issue after the matcher spoke again: what people set stays, all else is as `now` says.
    #[must_use]
    pub fn refreshed(&self, now: &Standings) -> Self {
        let mut standings = now.clone();
        for (channel, of_channel) in &mut standings {
            let before = self.standings.get(channel);
            for (attr, standing) in of_channel {
                let before = before.and_then(|of_channel| of_channel.get(attr));
                *standing = standing.clone().following(before);
            }
        }
        for (channel, of_channel) in &self.standings {
            for (attr, standing) in of_channel.iter().filter(|(_, standing)| standing.by_hand) {
                standings
                    .entry(channel.clone())
                    .or_default()
                    .insert(attr.clone(), standing.clone());
            }
        }
        Self {
            standings,
            ..self.clone()
        }
    }

    /// Whether every package of every channel is settled, so that the issue may be resolved.
    #[must_use]
    pub fn proposes_to_resolve(&self) -> bool {
        let mut all = self
            .standings
            .values()
            .flat_map(BTreeMap::values)
            .peekable();
        self.stage == Stage::Published
            && all.peek().is_some()
            && all.all(|standing| standing.status.is_settled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(status: Status) -> Standing {
        Standing::new(status, String::new())
    }

    fn one(status: Status) -> Standings {
        let of_channel = BTreeMap::from([("git".to_owned(), standing(status))]);
        BTreeMap::from([("nixos-unstable".to_owned(), of_channel)])
    }

    #[test]
    fn a_bump_past_the_range_settles_it_and_a_hand_holds_it() {
        let affected = one(Status::Affected {
            version: "2.1".to_owned(),
        });
        let fixed = one(Status::FixedInVersion {
            version: "2.2".to_owned(),
        });
        let issue = Issue {
            stage: Stage::Published,
            ..Issue::default()
        }
        .refreshed(&affected);
        assert!(!issue.proposes_to_resolve());
        assert!(issue.refreshed(&fixed).proposes_to_resolve());
        let status = Status::WontFix {
            why: "old".to_owned(),
        };
        let held = issue
            .with_status("nixos-unstable", "git", Some((status, "no upstream")))
            .unwrap();
        assert!(held.proposes_to_resolve());
        assert_eq!(held.refreshed(&affected), held);
        let given_back = held.with_status("nixos-unstable", "git", None).unwrap();
        assert_eq!(given_back.refreshed(&affected), issue);
    }

    #[test]
    fn only_published_issues_are_resolved() {
        let draft = Issue::default();
        assert!(draft.staged(Stage::Resolved).is_err());
        let published = draft.staged(Stage::Published).unwrap();
        assert!(published.staged(Stage::Draft).is_err());
        assert_eq!(
            published.staged(Stage::Resolved).unwrap().stage,
            Stage::Resolved
        );
    }

    #[test]
    fn links_are_addresses() {
        let wording = Wording {
            title: "T",
            severity: "high",
            notes: "",
            links: "https://a.example/1\n\n",
        };
        let issue = Issue::default().worded(wording).unwrap();
        assert_eq!(
            (issue.links.len(), issue.severity),
            (1, Some(Severity::High))
        );
        assert!(
            Issue::default()
                .worded(Wording {
                    links: "javascript:x",
                    ..wording
                })
                .is_err()
        );
        assert!(
            Issue::default()
                .worded(Wording {
                    severity: "dire",
                    ..wording
                })
                .is_err()
        );
    }
}
