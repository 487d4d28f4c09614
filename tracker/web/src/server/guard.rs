//! Everything around the routes: headers on every answer, limits, and what happens on a panic.

use std::panic::PanicHookInfo;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::state::Limits;
use crate::account::posted::FORM;
use crate::failure::{self, Failure};

/// Nothing but our own style sheet, scripts and icon is loaded, scripts ask nobody but us, nothing inline runs, nobody
/// frames us.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
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
    // Nothing to other sites; our own forms need the origin, which `no-referrer` would make "null" (Fetch, "append a request `Origin` header").
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Marks an answer that is for one reader alone.
#[derive(Debug, Clone, Copy)]
pub struct Private;

/// Longest address that is answered.
const ADDRESS: usize = 4096;

/// Bytes of a request's body: a form, or an uploaded list.
const BODY: usize = FORM + 4096;

/// Bytes of a body that are passed over before it is told to be too large.
const WASTE: usize = 32 << 20;

/// Puts the guards around the routes.
pub fn around(routes: Router, limits: Limits) -> Router {
    let timeout = limits.request;
    super::compress::around(routes)
        .layer(middleware::from_fn(
            move |request: Request, next: Next| async move {
                let path = request.uri().path().to_owned();
                match tokio::time::timeout(timeout, next.run(request)).await {
                    Ok(response) => response,
                    Err(_) => failure::answer(&path, Failure::Busy),
                }
            },
        ))
        .layer(middleware::from_fn(check))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            fits(request, next, timeout)
        }))
        .layer(CatchPanicLayer::custom(|_| failure::after_panic()))
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
    let path = request.uri().path();
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |address| address.as_str().len());
    if address > ADDRESS {
        return failure::answer(path, Failure::TooLong);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        let mut response = failure::answer(path, Failure::Method);
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        return response;
    }
    next.run(request).await
}

/// Refuses a body that says it is larger than any of ours. A browser shows an answer only after it has sent what it began
/// to send, so that is let through to nowhere, for as long as a request may take.
async fn fits(request: Request, next: Next, timeout: Duration) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if length.is_none_or(|length| length <= BODY as u64) {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let mut body = Limited::new(request.into_body(), WASTE);
    let wasted = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whether it came to its end or not: the answer is the same.
    let _ = tokio::time::timeout(timeout, wasted).await;
    failure::answer(&path, Failure::TooLarge)
}

async fn set_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn body_of(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn ask(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_a_page_that_does_not_name_the_cause() {
        async fn fail() -> &'static str {
            panic!("a secret of the inside");
        }
        let router = around(Router::new().route("/", get(fail)), Limits::default());
        let response = router.oneshot(ask("/")).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            response
                .headers()
                .contains_key(header::CONTENT_SECURITY_POLICY)
        );
        let body = body_of(response).await;
        assert!(
            body.contains("Something went wrong") && !body.contains("secret"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let limits = Limits {
            request: Duration::ZERO,
            ..Limits::default()
        };
        let route = || get(std::future::pending::<&'static str>);
        let routes = Router::new().route("/api/x", route()).route("/x", route());
        let router = around(routes, limits);
        for (path, start) in [("/x", "<!doctype"), ("/api/x", "{")] {
            let response = router.clone().oneshot(ask(path)).await.unwrap();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers().contains_key(header::RETRY_AFTER));
            assert!(body_of(response).await.starts_with(start));
        }
    }
}
