//! What can go wrong.

use std::time::Duration;

use jiff::Timestamp;
use snowguard_tracker_secret::SecretError;

/// An error of this crate. It names the operation (method and path, without query) and never holds a
/// token, a code or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitHubError {
    /// No answer, or half of one; after all attempts. Whether something was done there is unknown.
    #[error("{operation}: GitHub cannot be reached: {why}")]
    Unreachable {
        /// `GET /user/1`.
        operation: String,
        /// What the connection says.
        why: String,
    },
    /// GitHub says no, or is out of order (5xx, after all attempts).
    #[error("{operation}: GitHub answered {status}: {message}")]
    Refused {
        /// `GET /user/1`.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// GitHub's sentence, shortened.
        message: String,
    },
    /// Too many requests; nothing was done.
    #[error("{operation}: GitHub takes no more requests before {until}")]
    Limited {
        /// `GET /user/1`.
        operation: String,
        /// When to ask again.
        until: Timestamp,
    },
    /// The answer isn't what the API promises.
    #[error("{operation}: the answer cannot be read: {why}")]
    Malformed {
        /// `GET /user/1`.
        operation: String,
        /// Where it departs.
        why: String,
    },
    /// More than the client takes: bytes, pages or issues to look through.
    #[error("{operation}: more than {limit} {unit}")]
    TooLarge {
        /// `GET /user/1`.
        operation: String,
        /// The limit.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A redirect or a next page that leads to another server.
    #[error("{operation}: leads to {target}, which is another server and isn't followed")]
    Elsewhere {
        /// `GET /user/1`.
        operation: String,
        /// Scheme and host.
        target: String,
    },
    /// The code isn't taken: used, expired, or of another sign-in.
    #[error("GitHub does not take this sign-in: {code}")]
    SignIn {
        /// GitHub's word for it, `bad_verification_code`.
        code: String,
    },
    /// A name that GitHub wouldn't allow, or a text that is too long for it.
    #[error("{value:?} is no {what}")]
    Invalid {
        /// What it should have been.
        what: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// The key of a GitHub App cannot be used.
    #[error("the app's key cannot be used: {why}")]
    Key {
        /// Why.
        why: String,
    },
    /// A token or key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl GitHubError {
    /// Whether the same may succeed later, and after how long: for a job's next attempt. `None`: it
    /// won't, somebody has to look.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Limited { until, .. } => {
                Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
            }
            Self::Unreachable { .. } => Some(Duration::from_secs(60)),
            Self::Refused { status, .. } if *status >= 500 => Some(Duration::from_secs(60)),
            _ => None,
        }
    }

    pub(crate) fn invalid(what: &'static str, value: &str) -> Self {
        let value = value.chars().take(80).collect();
        Self::Invalid { what, value }
    }
}
