//! Downloads from servers that misbehave.

use std::time::Duration;

use snowguard_tracker_ingest::input::http::{Client, Download, Fetched, Retry, Validators};
use tempfile::TempDir;

use crate::server::{Server, announced, reply};

fn client(folder: &TempDir) -> Client {
    Client {
        retry: Retry {
            attempts: 3,
            ..Retry::default()
        },
        patience: Duration::from_secs(20),
        sleep: |_| {},
        ..Client::new(folder.path())
    }
}

fn body(fetched: Fetched) -> (Download, Vec<u8>) {
    let Fetched::Body(download) = fetched else {
        panic!("a body was expected")
    };
    let bytes = std::fs::read(&download.path).expect("the download");
    (download, bytes)
}

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn an_unchanged_resource_is_not_sent_again() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(
        |_, request| match request.header("If-None-Match").as_deref() {
            Some("\"one\"") => reply("304 Not Modified", &[], b""),
            _ => reply(
                "200 OK",
                &[("ETag", "\"one\""), ("Last-Modified", "yesterday")],
                b"content",
            ),
        },
    );
    let url = server.url("/feed");
    let (download, bytes) = body(client(&folder).fetch(&url, None).expect("fetched"));
    assert_eq!(bytes, b"content");
    let known = Validators {
        etag: Some("\"one\"".into()),
        last_modified: Some("yesterday".into()),
    };
    assert_eq!(download.validators, known);
    client(&folder).forget(&url).expect("removed");
    let again = client(&folder).fetch(&url, Some(&known)).expect("fetched");
    assert!(matches!(again, Fetched::NotModified));
    let asked = server.requests().pop().expect("a request");
    assert_eq!(
        asked.header("If-Modified-Since").as_deref(),
        Some("yesterday")
    );
}

#[test]
fn a_failing_server_is_asked_again_and_in_the_end_given_up() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|number, request| match (number, request.path.as_str()) {
        (0, _) => reply("500 Internal Server Error", &[], b""),
        (1, _) => reply("429 Too Many Requests", &[("Retry-After", "1")], b""),
        (_, "/late") => reply("200 OK", &[], b"at last"),
        (_, "/missing") => reply("404 Not Found", &[], b""),
        _ => reply("503 Service Unavailable", &[], b""),
    });
    let (_, bytes) = body(
        client(&folder)
            .fetch(&server.url("/late"), None)
            .expect("fetched"),
    );
    assert_eq!(bytes, b"at last");
    let before = server.requests().len();
    let error = client(&folder)
        .fetch(&server.url("/never"), None)
        .expect_err("given up");
    assert!(
        error
            .to_string()
            .ends_with("the server answered 503 Service Unavailable"),
        "{error}"
    );
    assert_eq!(server.requests().len() - before, 3);
    client(&folder)
        .fetch(&server.url("/missing"), None)
        .expect_err("no use in trying again");
    assert_eq!(server.requests().len() - before, 4);
}

#[test]
fn a_truncated_body_is_resumed_where_it_broke_off() {
    let folder = TempDir::new().expect("a folder");
    let whole = content();
    let total = whole.len();
    let server = Server::start(move |_, request| {
        let etag = ("ETag", "\"v1\"");
        match request.header("Range") {
            None => announced("200 OK", &[etag], total, &whole[..500_000]),
            Some(range) => {
                let from = range.trim_start_matches("bytes=").trim_end_matches('-');
                let from: usize = from.parse().expect("an offset");
                let range = format!("bytes {from}-{}/{total}", total - 1);
                // The second part breaks off too.
                let to = (from + 400_000).min(total);
                let headers = [etag, ("Content-Range", range.as_str())];
                announced(
                    "206 Partial Content",
                    &headers,
                    total - from,
                    &whole[from..to],
                )
            }
        }
    });
    let (_, bytes) = body(
        client(&folder)
            .fetch(&server.url("/feed"), None)
            .expect("fetched"),
    );
    assert!(bytes == content());
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[2].header("If-Range").as_deref(), Some("\"v1\""));
}

#[test]
fn a_body_that_changed_while_it_was_fetched_is_fetched_from_its_beginning() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|number, _| match number {
        0 => announced("200 OK", &[("ETag", "\"old\"")], 1000, &[b'o'; 400]),
        // If-Range does not hold any more: the server sends the whole of the new version.
        _ => reply("200 OK", &[("ETag", "\"new\"")], &[b'n'; 900]),
    });
    let (download, bytes) = body(
        client(&folder)
            .fetch(&server.url("/feed"), None)
            .expect("fetched"),
    );
    assert_eq!(bytes, [b'n'; 900]);
    assert_eq!(download.validators.etag.as_deref(), Some("\"new\""));
}

#[test]
fn a_part_of_another_length_is_not_glued_on() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|number, request| match (number, request.header("Range")) {
        (0, _) => announced("200 OK", &[("ETag", "\"v\"")], 1000, &[b'a'; 400]),
        (_, Some(_)) => {
            let headers = [("ETag", "\"v\""), ("Content-Range", "bytes 400-1999/2000")];
            reply("206 Partial Content", &headers, &[b'b'; 1600])
        }
        (_, None) => reply("200 OK", &[], &[b'c'; 2000]),
    });
    let (_, bytes) = body(
        client(&folder)
            .fetch(&server.url("/feed"), None)
            .expect("fetched"),
    );
    assert_eq!(bytes, [b'c'; 2000]);
}

#[test]
fn a_download_survives_the_end_of_the_process() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(
        |number, request| match (number, request.header("If-None-Match")) {
            (0, _) => reply("200 OK", &[("ETag", "\"v\"")], b"content"),
            (_, Some(_)) => reply("304 Not Modified", &[], b""),
            _ => reply("200 OK", &[], b"a needless second download"),
        },
    );
    for _ in 0..2 {
        let (_, bytes) = body(
            client(&folder)
                .fetch(&server.url("/feed"), None)
                .expect("fetched"),
        );
        assert_eq!(bytes, b"content");
    }
}

#[test]
fn redirects_are_followed_only_to_where_they_may_lead() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|_, request| match request.path.as_str() {
        "/moved" => reply("302 Found", &[("Location", "/there/now")], b""),
        "/there/now" => reply("200 OK", &[], b"found"),
        "/out" => reply("302 Found", &[("Location", "http://example.org/feed")], b""),
        "/file" => reply("302 Found", &[("Location", "file:///etc/passwd")], b""),
        _ => reply("302 Found", &[("Location", "/loop")], b""),
    });
    let (download, bytes) = body(
        client(&folder)
            .fetch(&server.url("/moved"), None)
            .expect("fetched"),
    );
    assert_eq!(
        (bytes.as_slice(), download.url.path()),
        (&b"found"[..], "/there/now")
    );
    for (path, why) in [
        ("/out", "only https is allowed"),
        ("/file", "file: is not supported"),
        ("/loop", "more than 5 redirects"),
    ] {
        let error = client(&folder)
            .fetch(&server.url(path), None)
            .expect_err(path);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_download_over_the_limit_is_dropped() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|_, _| reply("200 OK", &[("ETag", "\"v\"")], &[0; 5000]));
    let client = Client {
        limit: 4999,
        ..client(&folder)
    };
    let error = client
        .fetch(&server.url("/feed"), None)
        .expect_err("too large");
    assert!(
        error.to_string().contains("larger than 4999 bytes"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .count(),
        0
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(|_, _| {
        std::thread::sleep(Duration::from_secs(3600));
        Vec::new()
    });
    let client = Client {
        patience: Duration::from_millis(50),
        ..client(&folder)
    };
    client
        .fetch(&server.url("/feed"), None)
        .expect_err("silence");
    assert_eq!(server.requests().len(), 3);
}
