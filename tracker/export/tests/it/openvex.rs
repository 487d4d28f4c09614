//! OpenVEX statements.

use serde_json::{Value, json};
use snowguard_tracker_export::{Issue, openvex};

use crate::sample::{at, bare, full, provider, withdrawn};

fn document(issue: &Issue) -> Value {
    let document = openvex::document(issue, &provider()).unwrap();
    serde_json::from_slice(&document.bytes).unwrap()
}

#[test]
fn each_advisory_has_a_statement_on_each_package_and_channel() {
    let document = document(&full());
    assert_eq!(
        document["@id"],
        "https://tracker.example.org/exports/openvex/NIXPKGS-2026-0001.json"
    );
    assert_eq!(document["version"], 3);
    assert_eq!(document["timestamp"], "2026-03-01T12:00:00Z");
    assert_eq!(document["last_updated"], "2026-03-04T09:30:00.5Z");
    let statements = document["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 12);
    let purl = "pkg:nix/nixpkgs/openssl@3.0.14?channel=nixos-unstable";
    assert_eq!(
        statements[0],
        json!({
            "vulnerability": { "name": "CVE-2026-1234", "description": "Overflow in parsing" },
            "products": [{ "@id": purl, "identifiers": {
                "purl": purl,
                "cpe23": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*",
            } }],
            "status": "fixed",
        })
    );
    let told: Vec<&str> = statements[..6]
        .iter()
        .map(|statement| statement["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "fixed",
            "fixed",
            "affected",
            "affected",
            "under_investigation",
            "not_affected"
        ]
    );
    assert_eq!(
        statements[1]["status_notes"],
        "Fixed by patch: CVE-2026-1234.patch"
    );
    assert_eq!(
        statements[3]["action_statement"],
        "Don't use it with untrusted input."
    );
    assert_eq!(
        statements[5]["justification"],
        "vulnerable_code_not_present"
    );
    assert_eq!(
        statements[6]["vulnerability"],
        json!({ "name": "GHSA-vp9c-fpxx-744v", "aliases": ["CVE-2026-1235"] })
    );
}

#[test]
fn withdrawal_takes_every_statement_back() {
    let document = document(&withdrawn());
    for statement in document["statements"].as_array().unwrap() {
        assert_eq!(statement["status"], "under_investigation");
        let notes = statement["status_notes"].as_str().unwrap();
        assert!(notes.ends_with("another product of that name."), "{notes}");
    }
}

#[test]
fn an_issue_without_packages_states_nothing() {
    assert_eq!(openvex::document(&bare(3), &provider()), None);
}

#[test]
fn the_whole_has_the_statements_of_all_with_their_times() {
    let issues = [full(), bare(3), withdrawn()];
    let mut out = Vec::new();
    let now = at("2026-06-01T00:00:00Z");
    let count = openvex::write_all(&issues, &provider(), now, 7, &mut out).unwrap();
    let whole: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(whole["version"], 7);
    assert_eq!(whole["timestamp"], "2026-06-01T00:00:00Z");
    let statements = whole["statements"].as_array().unwrap();
    assert_eq!((statements.len(), count), (24, 24));
    for (statement, issue) in statements
        .iter()
        .zip(document(&full())["statements"].as_array().unwrap())
    {
        let mut expected = issue.clone();
        expected["timestamp"] = json!("2026-03-01T12:00:00Z");
        expected["last_updated"] = json!("2026-03-04T09:30:00.5Z");
        assert_eq!(*statement, expected);
    }
}
