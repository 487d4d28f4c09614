//! Pull requests and branches: what fixes an issue, and where it has arrived.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::client::{Client, below, page};
use crate::error::GitHubError;
use crate::names::{Branch, CommitId, Number, Repository};

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// In its repository.
    pub number: Number,
    /// Text from outside.
    pub title: String,
    /// Open, closed or merged.
    pub state: PullState,
    /// The branch that it is for.
    pub base: Branch,
    /// Its page.
    pub url: Url,
}

/// How far a pull request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullState {
    /// Open, perhaps as a draft.
    Open,
    /// Closed and not merged.
    Closed,
    /// Merged.
    Merged {
        /// The commit that it became on [`PullRequest::base`].
        commit: CommitId,
        /// When.
        at: Timestamp,
    },
}

#[derive(Deserialize)]
struct Wire {
    number: Number,
    title: String,
    state: String,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<CommitId>,
    base: Base,
    #[serde(deserialize_with = "page")]
    html_url: Url,
}

#[derive(Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    name: Branch,
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        // Of one that isn't merged, the commit is only GitHub's trial of merging it.
        let state = match (wire.merged_at, wire.merge_commit_sha, wire.state.as_str()) {
            (Some(at), Some(commit), _) => PullState::Merged { commit, at },
            (_, _, "open") => PullState::Open,
            _ => PullState::Closed,
        };
        Self {
            number: wire.number,
            title: wire.title,
            state,
            base: wire.base.name,
            url: wire.html_url,
        }
    }
}

impl Client {
    /// A pull request; `None` when there is none of that number.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn pull_request(
        &self,
        repository: &Repository,
        number: Number,
    ) -> Result<Option<PullRequest>, GitHubError> {
        let number = number.to_string();
        let url = self.in_repository(repository, &["pulls", &number], &[]);
        Ok(self.get_if_there::<Wire>(url)?.map(PullRequest::from))
    }

    /// Whether a commit is in a branch; `None` when GitHub does not know one of the two.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn contains(
        &self,
        repository: &Repository,
        branch: &Branch,
        commit: &CommitId,
    ) -> Result<Option<bool>, GitHubError> {
        #[derive(Deserialize)]
        struct Comparison {
            status: String,
        }
        let range = format!("{branch}...{commit}");
        // The second page leaves out the list of changed files, which may be long.
        let page = [("per_page", "1"), ("page", "2")];
        let url = self.in_repository(repository, &["compare", &range], &page);
        let comparison: Option<Comparison> = self.get_if_there(url)?;
        Ok(comparison.map(|found| matches!(found.status.as_str(), "behind" | "identical")))
    }

    pub(crate) fn in_repository(
        &self,
        repository: &Repository,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Url {
        let (owner, name) = repository.as_str().split_once('/').unwrap_or_default();
        let segments = [&["repos", owner, name], path].concat();
        below(self.endpoints().api(), &segments, query)
    }
}
