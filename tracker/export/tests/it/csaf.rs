//! CSAF documents and the provider's folder.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use snowguard_tracker_export::csaf::{Distribution, OpenPgpKey, documents, value};
use snowguard_tracker_export::{Issue, Status};

use crate::sample::{at, bare, channel, full, package, provider, withdrawn};

#[test]
fn products_have_their_status_and_what_vex_demands() {
    let document = value(&full(), &provider());
    let vulnerabilities = document["vulnerabilities"].as_array().unwrap();
    assert_eq!(vulnerabilities.len(), 2);
    assert_eq!(vulnerabilities[0]["cve"], "CVE-2026-1234");
    assert_eq!(vulnerabilities[1]["cve"], "CVE-2026-1235");
    assert_eq!(
        vulnerabilities[1]["ids"],
        json!([{ "system_name": "GitHub Security Advisories", "text": "GHSA-vp9c-fpxx-744v" }])
    );
    let one = &vulnerabilities[0];
    assert_eq!(
        one["product_status"],
        json!({
            "first_fixed": ["nixos-unstable/openssl@3.0.14"],
            "fixed": ["nixos-unstable/openssl@3.0.14", "nixos-26.05/openssl@3.0.13"],
            "known_affected": [
                "nixos-unstable/openssl@vers:generic/>=3.0.0|<3.0.14",
                "nixos-25.11/openssl@3.0.13",
                "nixos-unstable/openssl_1_1@1.1.1w",
            ],
            "known_not_affected": ["nixos-25.11/openssl_1_1@vers:all/*"],
            "under_investigation": ["nixos-26.05/openssl_1_1@1.1.1w"],
        })
    );
    let remedies: Vec<&Value> = one["remediations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remedy| &remedy["category"])
        .collect();
    assert_eq!(remedies, ["vendor_fix", "no_fix_planned", "workaround"]);
    assert_eq!(one["flags"][0]["label"], "vulnerable_code_not_present");
    assert_eq!(one["threats"][0]["details"], "The code came with 3.0.");
    assert_eq!(one["scores"][0]["cvss_v3"]["baseScore"], 9.8);
}

#[test]
fn the_tree_names_channels_packages_and_versions() {
    let document = value(&full(), &provider());
    let vendor = &document["product_tree"]["branches"][0];
    let channels: Vec<&str> = vendor["branches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|branch| branch["name"].as_str().unwrap())
        .collect();
    assert_eq!(channels, ["nixos-25.11", "nixos-26.05", "nixos-unstable"]);
    let product = &vendor["branches"][1]["branches"][0]["branches"][0]["product"];
    assert_eq!(
        product["product_identification_helper"],
        json!({
            "cpe": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*",
            "purl": "pkg:nix/nixpkgs/openssl@3.0.13?channel=nixos-26.05",
        })
    );
}

#[test]
fn the_history_is_the_tracking() {
    let tracking = value(&full(), &provider())["document"]["tracking"].clone();
    assert_eq!(tracking["id"], "NIXPKGS-2026-0001");
    assert_eq!(tracking["version"], "3");
    assert_eq!(tracking["initial_release_date"], "2026-03-01T12:00:00Z");
    assert_eq!(tracking["current_release_date"], "2026-03-04T09:30:00.5Z");
    assert_eq!(
        tracking["revision_history"][1],
        json!({ "date": "2026-03-02T08:00:00Z", "number": "2", "summary": "nixos-26.05 is fixed" })
    );
}

#[test]
fn what_states_nothing_is_a_base_document() {
    let document = value(&withdrawn(), &provider());
    assert_eq!(document["document"]["category"], "csaf_base");
    assert_eq!(document.get("vulnerabilities"), None);
    assert_eq!(
        document["document"]["notes"][0]["title"],
        "Reasoning for Withdrawal"
    );
    let document = value(&bare(3), &provider());
    assert_eq!(document["document"]["category"], "csaf_base");
    let mut one = bare(3);
    let status = Status::UnderInvestigation;
    let place = channel("nixos-unstable", "nixos-unstable", Some("1"), status);
    one.packages.push(package("x", "x", vec![place]));
    let document = value(&one, &provider());
    assert_eq!(document["document"]["category"], "csaf_vex");
    // Without an advisory, the issue itself names the vulnerability.
    assert_eq!(
        document["vulnerabilities"][0]["ids"],
        json!([{ "system_name": "Nixpkgs", "text": "NIXPKGS-2026-0003" }])
    );
}

#[test]
fn files_lie_by_year_with_their_digests() {
    let [sha256, sha512, document] = documents(&full(), &provider());
    assert_eq!(document.path, "csaf/2026/nixpkgs-2026-0001.json");
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    for (file, ending, digest) in [
        (sha256, "sha256", hex(&Sha256::digest(&document.bytes))),
        (sha512, "sha512", hex(&Sha512::digest(&document.bytes))),
    ] {
        assert_eq!(file.path, format!("{}.{ending}", document.path));
        assert_eq!(
            String::from_utf8(file.bytes).unwrap(),
            format!("{digest}  nixpkgs-2026-0001.json\n")
        );
    }
}

#[test]
fn the_folder_lists_the_latest_first() {
    let mut distribution = Distribution::new();
    let older = Issue {
        published: at("2025-12-31T23:00:00Z"),
        modified: at("2026-01-01T00:00:00Z"),
        ..bare(9)
    };
    distribution.add(&older);
    distribution.add(&full());
    let documents = distribution.documents(&provider(), at("2026-06-01T00:00:00Z"));
    let text = |name: &str| {
        let path = format!("csaf/{name}");
        let document = documents.iter().find(|document| document.path == path);
        String::from_utf8(document.unwrap().bytes.clone()).unwrap()
    };
    assert_eq!(
        text("index.txt"),
        "2026/nixpkgs-2026-0001.json\n2025/nixpkgs-2026-0009.json\n"
    );
    assert_eq!(
        text("changes.csv"),
        "\"2026/nixpkgs-2026-0001.json\",\"2026-03-04T09:30:00.5Z\"\n\
         \"2025/nixpkgs-2026-0009.json\",\"2026-01-01T00:00:00Z\"\n"
    );
    let feed: Value = serde_json::from_str(&text("feed-tlp-white.json")).unwrap();
    let base = "https://tracker.example.org/exports/csaf";
    let own = format!("{base}/2026/nixpkgs-2026-0001.json");
    assert_eq!(feed["feed"]["updated"], "2026-03-04T09:30:00.5Z");
    assert_eq!(
        feed["feed"]["entry"][0]["link"],
        json!([
            { "rel": "self", "href": own },
            { "rel": "hash", "href": format!("{own}.sha256") },
            { "rel": "hash", "href": format!("{own}.sha512") },
        ])
    );
    let metadata: Value = serde_json::from_str(&text("provider-metadata.json")).unwrap();
    assert_eq!(metadata["role"], "csaf_provider");
    assert_eq!(
        metadata["distributions"][0]["directory_url"],
        format!("{base}/")
    );
    let service: Value = serde_json::from_str(&text("service.json")).unwrap();
    assert_eq!(
        service["service"]["workspace"][0]["collection"][0]["href"],
        format!("{base}/feed-tlp-white.json")
    );
}

#[test]
fn with_a_key_the_provider_is_trusted_and_signatures_are_listed() {
    let key = OpenPgpKey {
        fingerprint: "0".repeat(40),
        url: provider().export("openpgp/key.asc"),
    };
    let mut distribution = Distribution::signed(vec![key]);
    distribution.add(&full());
    let documents = distribution.documents(&provider(), at("2026-06-01T00:00:00Z"));
    let feed: Value = serde_json::from_slice(&documents[2].bytes).unwrap();
    assert_eq!(feed["feed"]["entry"][0]["link"][3]["rel"], "signature");
    let metadata: Value = serde_json::from_slice(&documents[4].bytes).unwrap();
    assert_eq!(metadata["role"], "csaf_trusted_provider");
}
