//! Addresses of the open data.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use snowguard_tracker_db::{Db, DbError};
use snowguard_tracker_export::{Cursor, Document, Issue, IssueId};
use snowguard_tracker_triage::issue_id;

use super::publisher::Publisher;
use super::target::{CsafFile, One, SIGNATURE, Target, Whole};
use super::{document, feeds, gather, page, send, target};
use crate::failure::{Failure, PageFailure};
use crate::handlers::Shared;
use crate::server::App;

type Answer = Result<Response, PageFailure>;
type Segment = Result<Path<String>, PathRejection>;

/// Longest cursor, in bytes.
const CURSOR: usize = 64;

/// The routes of the open data.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(target::ROOT, get(page::show))
        .route("/data/{*path}", get(data))
        .route("/.well-known/csaf/provider-metadata.json", get(well_known))
        .merge(feeds::routes())
}

/// Where CSAF looks for a provider first (section 7.1.9); without a redirect, which it forbids.
async fn well_known(State(app): Shared, uri: Uri, request: HeaderMap) -> Answer {
    whole(app, Whole::Csaf(CsafFile::Metadata), false, &uri, request).await
}

async fn data(State(app): Shared, path: Segment, uri: Uri, request: HeaderMap) -> Answer {
    let Path(path) = path.map_err(|_| nowhere())?;
    let (path, signature) = match path.strip_suffix(SIGNATURE) {
        Some(path) => (path.to_owned(), true),
        None => (path, false),
    };
    match target::parse(&path).ok_or_else(nowhere)? {
        Target::Whole(which) => whole(app, which, signature, &uri, request).await,
        Target::One { kind, id, path } => one(app, (kind, id, path), signature, request).await,
        Target::Key if !signature => key(&app, &request),
        Target::Key => Err(nowhere().into()),
    }
}

async fn whole(
    app: Arc<App>,
    whole: Whole,
    signature: bool,
    uri: &Uri,
    request: HeaderMap,
) -> Answer {
    let since = since(uri.query())?;
    let shelf = app.shelf()?;
    let at_hand = match since {
        Some(_) => None,
        None => {
            let shelf = Arc::clone(&shelf);
            app.work(move |db| Ok(shelf.ready(db, whole)?)).await?
        }
    };
    let ready = match at_hand {
        Some(ready) => ready,
        None => {
            let write = move |db: &Db| {
                let made = match since {
                    None => shelf.whole(db, whole),
                    Some(since) => shelf.since(db, whole, since),
                };
                made.map_err(inside)
            };
            app.document(write).await?
        }
    };
    if ready.length == 0 && whole == Whole::OpenVex {
        // The format has no document without a statement.
        return Err(Failure::NotFound("Nothing is stated yet.".to_owned()).into());
    }
    if !signature {
        return Ok(send::spooled(&request, whole.media_type(), &ready));
    }
    let bytes = ready.signature.clone().ok_or_else(unsigned)?;
    Ok(send::bytes(&request, "text/plain", bytes, ready.changed))
}

async fn one(
    app: Arc<App>,
    (kind, id, path): (One, IssueId, String),
    signature: bool,
    request: HeaderMap,
) -> Answer {
    let shelf = app.shelf()?;
    let (document, changed) = app
        .work(move |db| {
            let issue = issue(db, id)?;
            let changed = issue.modified;
            let document = document_of(kind, &issue, &shelf.publisher, &path)?;
            if !signature {
                return Ok((document, changed));
            }
            let key = shelf.publisher.key.as_deref().ok_or_else(unsigned)?;
            Ok((document::signature(&document, key, changed), changed))
        })
        .await?;
    Ok(send::bytes(
        &request,
        document.media_type,
        document.bytes,
        changed,
    ))
}

fn document_of(
    kind: One,
    issue: &Issue,
    publisher: &Publisher,
    path: &str,
) -> Result<Document, Failure> {
    let made = document::one(kind, issue, &publisher.provider);
    let nothing = || Failure::NotFound("The issue says nothing in this format.".to_owned());
    // CSAF's folders are years: an issue stands in one of them.
    made.ok_or_else(nothing)
        .and_then(|made| match made.path == path {
            true => Ok(made),
            false => Err(nowhere()),
        })
}

fn key(app: &App, request: &HeaderMap) -> Answer {
    let shelf = app.shelf()?;
    let key = shelf.publisher.key.as_deref().ok_or_else(unsigned)?;
    let text = key.public().to_text();
    let (changed, kind) = (beginning()?, "text/plain");
    Ok(send::bytes(request, kind, text.into_bytes(), changed))
}

fn beginning() -> Result<snowguard_tracker_export::Moment, Failure> {
    snowguard_tracker_export::Moment::from_millis(0)
        .map_err(|failed| Failure::Inside(failed.into()))
}

/// A public issue; drafts are as if they were not there.
///
/// # Errors
/// [`Failure::NotFound`], and as every read.
pub fn issue(db: &Db, id: IssueId) -> Result<Issue, Failure> {
    let missing = || Failure::NotFound(format!("There is no issue {id}."));
    let own = issue_id::IssueId::new(id.year(), id.number()).ok_or_else(missing)?;
    let part = db.public_part(&[own])?;
    let issue = gather::published(&part).map_err(inside)?.pop();
    issue.ok_or_else(missing)
}

/// `since`: a cursor, or a time.
///
/// # Errors
/// [`Failure::BadRequest`] for anything else.
pub fn since(query: Option<&str>) -> Result<Option<Cursor>, Failure> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let Some((_, text)) = pairs.find(|(name, _)| name == "since") else {
        return Ok(None);
    };
    let bad = || {
        Failure::BadRequest(
            "`since` is a time such as 2026-03-02T12:00:00Z, or a cursor as the last answer had it."
                .to_owned(),
        )
    };
    cursor(&text).map(Some).ok_or_else(bad)
}

/// A cursor, or a time.
#[must_use]
pub fn cursor(text: &str) -> Option<Cursor> {
    Some(text).filter(|text| text.len() <= CURSOR)?.parse().ok()
}

/// What failed while a document was made.
pub fn inside(failed: anyhow::Error) -> Failure {
    match failed.downcast::<DbError>() {
        Ok(of_database) => of_database.into(),
        Err(other) => Failure::Inside(other),
    }
}

fn nowhere() -> Failure {
    Failure::NotFound("There is nothing at this address.".to_owned())
}

fn unsigned() -> Failure {
    Failure::NotFound("Nothing is signed here: the tracker has no key.".to_owned())
}
