//! Who asks.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use snowguard_tracker_db::{Db, Digest, Millis, Person, PersonId};
use snowguard_tracker_triage::role::{Action, Grant, Role, Roles};

use super::secret::Secret;
use crate::failure::{Failure, PageFailure};
use crate::server::App;

/// A session ends after so long, used or not.
pub const LIFETIME: i64 = 30 * 86_400_000;

/// A session ends when it was not used for so long.
pub const IDLE: i64 = 7 * 86_400_000;

/// Whoever asks for a page: signed in by a cookie, or nobody in particular.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Who, where somebody is signed in.
    pub person: Option<Person>,
    /// What they are.
    pub roles: Roles,
    /// Names under which they own packages.
    pub owned: Vec<String>,
    /// What forms have to carry.
    pub form_key: Option<Secret>,
    /// Digest of the session.
    pub session: Option<Digest>,
}

impl Reader {
    /// Reads the session out of a request's headers.
    ///
    /// # Errors
    /// As every read of the database.
    pub async fn of(app: &Arc<App>, headers: &HeaderMap) -> Result<Self, Failure> {
        let Some(secret) = app.reach().secret(headers) else {
            return Ok(Self::default());
        };
        let now = app.now();
        app.work(move |db| Self::by_session(db, &secret, now)).await
    }

    fn by_session(db: &Db, secret: &Secret, now: i64) -> Result<Self, Failure> {
        let digest = secret.digest();
        let found = db.session_person(&digest, Millis::new(now), Millis::new(now - IDLE))?;
        let Some(person) = found else {
            return Ok(Self::default());
        };
        let reader = Self::of_person(db, person)?;
        Ok(Self {
            form_key: Some(secret.derive("form")?),
            session: Some(digest),
            ..reader
        })
    }

    /// A person with their roles.
    ///
    /// # Errors
    /// As every read of the database.
    pub fn of_person(db: &Db, person: Person) -> Result<Self, Failure> {
        let owned = person
            .github
            .map_or(Ok(Vec::new()), |github| db.owned_names(github))?;
        let roles = match owned.is_empty() {
            true => person.roles(),
            false => person.roles().with(Role::Maintainer),
        };
        Ok(Self {
            person: Some(person),
            roles,
            owned,
            form_key: None,
            session: None,
        })
    }

    /// Number of who asks.
    #[must_use]
    pub fn id(&self) -> Option<PersonId> {
        self.person.as_ref().map(|person| person.id)
    }

    /// Whether the action is allowed for something, be it only for packages of their own.
    #[must_use]
    pub fn may_somewhere(&self, action: Action) -> bool {
        self.roles.grant(action) != Grant::No
    }

    /// Whether the action is allowed everywhere.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.roles.grant(action) == Grant::Yes
    }

    /// Who asks, provided that they may do it everywhere.
    ///
    /// # Errors
    /// [`Failure::SignIn`] for nobody, [`Failure::Forbidden`].
    pub fn require(&self, action: Action) -> Result<PersonId, Failure> {
        let id = self.id().ok_or(Failure::SignIn)?;
        match self.may(action) {
            true => Ok(id),
            false => Err(Failure::forbidden(action)),
        }
    }

    /// Who asks, provided that they may do it for something that concerns these packages.
    ///
    /// # Errors
    /// As [`Reader::require`], and as every read of the database.
    pub fn require_for(
        &self,
        db: &Db,
        action: Action,
        attrs: &[String],
    ) -> Result<PersonId, Failure> {
        let id = self.id().ok_or(Failure::SignIn)?;
        let allowed = match self.roles.grant(action) {
            Grant::Yes => true,
            Grant::OwnPackages => db.owns_any(&self.owned, attrs)?,
            Grant::No => false,
        };
        match allowed {
            true => Ok(id),
            false => Err(Failure::forbidden(action)),
        }
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageFailure> {
        Ok(Self::of(app, &parts.headers).await?)
    }
}
