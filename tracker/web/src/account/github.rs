//! Signing in with GitHub, and GitHub's webhooks.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use snowguard_tracker_db::{Digest, Millis, NewJob, PendingSignIn};
use snowguard_tracker_github::webhook::{self, Event, WebhookError};
use snowguard_tracker_github::{GitHubError, OAuthApp, State as SignInState, Verifier};

use super::handlers::{begin, own_path};
use crate::failure::Failure;
use crate::handlers::{Answer, Shared};
use crate::server::App;
use crate::triage::see;

/// A sign-in may take so long, in milliseconds.
const PATIENCE: i64 = 10 * 60_000;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in/github", get(leave))
        .route("/sign-in/github/back", get(back))
        .route("/github/webhook", post(hook))
}

#[derive(Debug, Deserialize)]
struct Wish {
    #[serde(default)]
    back: String,
}

/// Sends the browser to GitHub. The state is bound to this browser by a cookie, so that nobody can be
/// signed in as somebody else with a link.
async fn leave(
    State(app): Shared,
    wish: Result<Query<Wish>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let door = door(&app)?;
    let back = wish
        .map(|Query(wish)| own_path(&wish.back))
        .unwrap_or_else(|_| "/".to_owned());
    let inside = |failed: GitHubError| Failure::Inside(failed.into());
    let (state, verifier) = (
        SignInState::random().map_err(inside)?,
        Verifier::random().map_err(inside)?,
    );
    let address = door.authorize(&state, &verifier);
    let pending = PendingSignIn {
        verifier: verifier.expose().to_owned(),
        back,
    };
    let digest = digest(state.expose());
    let now = app.now();
    app.work(move |db| {
        Ok(db.begin_sign_in(
            &digest,
            &pending,
            Millis::new(now + PATIENCE),
            Millis::new(now),
        )?)
    })
    .await?;
    let mut response = see(address.as_str())?;
    let cookie = format!(
        "{COOKIE}={}; Path=/sign-in/github; HttpOnly; SameSite=Lax{}; Max-Age=600",
        state.expose(),
        app.secure_flag()
    );
    let cookie = HeaderValue::from_str(&cookie).map_err(|failed| Failure::Inside(failed.into()))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The cookie that binds a sign-in to its browser.
const COOKIE: &str = "snowguard-sign-in";

#[derive(Debug, Deserialize)]
struct Return {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
}

async fn back(
    State(app): Shared,
    query: Result<Query<Return>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let door = door(&app)?;
    let expired = || {
        Failure::BadRequest("This sign-in has expired or was used already. Start again.".to_owned())
    };
    let Ok(Query(query)) = query else {
        return Err(expired().into());
    };
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let kept = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let kept = kept
        .into_iter()
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value);
    let state = kept.and_then(|kept| SignInState::from_kept(kept).ok());
    let state = state
        .filter(|state| state.matches(&query.state))
        .ok_or_else(expired)?;
    let digest = digest(state.expose());
    let now = app.now();
    let pending = app
        .work(move |db| Ok(db.take_sign_in(&digest, Millis::new(now))?))
        .await?;
    let pending = pending.ok_or_else(expired)?;
    if !query.error.is_empty() {
        return Err(Failure::Forbidden("GitHub says that you did not agree.".to_owned()).into());
    }
    let place = pending.back.clone();
    let user = app
        .ask(move || {
            let verifier = Verifier::from_kept(&pending.verifier)
                .map_err(|failed| Failure::Inside(failed.into()))?;
            door.sign_in(&query.code, &verifier).map_err(refused)
        })
        .await?;
    let person = app
        .work(move |db| {
            let id = i64::try_from(user.id.0).map_err(|failed| Failure::Inside(failed.into()))?;
            let person = db.github_person(id, user.login.as_str(), Millis::new(now))?;
            match person.locked {
                None => Ok(person.id),
                Some(_) => Err(Failure::Forbidden("This account is locked.".to_owned())),
            }
        })
        .await?;
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    begin(&app, person, agent.unwrap_or_default().to_owned(), &place).await
}

fn refused(failed: GitHubError) -> Failure {
    match failed {
        GitHubError::SignIn { .. } | GitHubError::Invalid { .. } => {
            Failure::Forbidden("GitHub did not confirm this sign-in. Start again.".to_owned())
        }
        other => {
            tracing::warn!(cause = %other, "signing in with GitHub");
            Failure::Busy
        }
    }
}

fn door(app: &App) -> Result<Arc<OAuthApp>, Failure> {
    app.doors()
        .sign_in
        .clone()
        .ok_or_else(|| Failure::NotFound("Signing in with GitHub is not set up here.".to_owned()))
}

fn digest(text: &str) -> Digest {
    Sha256::digest(text).into()
}

/// GitHub tells that something changed: a reason to ask, and nothing else is taken from it.
async fn hook(
    State(app): Shared,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, crate::failure::ApiFailure> {
    let secret = app.doors().webhook_secret.clone();
    let secret =
        secret.ok_or_else(|| Failure::NotFound("No webhook is set up here.".to_owned()))?;
    let text = |name: &'static str| {
        headers
            .get(HeaderName::from_static(name))
            .and_then(|value| value.to_str().ok())
    };
    let signed = webhook::Headers {
        signature: text("x-hub-signature-256"),
        delivery: text("x-github-delivery"),
        event: text("x-github-event"),
    };
    let delivery = webhook::verify(&secret, &signed, &body).map_err(|refused| match refused {
        WebhookError::TooLarge(_) => Failure::TooLarge,
        WebhookError::Signature => Failure::Forbidden("The signature does not hold.".to_owned()),
        other => Failure::BadRequest(other.to_string()),
    })?;
    let now = Millis::new(app.now());
    app.work(move |db| {
        // A replay does nothing.
        if !db.take_hook_delivery(delivery.id.as_str(), now)? {
            return Ok(());
        }
        if !matches!(
            delivery.event,
            Event::Organization(_) | Event::Team(_) | Event::Membership(_)
        ) {
            return Ok(());
        }
        let job = NewJob {
            kind: "teams",
            name: "all",
            body: &json!({}),
            due: now,
        };
        Ok(db.put_job(&job)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
