//! CycloneDX vulnerabilities.

use serde_json::{Value, json};
use snowguard_tracker_export::{Issue, cyclonedx};

use crate::sample::{at, bare, full, provider, withdrawn};

fn document(issue: &Issue) -> Value {
    serde_json::from_slice(&cyclonedx::document(issue, &provider()).bytes).unwrap()
}

fn states(document: &Value) -> Vec<(&str, &str, usize)> {
    let list = document["vulnerabilities"].as_array().unwrap();
    list.iter()
        .map(|one| {
            (
                one["id"].as_str().unwrap(),
                one["analysis"]["state"].as_str().unwrap_or("none"),
                one["affects"].as_array().map_or(0, Vec::len),
            )
        })
        .collect()
}

#[test]
fn an_advisory_is_one_vulnerability_for_each_state() {
    let document = document(&full());
    let of_one = |id: &'static str| {
        [
            (id, "exploitable", 1),
            (id, "exploitable", 1),
            (id, "in_triage", 1),
            (id, "not_affected", 1),
            (id, "resolved", 1),
            (id, "resolved_with_pedigree", 1),
        ]
    };
    assert_eq!(
        states(&document),
        [of_one("CVE-2026-1234"), of_one("GHSA-vp9c-fpxx-744v")].concat()
    );
    let list = &document["vulnerabilities"];
    assert_eq!(
        list[1]["analysis"]["response"],
        json!(["workaround_available"])
    );
    assert_eq!(list[0]["analysis"]["response"], json!(["will_not_fix"]));
    assert_eq!(list[3]["analysis"]["justification"], "code_not_present");
    assert_eq!(
        list[4]["affects"],
        json!([{
            "ref": "pkg:nix/nixpkgs/openssl@3.0.14?channel=nixos-unstable",
            "versions": [
                { "range": "vers:generic/>=3.0.0|<3.0.14", "status": "affected" },
                { "version": "3.0.14", "status": "unaffected" },
            ],
        }])
    );
    assert_eq!(list[0]["cwes"], json!([125, 787]));
    assert_eq!(list[0]["ratings"][0]["score"], 9.8);
}

#[test]
fn patches_stand_in_the_pedigree() {
    let document = document(&full());
    let components = document["components"].as_array().unwrap();
    assert_eq!(components.len(), 6);
    let patched = components
        .iter()
        .find(|one| one.get("pedigree").is_some())
        .unwrap();
    assert_eq!(
        patched["bom-ref"],
        "pkg:nix/nixpkgs/openssl@3.0.13?channel=nixos-26.05"
    );
    assert_eq!(
        patched["pedigree"]["patches"][0]["resolves"][0],
        json!({ "type": "security", "id": "CVE-2026-1234", "name": "CVE-2026-1234.patch" })
    );
}

#[test]
fn the_serial_number_stays_and_the_version_grows() {
    let first = document(&Issue {
        modified: full().published,
        revisions: Vec::new(),
        ..full()
    });
    let later = document(&full());
    assert_eq!(first["serialNumber"], later["serialNumber"]);
    assert_eq!(
        (&first["version"], &later["version"]),
        (&json!(1), &json!(3))
    );
    assert_ne!(document(&bare(3))["serialNumber"], later["serialNumber"]);
}

#[test]
fn withdrawal_rejects() {
    let document = document(&withdrawn());
    assert_eq!(
        states(&document),
        [
            ("CVE-2026-1234", "in_triage", 6),
            ("GHSA-vp9c-fpxx-744v", "in_triage", 6)
        ]
    );
    assert_eq!(
        document["vulnerabilities"][0]["rejected"],
        "2026-03-05T00:00:00Z"
    );
}

#[test]
fn the_whole_has_each_component_once() {
    let issues = [full(), bare(3), withdrawn()];
    let mut out = Vec::new();
    let now = at("2026-06-01T00:00:00Z");
    let count = cyclonedx::write_all(&issues, &provider(), now, 0, &mut out).unwrap();
    let whole: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(whole["version"], 1);
    assert_eq!(whole["components"].as_array().unwrap().len(), 6);
    // An issue without packages has a vulnerability that affects nothing known.
    assert_eq!((states(&whole).len(), count), (15, 15));
    assert_eq!(states(&whole)[12], ("NIXPKGS-2026-0003", "none", 0));
}
