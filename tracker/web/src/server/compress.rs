//! Compressed answers, where that tells nobody anything.
//!
//! The length of a compressed page tells whether a text that an attacker chose (a search, an address) repeats a secret
//! that stands beside it (BREACH, CVE-2013-3587). The secrets of our pages are form keys and secret addresses, and stand only
//! in answers to somebody who presents a cookie or a token, or whose address is a secret. So nothing is
//! compressed for them; everything else is public.

use axum::Router;
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};

use super::guard::Private;

/// Marks an answer that holds nothing but what everybody may see.
#[derive(Debug, Clone, Copy)]
struct Public;

/// Less than this is not worth it, in bytes.
const LEAST: u16 = 512;

/// Compresses answers for whoever takes gzip or zstd.
pub fn around(routes: Router) -> Router {
    let predicate = SizeAbove::new(LEAST).and(
        |_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions| {
            let kind = headers.get(header::CONTENT_TYPE);
            let is_packed = kind.is_some_and(|kind| kind == "application/zip");
            extensions.get::<Public>().is_some() && !is_packed
        },
    );
    let layer = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(predicate);
    routes
        .layer(middleware::from_fn(mark))
        .layer(layer)
        .layer(middleware::map_response(weaken))
}

async fn mark(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let nobody =
        !headers.contains_key(header::COOKIE) && !headers.contains_key(header::AUTHORIZATION);
    let mut response = next.run(request).await;
    let is_private = response.extensions().get::<Private>().is_some();
    if nobody && !is_private && !response.headers().contains_key(header::SET_COOKIE) {
        response.extensions_mut().insert(Public);
    }
    response
}

/// A tag without `W/` promises the same bytes, which two encodings are not (RFC 9110, section 8.8.1).
async fn weaken(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING) {
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let weak = tag
            .filter(|tag| tag.starts_with('"'))
            .and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok());
        if let Some(weak) = weak {
            headers.insert(header::ETAG, weak);
        }
    }
    response
}
