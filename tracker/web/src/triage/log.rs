//! The log.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use snowguard_tracker_triage::role::Action;

use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Shared, show};
use crate::pages::triage::log::Page;

/// Entries of a page.
const LIMIT: usize = 100;

/// Where the log goes on.
#[derive(Debug, Deserialize)]
pub struct Part {
    before: Option<i64>,
}

/// `/log`: for those who decide; what is public of it stands on each page.
pub async fn page(
    State(app): Shared,
    reader: Reader,
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
    request: HeaderMap,
) -> Answer {
    reader.require(Action::Triage)?;
    let Ok(Query(part)) = part else {
        return Err(Failure::BadRequest("This is not a place in the log.".to_owned()).into());
    };
    show(app, reader, request, move |view| {
        let entries = view.db.activity(part.before, LIMIT)?;
        Ok(Page::new(view.shell, entries, LIMIT, view.now).render()?)
    })
    .await
}
