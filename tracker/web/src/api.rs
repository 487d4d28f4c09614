//! The JSON interface, version 1: what the pages show, as documents.
//!
//! A document's fields are added to, never renamed or removed, within a version.

mod issues;
mod openapi;
mod schemas;
mod table;
mod triage;
mod v1;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use snowguard_tracker_db::{Db, MatchFilter, PageRequest};

use crate::account::reader::Reader;
use crate::answer;
use crate::failure::{ApiFailure, Failure};
use crate::gather;
use crate::handlers::show;
use crate::pages::api::Page;
use crate::pages::matches::TierFilter;
use crate::request::{AdvisoryId, Attr, Params};
use crate::server::App;
use crate::show::path;

type Shared = State<Arc<App>>;
type Segment = Result<Path<String>, PathRejection>;
type Asked = Result<Query<Params>, QueryRejection>;
type Answer = Result<Response, ApiFailure>;

/// Entries of a list in one document.
const PAGE: usize = 100;

/// The routes under `/api/v1`.
pub fn routes() -> Router<Arc<App>> {
    table::router()
}

/// `/api`: the interface for people.
pub async fn page(
    State(app): Shared,
    reader: Reader,
    request: HeaderMap,
) -> crate::handlers::Answer {
    let root = app.link(openapi::ROOT);
    show(app, reader, request, move |view| {
        Ok(Page::new(view.shell, &openapi::document(&root)).render()?)
    })
    .await
}

async fn status(State(app): Shared, request: HeaderMap) -> Answer {
    document(app, request, |db| {
        Ok(v1::Status::new(gather::home(db, None)?))
    })
    .await
}

async fn advisory(State(app): Shared, id: Segment, request: HeaderMap) -> Answer {
    let id = AdvisoryId::parse(id)?;
    let found = app
        .work(
            move |db| match gather::advisory(db, &id, gather::Part::Whole)? {
                gather::Advised::Elsewhere(id) => Ok(Err(id)),
                gather::Advised::Here(input) => Ok(Ok(v1::Advisory::new(*input))),
            },
        )
        .await?;
    match found {
        Ok(document) => Ok(answer::json(&request, &document)?),
        Err(id) => {
            let path = format!("/api/v1/advisories/{}", path::encode(&id));
            Ok(Redirect::permanent(&path).into_response())
        }
    }
}

async fn package(State(app): Shared, attr: Segment, params: Asked, request: HeaderMap) -> Answer {
    let (attr, params) = (Attr::parse(attr)?, Params::parse(params)?);
    document(app, request, move |db| {
        let wish = gather::PackageWish {
            attr: &attr,
            channel: params.channel.as_deref(),
            // A document leaves the choice to its reader: each match names its tier.
            tier: TierFilter::All,
            cursor: params.cursor.as_deref(),
            limit: params.limit(PAGE)?,
        };
        Ok(v1::Package::new(gather::package(db, &wish)?))
    })
    .await
}

async fn matches(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    document(app, request, move |db| {
        let filter = MatchFilter {
            channel: params.channel.clone(),
            verdicts: Vec::new(),
            tier: Some(TierFilter::from_query(params.tier.as_deref()).worst()),
        };
        let part = PageRequest {
            after: params.cursor.clone(),
            limit: params.limit(PAGE)?,
        };
        Ok(v1::Matches::new(db.list_matches(&filter, &part)?))
    })
    .await
}

async fn search(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    document(app, request, move |db| {
        let query = params.query();
        let found = gather::search(
            db,
            &query,
            params.place()?.unwrap_or(0),
            params.limit(PAGE)?,
        )?;
        Ok(v1::Search::new(query, found))
    })
    .await
}

async fn document<T: Serialize + Send + 'static>(
    app: Arc<App>,
    request: HeaderMap,
    make: impl FnOnce(&Db) -> Result<T, Failure> + Send + 'static,
) -> Answer {
    let document = app.work(make).await?;
    Ok(answer::json(&request, &document)?)
}
