//! Issues: one for each of the tracker's own, kept in step with it.

mod draft;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use ureq::http::Method;
use url::Url;

pub use draft::IssueDraft;

use crate::app::Credentials;
use crate::client::{Client, below, page};
use crate::error::GitHubError;
use crate::http::{Ask, Walk};
use crate::names::{IssueKey, Number, Repository};
use crate::people::User;

/// Clocks differ: issues are looked for from so many seconds before the first attempt.
const SLACK: i64 = 600;

/// Open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    /// Open.
    Open,
    /// Closed as done.
    Completed,
    /// Closed as not to be done.
    NotPlanned,
}

/// An issue at GitHub. Title and body are text from outside: anyone with rights there may edit them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// In its repository.
    pub number: Number,
    /// Its page.
    pub url: Url,
    /// Title.
    pub title: String,
    /// Markdown, with the marker.
    pub body: String,
    /// Open or closed.
    pub state: IssueState,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Who made it; `None` for an account that is gone.
    pub author: Option<User>,
    /// When it was made.
    pub created: Timestamp,
}

/// What [`Client::ensure_issue`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ensured {
    /// Made it.
    Created(Issue),
    /// Changed it.
    Updated(Issue),
    /// It was as it should be.
    Unchanged(Issue),
}

impl Ensured {
    /// The issue, whatever was done.
    #[must_use]
    pub fn issue(&self) -> &Issue {
        match self {
            Self::Created(issue) | Self::Updated(issue) | Self::Unchanged(issue) => issue,
        }
    }
}

impl Client {
    /// Makes sure that there is one issue for the draft's key and that it says what the draft says.
    ///
    /// May be called again after any crash or error: an issue that an earlier attempt made is found
    /// by the marker in the last line of its body, and only if this client's own identity wrote it, since anyone
    /// could write a marker. Two calls for the same key at the same time are the caller's to prevent.
    ///
    /// `known`: its number, once it was kept. `since`: when the first attempt was decided on; issues made
    /// after it are listed, because search knows of a new issue only after a while.
    ///
    /// # Errors
    /// [`GitHubError`]. After [`GitHubError::Unreachable`] an issue may have been made; the next call finds it.
    pub fn ensure_issue(
        &self,
        repository: &Repository,
        draft: &IssueDraft,
        known: Option<Number>,
        since: Timestamp,
    ) -> Result<Ensured, GitHubError> {
        let found = match known {
            Some(number) => self.issue(repository, number)?,
            None => None,
        };
        let found = match found {
            Some(issue) => Some(issue),
            None => self.find_issue(repository, draft.key(), since)?,
        };
        let Some(found) = found else {
            return self.create(repository, draft).map(Ensured::Created);
        };
        let change = draft.change_of(&found);
        if change.is_empty() {
            return Ok(Ensured::Unchanged(found));
        }
        let number = found.number.to_string();
        let url = self.in_repository(repository, &["issues", &number], &[]);
        let ask = Ask::with_json(Method::PATCH, url, &change.into());
        let token = self.token()?;
        let issue: Wire = self.transport.json(&ask, Some(&token))?;
        Ok(Ensured::Updated(issue.into()))
    }

    /// The issue with a number; `None` when there is none, or when it was moved away or is a pull
    /// request.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn issue(
        &self,
        repository: &Repository,
        number: Number,
    ) -> Result<Option<Issue>, GitHubError> {
        let url = self.in_repository(repository, &["issues", &number.to_string()], &[]);
        let found: Option<Wire> = self.get_if_there(url)?;
        Ok(found
            .filter(|wire| wire.pull_request.is_none())
            .map(Issue::from))
    }

    /// The issue that this client's identity made for a key: the oldest, should there be several.
    ///
    /// # Errors
    /// [`GitHubError`]; [`GitHubError::TooLarge`] when more issues were made since then than the client
    /// goes through, because then it isn't known that there is none.
    pub fn find_issue(
        &self,
        repository: &Repository,
        key: &IssueKey,
        since: Timestamp,
    ) -> Result<Option<Issue>, GitHubError> {
        let me = self.identity()?;
        let marker = draft::marker(key);
        let ours = |wire: &Wire| {
            wire.pull_request.is_none()
                && wire.user.as_ref().is_some_and(|user| user.login == me)
                && wire
                    .body
                    .as_deref()
                    .is_some_and(|body| draft::ends_with(body, &marker))
        };
        let listed = self.listed(repository, me.as_str(), since, &ours)?;
        let found = match listed {
            Some(wire) => Some(wire),
            None => self.searched(repository, key, &ours)?,
        };
        Ok(found.map(Issue::from))
    }

    /// Through the list, which knows of an issue at once.
    fn listed(
        &self,
        repository: &Repository,
        me: &str,
        since: Timestamp,
        ours: &dyn Fn(&Wire) -> bool,
    ) -> Result<Option<Wire>, GitHubError> {
        let from = since.as_second().saturating_sub(SLACK);
        let mut query = vec![
            ("state", "all"),
            ("sort", "created"),
            ("direction", "desc"),
            ("per_page", "100"),
        ];
        // An app's issues can't be listed by creator in all versions of the server.
        if matches!(self.credentials(), Credentials::Token(_)) {
            query.push(("creator", me));
        }
        let mut oldest = None;
        self.pages(
            self.in_repository(repository, &["issues"], &query),
            |page: Vec<Wire>| {
                for wire in page {
                    if wire.created_at.as_second() < from {
                        return Walk::Stop;
                    }
                    if ours(&wire) {
                        oldest = Some(wire);
                    }
                }
                Walk::On
            },
        )?;
        Ok(oldest)
    }

    /// Through search, which knows also of what was made long ago.
    fn searched(
        &self,
        repository: &Repository,
        key: &IssueKey,
        ours: &dyn Fn(&Wire) -> bool,
    ) -> Result<Option<Wire>, GitHubError> {
        #[derive(Deserialize)]
        struct Found {
            items: Vec<Wire>,
        }
        let words = format!("\"{key}\" in:body is:issue repo:{repository}");
        let query = [
            ("q", words.as_str()),
            ("sort", "created"),
            ("order", "asc"),
            ("per_page", "100"),
        ];
        let url = below(self.endpoints().api(), &["search", "issues"], &query);
        let found: Found = self.get(url)?;
        Ok(found.items.into_iter().find(|wire| ours(wire)))
    }

    fn create(&self, repository: &Repository, draft: &IssueDraft) -> Result<Issue, GitHubError> {
        let body = json!({
            "title": draft.title(),
            "body": draft.whole_body(),
            "labels": draft.labels(),
        });
        let ask = Ask {
            // After a failure one has to look first.
            repeatable: false,
            ..Ask::with_json(
                Method::POST,
                self.in_repository(repository, &["issues"], &[]),
                &body,
            )
        };
        let token = self.token()?;
        let made: Wire = self.transport.json(&ask, Some(&token))?;
        Ok(made.into())
    }
}

#[derive(Debug, Deserialize)]
struct Wire {
    number: Number,
    #[serde(deserialize_with = "page")]
    html_url: Url,
    title: String,
    body: Option<String>,
    state: String,
    state_reason: Option<String>,
    #[serde(default)]
    labels: Vec<Label>,
    user: Option<User>,
    created_at: Timestamp,
    /// There for a pull request, which GitHub lists among issues.
    pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Label {
    name: String,
}

impl From<Wire> for Issue {
    fn from(wire: Wire) -> Self {
        let state = match (wire.state.as_str(), wire.state_reason.as_deref()) {
            ("open", _) => IssueState::Open,
            (_, Some("not_planned" | "duplicate")) => IssueState::NotPlanned,
            _ => IssueState::Completed,
        };
        Self {
            number: wire.number,
            url: wire.html_url,
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            state,
            labels: wire.labels.into_iter().map(|label| label.name).collect(),
            author: wire.user,
            created: wire.created_at,
        }
    }
}
