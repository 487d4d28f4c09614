//! Version status: the examples of the CVE schema's docs/versions.md and of the OSV schema.

use serde_json::json;
use snowguard_advisory::model::{Status, Versions};
use snowguard_advisory::versions::{Basis, status};

use crate::order::Dotted;

fn cve(default: &str, entries: serde_json::Value) -> Versions {
    let text = json!({"semantics": "cve", "default": default, "entries": entries});
    serde_json::from_value(text).unwrap()
}

fn osv(events: serde_json::Value) -> Versions {
    let text = json!({
        "semantics": "osv",
        "ranges": [{"kind": "ECOSYSTEM", "events": events}],
        "versions": [],
    });
    serde_json::from_value(text).unwrap()
}

#[track_caller]
fn expect(versions: &Versions, expected: Status, list: &[&str]) {
    for version in list {
        let decision = status(versions, version, &Dotted);
        assert_eq!(decision.status, expected, "{version}: {decision:#?}");
    }
}

#[test]
fn range_with_both_bounds() {
    let versions = cve(
        "unaffected",
        json!([{"version": "2.0.0", "version_type": "semver", "less_than_or_equal": "2.5.1",
                "status": "affected"}]),
    );
    expect(&versions, Status::Affected, &["2.0.0", "2.3", "2.5.1"]);
    expect(&versions, Status::Unaffected, &["1.9.9", "2.5.2", "3.0"]);
    let decision = status(&versions, "2.3", &Dotted);
    assert_eq!(
        decision.decided().unwrap().bounds.to_string(),
        ">= 2.0.0, <= 2.5.1"
    );
    assert_eq!(decision.decided().unwrap().at.pointer(), "/versions/0");
    let after = status(&versions, "3.0", &Dotted);
    assert_eq!(after.basis, Basis::Default);
    assert!(after.left_behind().is_some());
    assert!(status(&versions, "1.0", &Dotted).left_behind().is_none());
}

#[test]
fn default_status_is_unknown_where_absent() {
    let entries = json!([
        {"version": "2.4", "status": "affected"},
        {"version": "2.5", "status": "affected"},
        {"version": "2.6", "status": "unaffected"},
    ]);
    let versions = cve("unknown", entries.clone());
    expect(&versions, Status::Affected, &["2.4", "2.5"]);
    expect(&versions, Status::Unaffected, &["2.6"]);
    expect(&versions, Status::Unknown, &["2.3", "2.7"]);
    expect(
        &cve("unaffected", entries),
        Status::Unaffected,
        &["2.3", "2.7"],
    );
}

#[test]
fn star_is_infinity() {
    let versions = cve(
        "unaffected",
        json!([{"version": "1.0", "less_than": "2.*", "version_type": "semver",
                "status": "affected"}]),
    );
    expect(
        &versions,
        Status::Affected,
        &["1.0", "1.9", "2", "2.0", "2.99"],
    );
    expect(&versions, Status::Unaffected, &["0.9", "3.0", "20.1"]);
    let open = cve(
        "unknown",
        json!([{"version": "1.0", "less_than": "*", "status": "affected"}]),
    );
    expect(&open, Status::Affected, &["1.0", "99"]);
    expect(&open, Status::Unknown, &["0.9"]);
}

#[test]
fn changes_are_sorted_first() {
    let versions = cve(
        "unknown",
        json!([{"version": "2.0.0", "version_type": "semver", "less_than": "2.*",
        "status": "affected", "changes": [
            {"at": "2.6.3", "status": "unaffected"},
            {"at": "2.5.2", "status": "unaffected"},
            {"at": "2.6.0", "status": "affected"},
        ]}]),
    );
    expect(
        &versions,
        Status::Affected,
        &["2.0.0", "2.5.1", "2.6.0", "2.6.2"],
    );
    expect(
        &versions,
        Status::Unaffected,
        &["2.5.2", "2.5.9", "2.6.3", "2.99"],
    );
    expect(&versions, Status::Unknown, &["1.0", "3.0"]);
    assert_eq!(status(&versions, "2.1", &Dotted).fixed_in, Some("2.5.2"));
    assert_eq!(status(&versions, "2.6.1", &Dotted).fixed_in, Some("2.6.3"));
    let decision = status(&versions, "2.6.1", &Dotted);
    assert_eq!(
        decision.decided().unwrap().bounds.to_string(),
        ">= 2.6.0, < 2.6.3"
    );
}

#[test]
fn the_first_matching_entry_decides() {
    let versions = cve(
        "unaffected",
        json!([
            {"version": "1.0", "less_than": "2.0", "status": "unaffected"},
            {"version": "0", "less_than": "3.0", "status": "affected"},
        ]),
    );
    expect(&versions, Status::Unaffected, &["1.5"]);
    expect(&versions, Status::Affected, &["0.5", "2.0"]);
}

/// The kernel's way: everything from the introduction on is affected, except what lies past the
/// fix of its stable branch.
#[test]
fn kernel_branches() {
    let versions = cve(
        "affected",
        json!([
            {"version": "5.4", "status": "affected"},
            {"version": "0", "less_than": "5.4", "status": "unaffected", "version_type": "semver"},
            {"version": "5.10.209", "less_than_or_equal": "5.10.*", "status": "unaffected",
             "version_type": "semver"},
            {"version": "6.1.75", "less_than_or_equal": "6.1.*", "status": "unaffected",
             "version_type": "semver"},
            {"version": "6.8", "less_than_or_equal": "*", "status": "unaffected",
             "version_type": "original_commit_for_fix"},
            {"version": "6.8", "less_than_or_equal": "*", "status": "unaffected"},
        ]),
    );
    expect(
        &versions,
        Status::Unaffected,
        &["5.3.18", "5.10.209", "5.10.300", "6.1.75", "6.8"],
    );
    expect(
        &versions,
        Status::Affected,
        &["5.4", "5.10.208", "5.15.1", "6.1.74", "6.7.9"],
    );
    assert_eq!(
        status(&versions, "5.10.100", &Dotted).fixed_in,
        Some("5.10.209")
    );
    assert_eq!(status(&versions, "6.2", &Dotted).fixed_in, Some("6.8"));
}

#[test]
fn commits_don_t_decide_about_releases() {
    let commits = json!([{"version": "1da177e4c3f4", "less_than": "9d5e4f0", "status": "affected",
                          "version_type": "git"}]);
    let decision_of = |default| status(&cve(default, commits.clone()), "5.4", &Dotted).status;
    assert_eq!(decision_of("unaffected"), Status::Unknown);
    assert_eq!(decision_of("affected"), Status::Unknown);
    let versions = cve("unaffected", commits);
    assert_eq!(status(&versions, "5.4", &Dotted).basis, Basis::CommitsOnly);
}

/// CVE-2023-2318 says `git` and gives release numbers.
#[test]
fn releases_that_are_called_commits_are_releases() {
    let entry = |from: &str, end: &str| {
        let entry = json!([{"version": from, "less_than_or_equal": end, "status": "affected", "version_type": "git"}]);
        cve("unaffected", entry)
    };
    for releases in [entry("0", "0.17.1"), entry("v0.1", "v0.17.1")] {
        expect(&releases, Status::Affected, &["0.16", "0.17.1"]);
        expect(&releases, Status::Unaffected, &["0.17.2"]);
    }
    for (from, end) in [
        ("1da177e4c3f4", "0.17.1"),
        ("0", "v6.1-3-g1da177e4c3f4"),
        ("0", "20240501"),
        ("0", "0"),
    ] {
        expect(&entry(from, end), Status::Unknown, &["0.16", "0.17.2"]);
    }
}

/// What can't be decided must not read as "not affected".
#[test]
fn undecidable_entries_make_the_default_unknown() {
    for text in ["n/a", "-", "unspecified", "see references", "0"] {
        let versions = cve(
            "unaffected",
            json!([{"version": text, "status": "affected"}]),
        );
        let decision = status(&versions, "1.0", &Dotted);
        assert_eq!(
            (decision.status, decision.basis),
            (Status::Unknown, Basis::Undecidable)
        );
    }
    let backwards = cve(
        "unaffected",
        json!([{"version": "3.0", "less_than": "2.0", "status": "affected"}]),
    );
    expect(&backwards, Status::Unknown, &["1.0", "2.5", "4.0"]);
    let open_end = cve(
        "unaffected",
        json!([{"version": "3.0", "less_than": "unspecified", "status": "affected"}]),
    );
    expect(&open_end, Status::Unaffected, &["1.0"]);
    expect(&open_end, Status::Unknown, &["3.0", "4.0"]);
}

#[test]
fn inferred_bounds_are_marked() {
    let versions = cve(
        "unknown",
        json!([{"version": ">= 1.3.0, < 1.3.19", "status": "affected"}]),
    );
    let decision = status(&versions, "1.3.5", &Dotted);
    assert_eq!(decision.status, Status::Affected);
    assert!(decision.is_inferred());
    assert_eq!(decision.fixed_in, Some("1.3.19"));
    let after = status(&versions, "1.3.19", &Dotted);
    assert_eq!(after.status, Status::Unknown);
    assert_eq!(
        after.left_behind().unwrap().bounds.to_string(),
        ">= 1.3.0, < 1.3.19"
    );
}

/// "Prior to 114" as Chrome's CNA writes it; strictly the range is empty.
#[test]
fn a_range_that_ends_where_it_begins_means_all_before() {
    let entries = json!([{"version": "114.0.5", "less_than": "114.0.5", "status": "affected"}]);
    let versions = cve("unknown", entries);
    expect(&versions, Status::Affected, &["1.0", "114.0.4"]);
    expect(&versions, Status::Unknown, &["114.0.5", "115"]);
    let decision = status(&versions, "1.0", &Dotted);
    assert!(decision.is_inferred());
    assert_eq!(decision.fixed_in, Some("114.0.5"));

    // curl, CVE-2023-38545.
    let both = cve(
        "unknown",
        json!([
            {"version": "8.4.0", "less_than": "8.4.0", "status": "affected"},
            {"version": "7.69.0", "less_than": "7.69.0", "status": "unaffected"},
        ]),
    );
    expect(&both, Status::Affected, &["7.69.0", "8.3.9"]);
    expect(&both, Status::Unaffected, &["7.68"]);
    expect(&both, Status::Unknown, &["8.4.0"]);
}

#[test]
fn osv_examples_of_the_schema() {
    expect(
        &osv(json!([{"introduced": "0"}])),
        Status::Affected,
        &["0", "1.0", "99"],
    );

    let fixed = osv(json!([{"introduced": "0"}, {"fixed": "1.0.2"}]));
    expect(&fixed, Status::Affected, &["0.1", "1.0.1"]);
    expect(&fixed, Status::Unaffected, &["1.0.2", "2.0"]);
    assert_eq!(status(&fixed, "1.0.1", &Dotted).fixed_in, Some("1.0.2"));

    // Events may stand in any order.
    let two = osv(
        json!([{"fixed": "3.2.5"}, {"introduced": "1.0.0"}, {"introduced": "3.0.0"},
                         {"fixed": "1.0.2"}]),
    );
    expect(
        &two,
        Status::Affected,
        &["1.0.0", "1.0.1", "3.0.0", "3.2.4"],
    );
    expect(&two, Status::Unaffected, &["0.9", "1.0.2", "2.9", "3.2.5"]);

    let last = osv(json!([{"introduced": "0"}, {"last_affected": "2.1.214"}]));
    expect(&last, Status::Affected, &["2.1.213", "2.1.214"]);
    expect(&last, Status::Unaffected, &["2.1.215"]);
}

#[test]
fn osv_limits_lists_and_commits() {
    let limited = osv(json!([{"introduced": "1.0"}, {"limit": "2.0"}]));
    expect(&limited, Status::Affected, &["1.0", "1.9"]);
    expect(&limited, Status::Unaffected, &["0.9", "2.0", "3.0"]);

    let listed: Versions = serde_json::from_value(
        json!({"semantics": "osv", "ranges": [], "versions": ["1.0", "2.0"]}),
    )
    .unwrap();
    expect(&listed, Status::Affected, &["1.0", "2.0.0"]);
    expect(&listed, Status::Unaffected, &["1.5"]);

    let commits: Versions = serde_json::from_value(json!({
        "semantics": "osv",
        "ranges": [{"kind": "GIT", "repo": "https://example.org/r", "events": [{"introduced": "0"}]}],
        "versions": [],
    }))
    .unwrap();
    expect(&commits, Status::Unknown, &["1.0"]);
    let odd = osv(json!([{"introduced": "0"}, {"fixed": "deadbeef"}]));
    expect(&odd, Status::Unknown, &["1.0"]);
}
