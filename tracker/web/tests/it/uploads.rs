//! A list of packages comes as a file, and what else comes as one is refused.

use axum::body::Body;
use axum::http::{Request, header};

use crate::hostile::inert;
use crate::http::{Answer, ask};
use crate::sample::Sample;
use crate::signed_in::{HOST, Signed};

const EDGE: &str = "edge";

/// A part as browsers write it.
fn part(name: &str, file: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file = file.map_or(String::new(), |file| {
        format!("; filename=\"{file}\"\r\nContent-Type: text/plain")
    });
    let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn whole(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{EDGE}--\r\n").into_bytes()].concat()
}

/// A subscription to a list, with the key of the session before it and a file after it.
async fn upload(ada: &Signed<'_>, file: &str, content: &[u8]) -> Answer {
    let key = ada.form_key().await;
    let parts = [
        part("form_key", None, key.as_bytes()),
        part("subject", None, b"list"),
        part("what", None, b"ours"),
        part("list", None, b"openssh"),
        part("cadence", None, b"daily"),
        part("file", Some(file), content),
    ];
    ada.post_parts("/subscriptions", EDGE, whole(&parts)).await
}

async fn subscriptions(ada: &Signed<'_>) -> String {
    ada.get("/subscriptions").await.body
}

#[tokio::test]
async fn a_file_and_what_was_pasted_are_one_list() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let answer = upload(
        &ada,
        "list.txt",
        b"\xef\xbb\xbfzlib\r\n# no package\r\nopenssh\r\n",
    )
    .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(subscriptions(&ada).await.contains("list ours (2 packages)"));
    // A browser sends an empty part where no file was chosen.
    assert_eq!(upload(&ada, "", b"").await.status, 303);
    assert!(subscriptions(&ada).await.contains("list ours (1 packages)"));
}

#[tokio::test]
async fn the_name_of_a_file_means_nothing_and_is_shown_nowhere() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    for name in [
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "%00\\..\\x.exe",
        &"x".repeat(100_000),
    ] {
        assert_eq!(upload(&ada, name, b"zlib").await.status, 303);
        let page = subscriptions(&ada).await;
        inert("/subscriptions", &page);
        assert!(!page.contains(name) && !page.contains("passwd"), "{name}");
    }
    let stored = sample.db.subscriptions(ada.person).unwrap();
    assert_eq!(stored.len(), 4);
}

#[tokio::test]
async fn what_is_no_list_is_refused_and_leaves_nothing() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let many = (0..60_000).map(|n| format!("a{n}\n")).collect::<String>();
    let utf16: Vec<u8> = "zlib\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hostile: [(&str, &[u8], u16); 9] = [
        ("ten megabytes", &vec![b'a'; 10 << 20], 413),
        ("just above the limit", &vec![b'\n'; 2 << 20], 413),
        ("bytes that are not UTF-8", b"openssl\n\xff\xfe", 400),
        (
            "UTF-16, as some editors write",
            &[b"\xff\xfe", &utf16[..]].concat(),
            400,
        ),
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0\x80\x90", 400),
        ("NUL in text", b"open\0ssl", 400),
        ("a control character", b"open\x1b[31mssl", 400),
        ("too many packages", many.as_bytes(), 400),
        ("one line", &vec![b'a'; 1 << 20], 400),
    ];
    for (what, content, status) in hostile {
        let answer = upload(&ada, "list.txt", content).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        inert(what, &answer.body);
    }
    assert!(sample.db.subscriptions(ada.person).unwrap().is_empty());
}

#[tokio::test]
async fn broken_parts_are_refused() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let key = ada.form_key().await;
    let fields = [
        part("form_key", None, key.as_bytes()),
        part("subject", None, b"everything"),
        part("cadence", None, b"daily"),
    ];
    let good = whole(&fields);
    let send = async |boundary: &str, body: Vec<u8>| {
        ada.post_parts("/subscriptions", boundary, body)
            .await
            .status
    };
    for end in [0, 1, good.len() / 2, good.len() - 8] {
        assert_eq!(send(EDGE, good[..end].to_vec()).await, 400, "cut at {end}");
    }
    assert_eq!(send("other", good.clone()).await, 400);
    assert_eq!(send("", good.clone()).await, 400);
    let nameless = format!("--{EDGE}\r\nContent-Disposition: form-data\r\n\r\nx\r\n").into_bytes();
    assert_eq!(send(EDGE, whole(&[fields.concat(), nameless])).await, 400);
    let heads = format!("--{EDGE}\r\n{}\r\nx\r\n", "X: y\r\n".repeat(10_000)).into_bytes();
    assert_eq!(send(EDGE, whole(&[fields.concat(), heads])).await, 400);
    let many = part("x", None, b"").repeat(1000);
    assert_eq!(send(EDGE, whole(&[fields.concat(), many])).await, 400);
    // A file is for a list.
    let with_file = [fields.concat(), part("file", Some("a"), b"zlib")];
    assert_eq!(send(EDGE, whole(&with_file)).await, 400);
    assert!(sample.db.subscriptions(ada.person).unwrap().is_empty());
    assert_eq!(send(EDGE, good).await, 303);
}

#[tokio::test]
async fn csrf_by_an_upload_is_refused() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let key = ada.form_key().await;
    let fields = |key: &str| {
        whole(&[
            part("form_key", None, key.as_bytes()),
            part("subject", None, b"everything"),
            part("cadence", None, b"daily"),
        ])
    };
    let mallory = Signed::new(&sample, "mallory", &[]).form_key().await;
    for wrong in ["", "x", &mallory] {
        let answer = ada.post_parts("/subscriptions", EDGE, fields(wrong)).await;
        assert_eq!(answer.status, 403, "{wrong}");
    }
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let from = |origin: &str, cookie: &str, to: &str| {
        Request::post(to)
            .header(header::HOST, HOST)
            .header(header::CONTENT_TYPE, &kind)
            .header(header::COOKIE, cookie)
            .header(header::ORIGIN, origin)
            .body(Body::from(fields(&key)))
            .unwrap()
    };
    let ours = format!("http://{HOST}");
    let elsewhere = from("https://evil.example", ada.cookie(), "/subscriptions");
    assert_eq!(ask(&sample.router, elsewhere).await.status, 403);
    let nobody = from(&ours, "", "/subscriptions");
    assert_eq!(ask(&sample.router, nobody).await.status, 401);
    // Who is not signed in has no use for files.
    let signing_in = from(&ours, "", "/sign-in");
    assert_eq!(ask(&sample.router, signing_in).await.status, 400);
    assert!(sample.db.subscriptions(ada.person).unwrap().is_empty());
}
