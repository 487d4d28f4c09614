//! Headers, statuses and limits.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use snowguard_tracker_web::{CONTENT_SECURITY_POLICY, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::sample::Sample;

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

pub async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response: Response<Body> = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(bytes.to_vec()).unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

pub async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let sample = Sample::new();
    let requests = [
        Request::get("/"),
        Request::get("/nowhere"),
        Request::get("/api/v1/status"),
        Request::get("/api/v1/nowhere"),
        Request::get("/package/none"),
        Request::get("/advisory/%ff"),
        Request::post("/"),
        Request::get("/healthz"),
        Request::get("/queue"),
        Request::get("/favicon.ico"),
        Request::get(format!("/search?q={}", "x".repeat(5000))),
    ];
    for request in requests {
        let request = request.body(Body::empty()).unwrap();
        let name = format!("{} {}", request.method(), request.uri());
        let answer = ask(&sample.router, request).await;
        let header = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        assert_eq!(
            header("content-security-policy"),
            Some(CONTENT_SECURITY_POLICY),
            "{name}"
        );
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{name}");
        assert_eq!(header("referrer-policy"), Some("same-origin"), "{name}");
        assert_eq!(
            header("cross-origin-opener-policy"),
            Some("same-origin"),
            "{name}"
        );
        assert!(header("permissions-policy").is_some(), "{name}");
        assert!(header("cache-control").is_some(), "{name}");
        if header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            // The only scripts are files of ours, on the page that has a use for them.
            let scripts = answer.body.matches("<script").count();
            assert_eq!(
                scripts,
                answer.body.matches("<script src=\"/static/").count(),
                "{name}"
            );
            assert_eq!(scripts, if name == "GET /queue" { 2 } else { 0 }, "{name}");
            assert!(!answer.body.contains("style=\""), "{name}");
        }
    }
}

#[test]
fn the_policy_allows_no_foreign_script_and_no_frame() {
    let policy = CONTENT_SECURITY_POLICY;
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    for word in ["unsafe", "http:", "https:", "data:", "*"] {
        assert!(!policy.contains(word), "{word}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nonsense_is_refused() {
    let sample = Sample::new();
    for (path, status) in [
        ("/nowhere", 404),
        ("/advisory/CVE-1999-0000", 404),
        ("/package/no.such.attr", 404),
        ("/package/openssh?channel=none", 404),
        ("/api/v1/advisories/CVE-1999-0000", 404),
        ("/api/v1/packages/none", 404),
        ("/api/v1/nowhere", 404),
        ("/advisory/%ff", 400),
        ("/advisory/a%00b", 400),
        ("/package/%0a", 400),
        ("/search?q=a&q=b", 400),
        ("/package/openssh?cursor=nonsense", 400),
        ("/api/v1/matches?cursor=nonsense", 400),
    ] {
        let answer = get(&sample.router, path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        let start = if path.starts_with("/api/") {
            "{\"status\":"
        } else {
            "<!doctype html>"
        };
        assert!(answer.body.starts_with(start), "{path}: {}", answer.body);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
    let long = format!("/package/{}", "x".repeat(5000));
    assert_eq!(
        get(&sample.router, &long).await.status,
        StatusCode::URI_TOO_LONG
    );
}

#[tokio::test]
async fn only_reading_is_answered_where_nothing_is_written() {
    let sample = Sample::new();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        for path in ["/", "/api/v1/status", "/advisory/CVE-2024-6387"] {
            let request = Request::builder().method(method).uri(path);
            let answer = ask(&sample.router, request.body(Body::from("x=1")).unwrap()).await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            let allowed = answer.headers[header::ALLOW]
                .to_str()
                .unwrap()
                .replace(' ', "");
            assert!(allowed.starts_with("GET,HEAD"), "{allowed}");
        }
    }
    let head = ask(
        &sample.router,
        Request::head("/").body(Body::empty()).unwrap(),
    )
    .await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let sample = Sample::new();
    for path in ["/", "/advisory/CVE-2024-6387", "/api/v1/packages/openssh"] {
        let first = get(&sample.router, path).await;
        assert_eq!(first.status, StatusCode::OK, "{path}: {}", first.body);
        let tag = &first.headers[header::ETAG];
        let again = Request::get(path).header(header::IF_NONE_MATCH, tag);
        let again = ask(&sample.router, again.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (again.status, again.body.as_str()),
            (StatusCode::NOT_MODIFIED, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_a_name_of_its_content() {
    let sample = Sample::new();
    let page = get(&sample.router, "/").await.body;
    let (_, rest) = page.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let style = get(&sample.router, rest.split_once('"').unwrap().0).await;
    assert_eq!(style.status, StatusCode::OK);
    assert_eq!(
        style.headers[header::CONTENT_TYPE],
        "text/css; charset=utf-8"
    );
    assert!(
        style.headers[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_is_let_go() {
    let sample = Sample::new();
    let limits = Limits {
        head: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = sample.serve(limits).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    // The server closes the connection, or this waits for ever and the test run ends it.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let sample = Sample::new();
    let server = sample.serve(Limits::default()).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    // The server may close before it has read all.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(
        !answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    server.stop().await;
}

#[tokio::test]
async fn the_server_ends_when_asked_even_with_idle_connections() {
    let sample = Sample::new();
    let server = sample.serve(Limits::default()).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut start = [0; 15];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    server.stop().await;
}
