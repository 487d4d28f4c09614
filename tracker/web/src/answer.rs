//! Answers that a client may keep: each carries a digest of its body as its `ETag`.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// A page.
pub fn html(request: &HeaderMap, body: String) -> Response {
    let mut response = cacheable(request, "text/html; charset=utf-8", body);
    // Who is signed in sees other pages than who is not.
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    if request.contains_key(header::COOKIE) {
        let private = HeaderValue::from_static("private, no-cache");
        headers.insert(header::CACHE_CONTROL, private);
    }
    response
}

/// A JSON document.
///
/// # Errors
/// When the value cannot be written as JSON, which is a defect.
pub fn json(request: &HeaderMap, value: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_string(value)
        .map_err(|failed| Failure::Inside(anyhow::Error::new(failed).context("writing JSON")))?;
    Ok(cacheable(request, "application/json", body))
}

fn cacheable(request: &HeaderMap, kind: &'static str, body: String) -> Response {
    let etag = etag(&body);
    let known = is_known(request, &etag);
    // A header made of hexadecimal digits and quotes is always valid.
    let tag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\""));
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, kind)], body).into_response(),
    };
    response.headers_mut().insert(header::ETAG, tag);
    // It may be kept, and must be asked for again: a verdict can change at any moment.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn etag(body: &str) -> String {
    let digest = Sha256::digest(body);
    let digits: String = digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

/// Whether the reader has what the tag, with its quotes, is of.
#[must_use]
pub fn is_known(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| names(value, etag))
}

/// Whether an `If-None-Match` names the tag; weak comparison, RFC 9110 section 13.1.2.
fn names(value: &str, etag: &str) -> bool {
    value
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_answered_without_a_body() {
        let first = html(&HeaderMap::new(), "snow".to_owned());
        let tag = first.headers()[header::ETAG].clone();
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, tag.clone());
        assert_eq!(
            html(&again, "snow".to_owned()).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(html(&again, "rain".to_owned()).status(), StatusCode::OK);
    }

    #[test]
    fn lists_and_weak_tags_are_understood() {
        assert!(names(r#""a", W/"b""#, r#""b""#));
        assert!(names("*", r#""b""#));
        assert!(!names(r#""a""#, r#""b""#));
    }
}
