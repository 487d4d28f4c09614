//! What can go wrong with a request, as a page and as JSON.

use askama::Template;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use snowguard_tracker_triage::role::Action;

use crate::pages::failure::Page;

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// There is no such thing; the text says what was looked for.
    NotFound(String),
    /// The request cannot be understood; the text says why.
    BadRequest(String),
    /// Somebody has to sign in for this.
    SignIn,
    /// Whoever asks may not do this; the text says what.
    Forbidden(String),
    /// A token that is none, or none any more.
    Token,
    /// The token is good, but not for what needs this scope.
    Scope(&'static str),
    /// The form did not come from our own page in this session.
    Forged,
    /// Somebody else was faster; the text says with what.
    Conflict(String),
    /// The form is larger than any of ours.
    TooLarge,
    /// Too many attempts; the text says until when.
    TooMany(String),
    /// This address does not take this method.
    Method,
    /// The address is longer than any of ours.
    TooLong,
    /// Too many requests at once.
    Busy,
    /// A defect or a lost database. The cause is logged, never shown.
    Inside(anyhow::Error),
}

impl Failure {
    /// Whoever asks may not do this.
    #[must_use]
    pub fn forbidden(action: Action) -> Self {
        Self::Forbidden(format!("Your roles do not allow to {}.", action.title()))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::SignIn | Self::Token => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Forged | Self::Scope(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLong => StatusCode::URI_TOO_LONG,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Inside(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How a program may come by what it was refused (RFC 6750, section 3).
    fn challenge(&self) -> Option<String> {
        let more = match self {
            Self::SignIn => String::new(),
            Self::Token => ", error=\"invalid_token\"".to_owned(),
            Self::Forbidden(_) => ", error=\"insufficient_scope\"".to_owned(),
            Self::Scope(scope) => {
                format!(", error=\"insufficient_scope\", scope=\"{scope}\"")
            }
            _ => return None,
        };
        Some(format!("Bearer realm=\"snowguard\"{more}"))
    }

    /// What the client is told. Logs the cause where the client is told nothing of it.
    fn told(self) -> String {
        match self {
            Self::NotFound(text)
            | Self::BadRequest(text)
            | Self::Forbidden(text)
            | Self::Conflict(text)
            | Self::TooMany(text) => text,
            Self::SignIn => "Please sign in first.".to_owned(),
            Self::Token => "This token is none, or none any more.".to_owned(),
            Self::Scope(scope) => format!("This token is not good for {scope}."),
            Self::Forged => {
                "This form has expired, or did not come from this site. Open the page again and repeat it.".to_owned()
            }
            Self::TooLarge => "Forms here are smaller.".to_owned(),
            Self::Method => "This address does not take this method.".to_owned(),
            Self::TooLong => "Addresses here are shorter.".to_owned(),
            Self::Busy => "Please try again in a moment.".to_owned(),
            Self::Inside(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "a request failed");
                INSIDE.to_owned()
            }
        }
    }
}

/// What a client is told about a failure inside.
const INSIDE: &str = "The server could not answer. The cause is in its log.";

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Inside(anyhow::Error::new(error).context("rendering a page"))
    }
}

/// A failure answered with a page.
#[derive(Debug)]
pub struct PageFailure(pub Failure);

/// A failure answered with JSON.
#[derive(Debug)]
pub struct ApiFailure(pub Failure);

impl From<Failure> for PageFailure {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<Failure> for ApiFailure {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// The JSON form of a failure.
#[derive(Debug, Serialize)]
struct Problem {
    status: u16,
    error: String,
}

impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        let status = self.0.status();
        page(status, self.0.told())
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let (status, challenge) = (self.0.status(), self.0.challenge());
        let problem = Problem {
            status: status.as_u16(),
            error: self.0.told(),
        };
        let mut response = finish((status, Json(problem)).into_response());
        let challenge = challenge.and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(challenge) = challenge {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The answer to a request for `path`: JSON under `/api/`, elsewhere a page.
pub fn answer(path: &str, failure: Failure) -> Response {
    match path.starts_with("/api/") {
        true => ApiFailure(failure).into_response(),
        false => PageFailure(failure).into_response(),
    }
}

/// The answer after a panic: nothing but that it failed. The cause was logged by the panic hook.
pub fn after_panic() -> Response {
    page(StatusCode::INTERNAL_SERVER_ERROR, INSIDE.to_owned())
}

fn page(status: StatusCode, text: String) -> Response {
    let page = Page::new(status.as_u16(), text);
    let body = page.render().unwrap_or_else(|_| status.to_string());
    finish((status, Html(body)).into_response())
}

fn finish(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}
