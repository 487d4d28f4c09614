//! How often one may ask, and what is compressed for whom.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, header};
use http_body_util::BodyExt as _;
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_web::{Limits, Peer, PerMinute, RateLimits};
use tower::ServiceExt as _;

use crate::http::{ask, get};
use crate::open::{draft, publish};
use crate::sample::Sample;
use crate::signed_in::Signed;

fn limited() -> Sample {
    Sample::limited(RateLimits {
        address: PerMinute(30),
        token: PerMinute(50),
        trusted_header: None,
    })
}

async fn ask_from(
    sample: &Sample,
    address: [u8; 4],
    path: &str,
    more: &[(&str, &str)],
) -> (u16, HeaderMap) {
    let mut request = Request::get(path);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let address = IpAddr::V4(Ipv4Addr::from(address));
    request.extensions_mut().insert(Peer(address));
    let answer = ask(&sample.router, request).await;
    (answer.status.as_u16(), answer.headers)
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let sample = limited();
    let mine = [10, 0, 0, 1];
    for left in (0..30).rev() {
        let (status, headers) = ask_from(&sample, mine, "/api/v1/status", &[]).await;
        assert_eq!(status, 200);
        assert_eq!(headers["ratelimit-policy"], "\"default\";q=30;w=60");
        let told = headers["ratelimit"].to_str().unwrap();
        assert!(
            told.starts_with(&format!("\"default\";r={left};t=")),
            "{told}"
        );
    }
    for path in [
        "/api/v1/status",
        "/data/osv/all.jsonl",
        "/feed/package/openssh",
        "/data",
    ] {
        let (status, headers) = ask_from(&sample, mine, path, &[]).await;
        assert_eq!(status, 429, "{path}");
        let wait: u64 = headers[header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=60).contains(&wait));
        assert_eq!(
            headers["ratelimit"].to_str().unwrap().split(';').nth(1),
            Some("r=0")
        );
    }
    // Headers that nobody is trusted to write change nothing, and others are not concerned.
    let forged = [("x-forwarded-for", "10.0.0.9"), ("x-real-ip", "10.0.0.9")];
    assert_eq!(
        ask_from(&sample, mine, "/api/v1/status", &forged).await.0,
        429
    );
    assert_eq!(
        ask_from(&sample, [10, 0, 0, 2], "/api/v1/status", &[])
            .await
            .0,
        200
    );
    assert_eq!(
        ask_from(&sample, mine, "/", &[]).await.0,
        200,
        "pages have no such limit"
    );
}

#[tokio::test]
async fn an_export_of_changes_costs_more() {
    let sample = limited();
    publish(&draft(&sample).await).await;
    let path = "/data/osv/all.jsonl?since=2024-01-01T00:00:00Z";
    assert_eq!(ask_from(&sample, [1, 1, 1, 1], path, &[]).await.0, 200);
    assert_eq!(ask_from(&sample, [1, 1, 1, 1], path, &[]).await.0, 429);
    assert_eq!(
        ask_from(&sample, [1, 1, 1, 1], "/data/osv/all.jsonl", &[])
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn behind_a_proxy_the_trusted_header_says_who_asks() {
    let sample = Sample::limited(RateLimits {
        address: PerMinute(1),
        token: PerMinute(50),
        trusted_header: Some(HeaderName::from_static("x-forwarded-for")),
    });
    let proxy = [127, 0, 0, 1];
    let ask = async |from: &str| {
        ask_from(
            &sample,
            proxy,
            "/api/v1/status",
            &[("x-forwarded-for", from)],
        )
        .await
        .0
    };
    assert_eq!(ask("10.0.0.1").await, 200);
    assert_eq!(ask("10.0.0.1").await, 429);
    // What the client wrote itself stands before what the proxy added.
    assert_eq!(ask("10.0.0.7, 10.0.0.1").await, 429);
    assert_eq!(ask("2001:db8::1").await, 200);
    assert_eq!(
        ask("2001:db8::ffff:2").await,
        429,
        "the same network of 64 bits"
    );
    assert_eq!(ask("2001:db8:0:1::1").await, 200);
}

#[tokio::test]
async fn a_token_has_a_quota_of_its_own_and_guessed_ones_have_none() {
    let sample = limited();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let good = crate::openapi::token(&sample, &team, "read");
    let mine = [10, 0, 0, 1];
    for _ in 0..30 {
        assert_eq!(ask_from(&sample, mine, "/api/v1/status", &[]).await.0, 200);
    }
    let with = async |token: &str| {
        ask_from(&sample, mine, "/api/v1/queue", &[("authorization", token)]).await
    };
    let (status, headers) = with(&good).await;
    assert_eq!(status, 200);
    assert_eq!(headers["ratelimit-policy"], "\"default\";q=50;w=60");
    // A new token for each request brings nothing: none of them is one, and the address has asked enough.
    for number in 0..20 {
        let (status, _) = with(&format!("Bearer snowguard_f{number:063}")).await;
        assert_eq!(status, 429);
    }
    // After so many guesses nothing from there is looked up any more.
    assert_eq!(with(&good).await.0, 429);
    let other = ask_from(
        &sample,
        [10, 0, 0, 2],
        "/api/v1/queue",
        &[("authorization", &good)],
    )
    .await;
    assert_eq!(other.0, 200);
}

#[tokio::test]
async fn over_a_real_connection_the_address_counts() {
    let sample = Sample::limited(RateLimits {
        address: PerMinute(1),
        ..RateLimits::default()
    });
    let server = sample.serve(Limits::default()).await;
    let address = format!("http://{}/api/v1/status", server.address);
    let statuses = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        [(); 2].map(|()| agent.get(&address).call().unwrap().status().as_u16())
    });
    assert_eq!(statuses.await.unwrap(), [200, 429]);
    server.stop().await;
}

async fn raw(sample: &Sample, path: &str, more: &[(HeaderName, &str)]) -> (HeaderMap, Vec<u8>) {
    let mut request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, zstd, br");
    for (name, value) in more {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = sample.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (
        parts.headers,
        body.collect().await.unwrap().to_bytes().to_vec(),
    )
}

#[tokio::test]
async fn what_everybody_may_see_is_compressed_and_nothing_else() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    publish(&team).await;
    for path in [
        "/data/osv/all.jsonl",
        "/api/v1/status",
        "/",
        "/data/issues.atom",
    ] {
        let plain = get(&sample.router, path).await;
        let (headers, bytes) = raw(&sample, path, &[]).await;
        let encoding = headers[header::CONTENT_ENCODING].to_str().unwrap();
        let unpacked = match encoding {
            "zstd" => zstd::decode_all(&bytes[..]).unwrap(),
            "gzip" => {
                let mut all = Vec::new();
                flate2::read::GzDecoder::new(&bytes[..])
                    .read_to_end(&mut all)
                    .unwrap();
                all
            }
            other => panic!("{other}"),
        };
        assert_eq!(unpacked, plain.body.as_bytes(), "{path}");
        let tag = headers[header::ETAG].to_str().unwrap();
        assert_eq!(
            tag.strip_prefix("W/"),
            plain.headers[header::ETAG].to_str().ok(),
            "{path}"
        );
        let varies = headers.get_all(header::VARY).iter();
        assert!(
            varies
                .map(|one| one.to_str().unwrap().to_ascii_lowercase())
                .any(|one| one.contains("accept-encoding"))
        );
        let (_, nothing) = raw(&sample, path, &[(header::IF_NONE_MATCH, tag)]).await;
        assert_eq!(nothing, b"", "{path} is known");
    }
    // BREACH: beside a secret, a text of the attacker's choice must not change the length.
    let mine = [("subject", "everything"), ("cadence", "daily")];
    assert_eq!(team.post("/subscriptions", &mine).await.status, 303);
    let page = team.get("/subscriptions").await.body;
    let (_, rest) = page.split_once("href=\"/feed/subscription/").unwrap();
    let feed = format!("/feed/subscription/{}", rest.split('"').next().unwrap());
    let cookie = (header::COOKIE, team.cookie());
    let token = (header::AUTHORIZATION, "Bearer snowguard_x");
    for (path, more) in [
        ("/search?q=openssh", vec![cookie]),
        ("/subscriptions", vec![(header::COOKIE, team.cookie())]),
        ("/api/v1/status", vec![token]),
        (feed.as_str(), vec![]),
    ] {
        let (headers, bytes) = raw(&sample, path, &more).await;
        assert!(bytes.len() > 512, "{path}");
        assert!(!headers.contains_key(header::CONTENT_ENCODING), "{path}");
    }
    let (headers, _) = raw(&sample, "/data/osv/all.zip", &[]).await;
    assert!(
        !headers.contains_key(header::CONTENT_ENCODING),
        "it is packed already"
    );
}

#[tokio::test]
async fn a_packed_body_is_not_unpacked() {
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let good = crate::openapi::token(&sample, &team, "triage");
    // 4 MB of spaces in some hundred bytes.
    let bomb = zstd::encode_all(&vec![b' '; 4 << 20][..], 19).unwrap();
    let request = Request::post("/api/v1/suggestions/CVE-2024-6387/decide")
        .header(header::AUTHORIZATION, good)
        .header(header::CONTENT_ENCODING, "zstd")
        .body(Body::from(bomb));
    let answer = ask(&sample.router, request.unwrap()).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}
