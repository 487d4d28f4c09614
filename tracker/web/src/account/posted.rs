//! Forms: nothing is written but by a form that came from our own page, in the session of who sends it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::reader::Reader;
use crate::failure::{Failure, PageFailure};
use crate::server::App;

/// Most bytes of a form; the largest is an uploaded list of packages.
pub const FORM: usize = 2 << 20;

/// Most fields of a form that may hold files; the largest of ours has ten.
const PARTS: usize = 40;

/// The name of the field that carries the session's form key.
pub const KEY: &str = "form_key";

/// The fields of a form, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a name; empty where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// A number.
    ///
    /// # Errors
    /// [`Failure::BadRequest`].
    pub fn number(&self, name: &'static str) -> Result<i64, Failure> {
        let wrong = |_| Failure::BadRequest(format!("The field {name} is no number."));
        self.get(name).parse().map_err(wrong)
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// A form of somebody who is signed in, checked against forgery.
#[derive(Debug)]
pub struct Posted {
    /// Who sends it.
    pub reader: Reader,
    /// What it says.
    pub fields: Fields,
}

/// A form of somebody who is not signed in yet.
#[derive(Debug)]
pub struct PostedByAnyone {
    /// What it says.
    pub fields: Fields,
    /// The browser's name for itself.
    pub agent: String,
}

impl FromRequest<Arc<App>> for Posted {
    type Rejection = PageFailure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageFailure> {
        same_origin(request.headers(), app)?;
        let reader = Reader::of(app, request.headers()).await?;
        let key = reader.form_key.clone().ok_or(Failure::SignIn)?;
        let fields = match kind(request.headers()) {
            "multipart/form-data" => with_files(request).await?,
            _ => fields(request).await?,
        };
        if !key.is(fields.get(KEY)) {
            return Err(Failure::Forged.into());
        }
        Ok(Self { reader, fields })
    }
}

impl FromRequest<Arc<App>> for PostedByAnyone {
    type Rejection = PageFailure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageFailure> {
        same_origin(request.headers(), app)?;
        let agent = request.headers().get(header::USER_AGENT);
        let agent = agent
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let fields = fields(request).await?;
        Ok(Self { fields, agent })
    }
}

/// A browser says where a form comes from, in one of two headers; one that says neither is no browser of today, and
/// is refused: other programs use tokens.
fn same_origin(headers: &HeaderMap, app: &App) -> Result<(), Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let fine = match (
        text(header::ORIGIN),
        text(header::HeaderName::from_static("sec-fetch-site")),
    ) {
        (_, Some(site)) if site != "same-origin" => false,
        (Some(origin), _) => app.is_own_origin(origin, text(header::HOST)),
        (None, Some(_)) => true,
        (None, None) => false,
    };
    match fine {
        true => Ok(()),
        false => Err(Failure::Forged),
    }
}

/// What a body is, without its parameters.
fn kind(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok());
    kind.and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim()
}

async fn fields(request: Request) -> Result<Fields, Failure> {
    if kind(request.headers()) != "application/x-www-form-urlencoded" {
        return Err(Failure::BadRequest("This is not a form.".to_owned()));
    }
    let bytes = whole(request.into_body()).await?;
    Ok(form_urlencoded::parse(&bytes)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect())
}

/// A form that may hold files (RFC 7578). A file is a field like any other, whatever it is called and said to be: its
/// content has to be text.
async fn with_files(request: Request) -> Result<Fields, Failure> {
    let broken = || Failure::BadRequest("The form cannot be read.".to_owned());
    let (head, body) = request.into_parts();
    let bytes = whole(body).await?;
    let request = Request::from_parts(head, Body::from(bytes));
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        if fields.len() == PARTS {
            return Err(Failure::BadRequest(
                "The form has too many fields.".to_owned(),
            ));
        }
        let name = part.name().ok_or_else(broken)?.to_owned();
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|_| broken())?;
        let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        let text = std::str::from_utf8(&bytes).ok();
        let text = text
            .filter(|text| !is_file || !text.contains(control))
            .ok_or_else(|| Failure::BadRequest("What was sent is not text in UTF-8.".to_owned()))?;
        // Some editors begin a file with the mark of its byte order.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        fields.push((name, text.to_owned()));
    }
    Ok(Fields(fields))
}

async fn whole(body: Body) -> Result<Bytes, Failure> {
    let body = Limited::new(body, FORM).collect().await;
    let body = body.map_err(|failed| match is_too_large(&*failed) {
        true => Failure::TooLarge,
        false => Failure::BadRequest("The form did not arrive whole.".to_owned()),
    })?;
    Ok(body.to_bytes())
}

/// The server's own limit may strike first, beneath this one.
fn is_too_large(failed: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(failed);
    while let Some(one) = cause {
        if one.is::<LengthLimitError>() {
            return true;
        }
        cause = one.source();
    }
    false
}
