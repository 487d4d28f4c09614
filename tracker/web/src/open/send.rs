//! Answers with documents: what a reader has already is not sent again.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::fmt::strtime;
use sha2::{Digest as _, Sha256};
use snowguard_tracker_export::Moment;

use super::spool::{FileBody, Spooled};
use crate::answer;

/// The cursor behind the last issue of an incremental document.
const CURSOR: HeaderName = HeaderName::from_static("snowguard-cursor");

/// HTTP's form of a time (RFC 9110, section 5.6.7).
const DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// A document in memory.
pub fn bytes(request: &HeaderMap, kind: &str, bytes: Vec<u8>, changed: Moment) -> Response {
    let digest = Sha256::digest(&bytes);
    let etag: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let length = bytes.len() as u64;
    answer(request, &etag, kind, changed, || {
        (Body::from(bytes), length)
    })
}

/// A document in a file.
pub fn spooled(request: &HeaderMap, kind: &str, document: &Spooled) -> Response {
    let body = || {
        let file = std::sync::Arc::clone(&document.file);
        (
            Body::new(FileBody::new(file, document.length)),
            document.length,
        )
    };
    let mut response = answer(request, &document.etag, kind, document.changed, body);
    let cursor = document.last.map(|cursor| cursor.to_string());
    if let Some(Ok(value)) = cursor.map(|text| HeaderValue::from_str(&text)) {
        response.headers_mut().insert(CURSOR, value);
    }
    response
}

fn answer(
    request: &HeaderMap,
    etag: &str,
    kind: &str,
    changed: Moment,
    body: impl FnOnce() -> (Body, u64),
) -> Response {
    let etag = format!("\"{etag}\"");
    let mut response = match is_known(request, &etag, changed) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let (body, length) = body();
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            if let Ok(kind) = HeaderValue::from_str(kind) {
                headers.insert(header::CONTENT_TYPE, kind);
            }
            response
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, date(changed))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    // It may be kept, and must be asked for again: an issue can change at any moment.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Whether the reader has it already. A tag says more than a time, and is asked alone where it is given (RFC 9110, section
/// 13.2.2).
fn is_known(request: &HeaderMap, etag: &str, changed: Moment) -> bool {
    if request.contains_key(header::IF_NONE_MATCH) {
        return answer::is_known(request, etag);
    }
    let since = request.get(header::IF_MODIFIED_SINCE);
    let since = since
        .and_then(|value| value.to_str().ok())
        .and_then(|text| strtime::parse(DATE, text).ok())
        .and_then(|parsed| parsed.to_datetime().ok())
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok());
    since.is_some_and(|since| since.timestamp().as_second() >= changed.millis() / 1000)
}

fn date(moment: Moment) -> String {
    jiff::Timestamp::from_millisecond(moment.millis())
        .map(|time| time.strftime(DATE).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: HeaderName, value: &str) -> StatusCode {
        let mut request = HeaderMap::new();
        request.insert(name, HeaderValue::from_str(value).unwrap());
        let changed = Moment::from_millis(1_732_300_000_500).unwrap();
        bytes(&request, "text/plain", b"x".to_vec(), changed).status()
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let changed = Moment::from_millis(1_732_300_000_500).unwrap();
        let first = bytes(&HeaderMap::new(), "text/plain", b"x".to_vec(), changed);
        assert_eq!(
            first.headers()[header::LAST_MODIFIED],
            "Fri, 22 Nov 2024 18:26:40 GMT"
        );
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(ask(header::IF_NONE_MATCH, &tag), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(header::IF_NONE_MATCH, "\"other\""), StatusCode::OK);
        for (time, status) in [
            ("Fri, 22 Nov 2024 18:26:40 GMT", 304),
            ("Fri, 22 Nov 2024 18:26:39 GMT", 200),
            ("Sat, 23 Nov 2024 18:26:39 GMT", 304),
            ("yesterday", 200),
            ("Fri, 99 Nov 99999 18:26:39 GMT", 200),
        ] {
            assert_eq!(ask(header::IF_MODIFIED_SINCE, time), status, "{time}");
        }
    }
}
