//! What workers do, and what they gave up.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use snowguard_tracker_triage::role::Action;

use crate::account::reader::Reader;
use crate::handlers::{Answer, Shared, show};
use crate::pages::triage::jobs::Page;

/// Jobs that ended.
const ENDED: usize = 100;

/// `/jobs`
pub async fn page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    reader.require(Action::Operate)?;
    show(app, reader, request, move |view| {
        let (jobs, runs) = (view.db.jobs(ENDED)?, view.db.last_runs()?);
        Ok(Page::new(view.shell, jobs, runs, view.now).render()?)
    })
    .await
}
