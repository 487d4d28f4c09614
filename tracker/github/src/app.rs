//! As whom GitHub is asked.

mod jwt;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use snowguard_tracker_secret::Secret;
use ureq::http::Method;

pub use jwt::AppKey;

use crate::client::below;
use crate::endpoints::Endpoints;
use crate::error::GitHubError;
use crate::http::{Ask, Transport};

/// A token is replaced so long before it ends.
const MARGIN: Duration = Duration::from_secs(300);

/// As whom to ask.
#[derive(Debug)]
#[non_exhaustive]
pub enum Credentials {
    /// A token of a user: personal, fine-grained or classic.
    Token(Secret),
    /// A GitHub App's installation.
    App {
        /// The app and its key.
        key: AppKey,
        /// The number of its installation in the organization.
        installation: u64,
    },
}

impl Credentials {
    /// The token in a file.
    ///
    /// # Errors
    /// [`GitHubError::Secret`].
    pub fn token_file(path: &Path) -> Result<Self, GitHubError> {
        Ok(Self::Token(Secret::from_file(path)?))
    }

    /// An app, by its id (or client id), installation, and private key in a file (PEM, as GitHub gives
    /// it).
    ///
    /// # Errors
    /// [`GitHubError::Secret`] or [`GitHubError::Key`].
    pub fn app_file(app: &str, installation: u64, key: &Path) -> Result<Self, GitHubError> {
        let key = AppKey::from_pem(app, &Secret::from_file(key)?)?;
        Ok(Self::App { key, installation })
    }

    /// The token to send. An app's is asked for when there is none that lasts.
    pub(crate) fn token(
        &self,
        transport: &Transport,
        endpoints: &Endpoints,
        held: &Mutex<Option<Installation>>,
    ) -> Result<Secret, GitHubError> {
        let (key, installation) = match self {
            Self::Token(token) => return Ok(token.clone()),
            Self::App { key, installation } => (key, installation),
        };
        // Held while asking, so that several threads ask once.
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = transport.now();
        let lasts = |held: &Installation| now.checked_add(MARGIN).is_ok_and(|at| at < held.ends);
        if let Some(held) = held.as_ref().filter(|held| lasts(held)) {
            return Ok(held.token.clone());
        }
        let number = installation.to_string();
        let path = ["app", "installations", &number, "access_tokens"];
        let url = below(endpoints.api(), &path, &[]);
        let ask = Ask::with_json(Method::POST, url, &serde_json::json!({}));
        let given: Given = transport.json(&ask, Some(&key.jwt(now)?))?;
        let token = Secret::new(given.token)?;
        *held = Some(Installation {
            token: token.clone(),
            ends: given.expires_at,
        });
        Ok(token)
    }
}

/// A token of an installation.
#[derive(Debug)]
pub(crate) struct Installation {
    token: Secret,
    ends: Timestamp,
}

#[derive(Deserialize)]
struct Given {
    token: String,
    expires_at: Timestamp,
}
