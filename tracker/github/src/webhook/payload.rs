//! Payloads of the events that the tracker acts on; what it does not use of them is not read.
//!
//! Source: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use serde::Deserialize;

use crate::names::{Branch, CommitId, Number, Organization, Repository, Team};
use crate::people::User;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The webhook was set up.
    Ping(Ping),
    /// Who is in the organization.
    Organization(OrganizationEvent),
    /// A team came, went or was renamed.
    Team(TeamEvent),
    /// Who is in a team.
    Membership(MembershipEvent),
    /// An issue.
    Issues(IssueEvent),
    /// A pull request.
    PullRequest(PullRequestEvent),
    /// Nothing that the tracker acts on; by name.
    Other(String),
}

impl Event {
    pub(super) fn read(name: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
        use serde_json::from_slice as read;
        Ok(match name {
            "ping" => Self::Ping(read(body)?),
            "organization" => Self::Organization(read(body)?),
            "team" => Self::Team(read(body)?),
            "membership" => Self::Membership(read(body)?),
            "issues" => Self::Issues(read(body)?),
            "pull_request" => Self::PullRequest(read(body)?),
            other => Self::Other(other.to_owned()),
        })
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// A member of a team.
    Added,
    /// A member of a team.
    Removed,
    /// Of the organization.
    MemberAdded,
    /// Of the organization.
    MemberRemoved,
    /// A team.
    Created,
    /// A team, an issue, an organization.
    Deleted,
    /// A team, an issue, a pull request.
    Edited,
    /// An organization.
    Renamed,
    /// An issue or pull request.
    Opened,
    /// An issue or pull request; a merged one too.
    Closed,
    /// An issue or pull request.
    Reopened,
    /// An issue, to another repository.
    Transferred,
    /// Something else.
    #[serde(other)]
    Other,
}

/// `ping`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Ping {
    /// The number of the webhook.
    pub hook_id: u64,
}

/// `organization`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrganizationEvent {
    /// What was done.
    pub action: Action,
    /// Whose members changed.
    pub organization: OrganizationPayload,
    /// Who came or went.
    #[serde(default)]
    pub membership: Option<OrganizationMembership>,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrganizationPayload {
    /// Stays.
    pub id: u64,
    /// May change.
    pub login: Organization,
}

/// Somebody in an organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrganizationMembership {
    /// Who; `None` for an account that is gone.
    pub user: Option<User>,
}

/// `team`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TeamEvent {
    /// What was done.
    pub action: Action,
    /// Which.
    pub team: TeamPayload,
    /// Where.
    pub organization: OrganizationPayload,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TeamPayload {
    /// Stays.
    pub id: u64,
    /// Missing when the team is gone.
    #[serde(default)]
    pub slug: Option<Team>,
}

/// `membership`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MembershipEvent {
    /// Added or removed.
    pub action: Action,
    /// Who; `None` for an account that is gone.
    pub member: Option<User>,
    /// Of which team.
    pub team: TeamPayload,
    /// Where.
    pub organization: OrganizationPayload,
}

/// `issues`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct IssueEvent {
    /// What was done.
    pub action: Action,
    /// Which.
    pub issue: IssuePayload,
    /// Where.
    pub repository: RepositoryPayload,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct IssuePayload {
    /// In its repository.
    pub number: Number,
    /// `open` or `closed`.
    pub state: String,
}

/// `pull_request`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PullRequestEvent {
    /// What was done.
    pub action: Action,
    /// Which.
    pub pull_request: PullRequestPayload,
    /// Where.
    pub repository: RepositoryPayload,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PullRequestPayload {
    /// In its repository.
    pub number: Number,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it is.
    #[serde(default)]
    pub merged: bool,
    /// The commit that it became, or of a trial.
    pub merge_commit_sha: Option<CommitId>,
    /// What it is for.
    pub base: BasePayload,
}

/// Where a pull request goes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BasePayload {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: Branch,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RepositoryPayload {
    /// Stays.
    pub id: u64,
    /// May change.
    pub full_name: Repository,
}
