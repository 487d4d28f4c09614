//! OSV records.

use serde_json::{Value, json};
use snowguard_tracker_export::osv::{Names, Record, document, write_lines};
use snowguard_tracker_export::{Issue, Status};

use crate::sample::{bare, full, provider, withdrawn};

fn record(issue: &Issue) -> Value {
    serde_json::to_value(Record::of(issue, &provider(), Names::Nixpkgs)).unwrap()
}

#[test]
fn ranges_say_what_is_known() {
    let record = record(&full());
    let affected = record["affected"].as_array().unwrap();
    // Two of six say nothing in OSV's terms: not affected, under investigation.
    assert_eq!(affected.len(), 4);
    assert_eq!(
        affected[0]["package"],
        json!({
            "ecosystem": "Nixpkgs:nixos-unstable",
            "name": "openssl",
            "purl": "pkg:nix/nixpkgs/openssl?channel=nixos-unstable",
        })
    );
    let repo = "https://github.com/NixOS/nixpkgs";
    assert_eq!(
        affected[0]["ranges"],
        json!([
            { "type": "ECOSYSTEM", "events": [{ "introduced": "3.0.0" }, { "fixed": "3.0.14" }] },
            { "type": "GIT", "repo": repo, "events": [
                { "introduced": "1".repeat(40) }, { "fixed": "2".repeat(40) }
            ] },
        ])
    );
    // Patched: no range of versions, since the version is the same before and after.
    assert_eq!(
        affected[1]["ranges"],
        json!([{ "type": "GIT", "repo": repo, "events": [
            { "introduced": "0" }, { "fixed": "4".repeat(40) }
        ] }])
    );
    // Won't be fixed: nobody knows which versions will come, so that no range is given.
    assert_eq!(affected[0]["versions"], json!(["3.0.12", "3.0.13"]));
    assert_eq!(affected[2].get("ranges"), None);
    assert_eq!(affected[2]["versions"], json!(["3.0.13"]));
    assert_eq!(
        affected[2]["ecosystem_specific"]["status"]["is"],
        "wont_fix"
    );
    assert_eq!(affected[3]["package"]["name"], "openssl_1_1");
    // Everything said of every package stands in the database's own part.
    let all = &record["database_specific"]["packages"];
    assert_eq!(all[1]["channels"].as_array().unwrap().len(), 3);
    assert_eq!(all[1]["channels"][2]["status"]["is"], "not_affected");
}

#[test]
fn a_patch_without_a_commit_leaves_no_range() {
    let mut issue = full();
    issue.packages[0].channels[1].fixed_by = None;
    let record = record(&issue);
    let affected = record["affected"].as_array().unwrap();
    assert_eq!(affected.len(), 3);
    let told = |entry: &Value| entry["package"]["ecosystem"] == "Nixpkgs:nixos-26.05";
    assert!(!affected.iter().any(told));
    let status = &record["database_specific"]["packages"][0]["channels"][1]["status"];
    assert_eq!(status["patches"], json!(["CVE-2026-1234.patch"]));
}

#[test]
fn advisories_are_upstream_and_withdrawal_is_told() {
    let told = record(&full());
    assert_eq!(
        told["upstream"],
        json!(["CVE-2026-1234", "GHSA-vp9c-fpxx-744v", "CVE-2026-1235"])
    );
    assert_eq!(told.get("aliases"), None);
    assert_eq!(told.get("withdrawn"), None);
    let told = record(&withdrawn());
    assert_eq!(told["withdrawn"], "2026-03-05T00:00:00Z");
    assert_eq!(
        told["summary"],
        "Withdrawn: The advisory is about another product of that name."
    );
    assert_eq!(record(&bare(7))["summary"], "NIXPKGS-2026-0007");
}

#[test]
fn without_registration_the_id_is_local_and_no_ecosystem_is_named() {
    let issue = full();
    let record = serde_json::to_value(Record::of(&issue, &provider(), Names::Local)).unwrap();
    assert_eq!(record["id"], "x_NIXPKGS-2026-0001");
    assert_eq!(record["affected"][0].get("package"), None);
    assert_eq!(
        record["affected"][0]["ecosystem_specific"]["channel"],
        "nixos-unstable"
    );
}

#[test]
fn lines_are_the_documents() {
    let issues = [full(), withdrawn(), bare(3)];
    let mut out = Vec::new();
    let count = write_lines(&issues, &provider(), Names::Nixpkgs, &mut out).unwrap();
    assert_eq!(count, 3);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 3);
    for (line, issue) in text.lines().zip(&issues) {
        let line: Value = serde_json::from_str(line).unwrap();
        let document = document(issue, &provider(), Names::Nixpkgs);
        let whole: Value = serde_json::from_slice(&document.bytes).unwrap();
        assert_eq!(line, whole);
        assert_eq!(document.path, format!("osv/{}.json", issue.id));
    }
}

#[test]
fn no_range_calls_the_fixed_version_affected() {
    let mut ranges = 0;
    for issue in crate::hostile::corpus(200) {
        for (_, channel) in issue.statuses() {
            let known = channel.affected();
            ranges += known.ranges.len();
            if let Status::FixedInVersion { version } = &channel.status {
                assert!(!known.ranges.iter().any(|range| range.holds(version)));
                assert!(!known.versions.contains(&version));
            }
        }
        let record = record(&issue);
        let all = record["affected"].as_array().unwrap().iter();
        for range in all.filter_map(|one| one["ranges"].as_array()).flatten() {
            let events = range["events"].as_array().unwrap();
            let open = range["type"] == "ECOSYSTEM" && events.len() != 2;
            assert!(!open, "a range without an end: {range}");
        }
    }
    assert!(ranges > 20);
}
