//! What the pages say.

use crate::http::get;
use crate::sample::Sample;

/// The part of a page that is its own, without the style sheet's address in the frame.
async fn main_of(sample: &Sample, path: &str) -> String {
    let answer = get(&sample.router, path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.body);
    let (_, rest) = answer.body.split_once("<main id=\"main\">").unwrap();
    rest.split_once("</main>").unwrap().0.to_owned()
}

#[tokio::test]
async fn pages_look_as_they_did() {
    let sample = Sample::new();
    for (name, path) in [
        ("home", "/"),
        ("advisory", "/advisory/CVE-2024-6387"),
        ("rejected", "/advisory/CVE-2024-0001"),
        ("withdrawn", "/advisory/GHSA-aaaa-bbbb-cccc"),
        ("package", "/package/openssh?channel=nixos-24.11"),
        ("search", "/search?q=openssh"),
        ("channels", "/channels"),
        ("channel", "/channel/nixos-24.11"),
    ] {
        insta::assert_snapshot!(name, main_of(&sample, path).await);
    }
}

#[tokio::test]
async fn what_only_a_name_ties_is_shown_on_demand() {
    let sample = Sample::new();
    let low = "python3Packages.openssh-wrapper";
    let page = main_of(&sample, "/advisory/CVE-2024-6387").await;
    assert!(!page.contains(low));
    assert!(page.contains("Show 2 more, tied by a name alone"));
    assert!(
        main_of(&sample, "/advisory/CVE-2024-6387?tier=low")
            .await
            .contains(low)
    );
    let page = main_of(&sample, "/package/python3Packages.openssh-wrapper").await;
    assert!(!page.contains("CVE-2024-6387") && page.contains("Show 1 more"));
    let page = main_of(&sample, "/package/python3Packages.openssh-wrapper?tier=low").await;
    assert!(page.contains("CVE-2024-6387"));
}

#[tokio::test]
async fn a_place_in_a_list_is_a_number() {
    let sample = Sample::new();
    let path = "/advisory/CVE-2024-6387?channel=nixos-24.11&cursor=";
    let past = main_of(&sample, &format!("{path}999999")).await;
    assert!(past.contains("rel=\"prev\"") && !past.contains("rel=\"next\""));
    for odd in ["-1", "x", "99999999999999999999999"] {
        let answer = get(&sample.router, &format!("{path}{odd}")).await;
        assert_eq!(answer.status.as_u16(), 400, "{odd}");
    }
}

#[tokio::test]
async fn a_reason_leads_to_the_statement_it_speaks_of() {
    let sample = Sample::new();
    let page = main_of(&sample, "/advisory/CVE-2024-6387").await;
    let place = "CVE-2024-6387#/containers/cna/affected/0";
    assert!(page.contains(&format!("id=\"{place}\"")));
    assert!(
        page.contains("/advisory/CVE-2024-6387#CVE-2024-6387%23%2Fcontainers%2Fcna%2Faffected%2F0")
    );
}

#[tokio::test]
async fn a_channel_shows_its_own_verdict() {
    let sample = Sample::new();
    let stable = main_of(&sample, "/package/openssh?channel=nixos-24.11").await;
    assert!(stable.contains("9.7p1") && stable.contains("verdict affected"));
    let unstable = main_of(&sample, "/package/openssh?channel=nixos-unstable").await;
    assert!(unstable.contains("9.9p1") && unstable.contains("verdict fixed"));
}
