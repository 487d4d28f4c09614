//! The documents under `/api/v1/`.

use serde_json::Value;

use crate::http::get;
use crate::sample::{ODD_ATTR, Sample};

async fn document(sample: &Sample, path: &str) -> Value {
    let answer = get(&sample.router, path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn documents_have_the_form_that_is_promised() {
    let sample = Sample::new();
    for (name, path) in [
        ("status", "/api/v1/status"),
        ("advisory", "/api/v1/advisories/CVE-2024-6387"),
        ("package", "/api/v1/packages/openssh"),
        ("matches", "/api/v1/matches?channel=nixos-24.11"),
        ("search", "/api/v1/search?q=openssh"),
    ] {
        insta::assert_json_snapshot!(name, document(&sample, path).await);
    }
}

#[tokio::test]
async fn a_list_is_read_in_parts_and_gives_each_entry_once() {
    let sample = Sample::new();
    let whole = document(&sample, "/api/v1/matches?tier=low").await;
    let whole = whole["matches"].as_array().unwrap().clone();
    assert!(whole.len() > 4, "{whole:?}");
    let mut parts = Vec::new();
    let mut path = "/api/v1/matches?tier=low&limit=2".to_owned();
    loop {
        let part = document(&sample, &path).await;
        let matches = part["matches"].as_array().unwrap();
        assert!(matches.len() <= 2);
        parts.extend(matches.clone());
        let Some(next) = part["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/matches?tier=low&limit=2&cursor={next}");
    }
    assert_eq!(parts, whole);
}

#[tokio::test]
async fn a_search_is_read_in_parts_too() {
    let sample = Sample::new();
    let whole = document(&sample, "/api/v1/search?q=CVE-2024-6").await;
    let count = whole["advisories"].as_array().unwrap().len();
    assert!(count > 1 && whole["next"].is_null(), "{whole}");
    let mut found = Vec::new();
    let mut path = "/api/v1/search?q=CVE-2024-6&limit=1".to_owned();
    loop {
        let part = document(&sample, &path).await;
        found.extend(part["advisories"].as_array().unwrap().clone());
        let Some(next) = part["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/search?q=CVE-2024-6&limit=1&cursor={next}");
    }
    assert_eq!(&found, whole["advisories"].as_array().unwrap());
    let wrong = get(&sample.router, "/api/v1/search?q=CVE-2024-6&cursor=x").await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn an_alias_leads_to_the_advisory() {
    let sample = Sample::new();
    for (asked, place) in [
        (
            "/api/v1/advisories/BIT-openssh-2024-6387",
            "/api/v1/advisories/CVE-2024-6387",
        ),
        (
            "/advisory/BIT-openssh-2024-6387?tier=low",
            "/advisory/CVE-2024-6387?tier=low",
        ),
        ("/advisory/cve-2024-6387", "/advisory/CVE-2024-6387"),
    ] {
        let answer = get(&sample.router, asked).await;
        assert_eq!(answer.status.as_u16(), 308, "{asked}");
        assert_eq!(answer.headers["location"], place);
    }
}

#[tokio::test]
async fn odd_attributes_are_found() {
    let sample = Sample::new();
    let path = "/api/v1/packages/odd.%22a%2Fb%3Fc%23d%252F%26%3Ce%3E%22.%2B%40%20f";
    assert_eq!(document(&sample, path).await["attr"], ODD_ATTR);
}
