//! Everything around the routes: headers on every answer, limits, and what happens on a panic.

use std::panic::PanicHookInfo;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::state::Limits;
use crate::failure::{Failure, PageFailure, after_panic};

/// Nothing but our own style sheet and icon is loaded, nothing runs, nobody frames us.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nothing here needs any of the browser's powers.
const PERMISSIONS: &str = "accelerometer=(), camera=(), clipboard-read=(), display-capture=(), \
     geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=(), \
     screen-wake-lock=(), xr-spatial-tracking=()";

/// Sent with every answer, whatever it is.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Longest address that is answered.
const ADDRESS: usize = 4096;

/// Bytes of a request's body; no route reads one.
const BODY: usize = 1024;

/// Puts the guards around the routes.
pub fn around(routes: Router, limits: Limits) -> Router {
    let timeout = limits.request;
    routes
        .layer(middleware::from_fn(move |request: Request, next: Next| async move {
            match tokio::time::timeout(timeout, next.run(request)).await {
                Ok(response) => response,
                Err(_) => PageFailure(Failure::Busy).into_response(),
            }
        }))
        .layer(middleware::from_fn(check))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(CatchPanicLayer::custom(|_| after_panic()))
        .layer(middleware::map_response(set_headers))
}

/// Logs the cause and the place of a panic, once.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let cause = info.payload_as_str().unwrap_or("not a text");
        tracing::error!(place, cause, "panic");
    }));
}

async fn check(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > ADDRESS {
        let failure = Failure::BadRequest("Addresses here are shorter.".to_owned());
        let mut response = PageFailure(failure).into_response();
        *response.status_mut() = StatusCode::URI_TOO_LONG;
        return response;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return PageFailure(Failure::Method).into_response();
    }
    next.run(request).await
}

async fn set_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
