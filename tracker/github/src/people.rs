//! Who is who.

use std::sync::PoisonError;

use serde::Deserialize;

use crate::app::Credentials;
use crate::client::{Client, below};
use crate::error::GitHubError;
use crate::http::{Ask, Walk};
use crate::names::{Login, Organization, Team, UserId};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Stays.
    pub id: UserId,
    /// May change.
    pub login: Login,
    /// What the person calls themselves; text from outside. Not in lists.
    #[serde(default)]
    pub name: Option<String>,
}

impl Client {
    /// The members of a team, those of teams below it included, in GitHub's order. Asked again, what
    /// did not change costs nothing of the limit.
    ///
    /// # Errors
    /// [`GitHubError`]; also when the team isn't there or isn't visible (404): a caller that gives
    /// rights by teams must not take that for an empty team.
    pub fn team_members(
        &self,
        organization: &Organization,
        team: &Team,
    ) -> Result<Vec<User>, GitHubError> {
        let path = [
            "orgs",
            organization.as_str(),
            "teams",
            team.as_str(),
            "members",
        ];
        let first = below(self.endpoints().api(), &path, &[("per_page", "100")]);
        let mut members = Vec::new();
        self.pages(first, |page: Vec<User>| {
            members.extend(page);
            Walk::On
        })?;
        Ok(members)
    }

    /// The account with a number, with its login of today; `None` when there is none (any more).
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn user(&self, id: UserId) -> Result<Option<User>, GitHubError> {
        let path = ["user", &id.to_string()];
        self.get_if_there(below(self.endpoints().api(), &path, &[]))
    }

    /// As whom this client writes: a user's login, or `app-slug[bot]`. Asked once.
    ///
    /// # Errors
    /// [`GitHubError`]; among others when the credentials don't hold.
    pub fn identity(&self) -> Result<Login, GitHubError> {
        #[derive(Deserialize)]
        struct App {
            slug: String,
        }
        let mut held = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(login) = &*held {
            return Ok(login.clone());
        }
        let api = self.endpoints().api();
        let login = match self.credentials() {
            Credentials::Token(_) => self.get::<User>(below(api, &["user"], &[]))?.login,
            Credentials::App { key, .. } => {
                let ask = Ask::get(below(api, &["app"], &[]));
                let app: App = self.transport.json(&ask, Some(&key.jwt(self.now())?))?;
                Login::new(format!("{}[bot]", app.slug))?
            }
        };
        *held = Some(login.clone());
        Ok(login)
    }
}
