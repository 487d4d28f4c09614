//! Handlers of what people decide: the queue, decisions on a suggestion, issues, rules, the log.

pub mod decide;
mod issues;
mod jobs;
mod log;
mod mine;
mod panel;
pub mod queue;
mod rules;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::failure::Failure;
use crate::server::App;

pub use decide::subject_path;
pub use panel::panel;

/// The routes, without those of the API.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/queue", get(queue::page))
        .route("/queue/decide", post(decide::many))
        .route("/queue/views", post(queue::keep_view))
        .route("/queue/views/remove", post(queue::remove_view))
        .route("/advisory/{id}/decide", post(decide::one))
        .route("/activity/{id}/undo", post(decide::undo))
        .route("/my", get(mine::page))
        .route("/issues", get(issues::list).post(issues::draft))
        .route("/issues/new", get(issues::new))
        .route("/issue/{id}", get(issues::page).post(issues::change))
        .route("/rules", get(rules::page).post(rules::make))
        .route("/rules/{id}/retire", post(rules::retire))
        .route("/log", get(log::page))
        .route("/jobs", get(jobs::page))
}

/// After a form: look at the result (RFC 9110 section 15.4.4).
///
/// # Errors
/// For a path that is none of ours.
pub fn see(path: &str) -> Result<Response, Failure> {
    let place = HeaderValue::from_str(path)
        .map_err(|_| Failure::BadRequest("This is not an address.".to_owned()))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}
