//! GitHub, as far as the tracker needs it: a blocking client of the REST API, sign-in for people, and
//! the webhooks that GitHub sends.
//!
//! | what | where |
//! |---|---|
//! | sign in (OAuth 2 web flow, state, PKCE) | [`OAuthApp`] |
//! | who is in a team; who has a numeric id | [`Client::team_members`], [`Client::user`] |
//! | one issue per `NIXPKGS-YYYY-NNNN`, whatever crashes | [`Client::ensure_issue`] |
//! | is a pull request merged, is a commit in a branch | [`Client::pull_request`], [`Client::contains`] |
//! | a webhook's signature and payload | [`webhook::verify`] |
//!
//! The client keeps to GitHub's limits: it remembers what the server said of them ([`Client::rate`]),
//! waits where the wait is short ([`Options::longest_wait`]) and otherwise fails with
//! [`GitHubError::Limited`], without asking again before the time. What GitHub answered before is asked for by
//! its entity tag. An answer's size, the number of its pages and the time for it are limited; a
//! redirect or a next page at another server is refused, because the token would go there.
//!
//! No secret is in any error, log line or `Debug`; see [`Secret`].
//!
//! Not here: storage (which deliveries were seen, which sign-ins are open is the caller's), async,
//! GraphQL.
//!
//! With the feature `testing` there is a stand-in for GitHub, `testing::GitHub`.
//!
//! Source: <https://docs.github.com/en/rest>, API version 2022-11-28

mod app;
mod client;
mod clock;
mod endpoints;
mod error;
mod http;
mod issues;
mod names;
mod oauth;
mod people;
mod pulls;
#[cfg(feature = "testing")]
pub mod testing;
pub mod webhook;

pub use app::{AppKey, Credentials};
pub use client::{Client, Options};
pub use clock::{Clock, SystemClock};
pub use endpoints::Endpoints;
pub use error::GitHubError;
pub use http::Rate;
pub use issues::{Ensured, Issue, IssueDraft, IssueState};
pub use names::{
    Branch, CommitId, IssueKey, Login, Number, Organization, Repository, Team, UserId,
};
pub use oauth::{OAuthApp, State, Verifier};
pub use people::User;
pub use pulls::{PullRequest, PullState};
pub use snowguard_tracker_secret::{Secret, SecretError};
