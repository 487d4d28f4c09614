//! Odd versions and odd ranges, as real records and real packages have them.

use serde_json::{Value, json};
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::Verdict;

use Verdict::{Affected, Fixed, NotAffected, Unknown};

/// The verdict on `tool` in a version, for a record with these version entries.
fn verdict(default: &str, versions: &Value, version: &str) -> Verdict {
    let record = json!({
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-1000", "state": "PUBLISHED",
            "assignerOrgId": "00000000-0000-4000-8000-000000000000"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "00000000-0000-4000-8000-000000000000"},
            "descriptions": [{"lang": "en", "value": "A flaw."}],
            "references": [{"url": "https://github.com/tool/tool/security/advisories/GHSA-1"}],
            "affected": [{"vendor": "tool", "product": "tool", "defaultStatus": default,
                "versions": versions}],
        }},
    });
    let read = cve5::read(record.to_string().as_bytes(), &Limits::default()).expect("valid");
    let advisory = Advisory {
        id: read.record.id.clone(),
        records: vec![read.record],
        kev: None,
        epss: None,
    };
    let package = PackageFacts::new(Package {
        attr: "tool".to_owned(),
        pname: "tool".to_owned(),
        version: version.to_owned(),
        sources: vec!["https://github.com/tool/tool/archive/v1.tar.gz".to_owned()],
        ..Package::default()
    });
    let facts = AdvisoryFacts::new(&advisory);
    judge(
        &advisory,
        &facts,
        &package,
        &Knowledge::default(),
        Allowed::ALL,
    )
    .expect("tied by name and link")
    .verdict
}

#[track_caller]
fn check(default: &str, versions: &Value, want: &[(&str, Verdict)]) {
    for (version, expected) in want {
        assert_eq!(
            verdict(default, versions, version),
            *expected,
            "{version} in {versions}"
        );
    }
}

fn below(upper: &str) -> Value {
    json!([{"version": "0", "lessThan": upper, "status": "affected", "versionType": "custom"}])
}

#[test]
fn texts_that_say_nothing_decide_nothing() {
    for text in ["n/a", "-", "unspecified", "unknown"] {
        let versions = json!([{"version": text, "status": "affected"}]);
        check("unknown", &versions, &[("1.2", Unknown)]);
    }
}

#[test]
fn a_star_is_every_version() {
    let versions = json!([{"version": "*", "status": "affected"}]);
    check(
        "unknown",
        &versions,
        &[("1.2", Affected), ("unstable-2024-05-01", Affected)],
    );
    let open = json!([{"version": "0", "lessThan": "*", "status": "affected"}]);
    check("unaffected", &open, &[("1.2", Affected)]);
}

#[test]
fn bounds_in_words() {
    for text in [
        "<= 1.2",
        "1.2 and earlier",
        "through 1.2",
        "up to 1.2",
        "1.2 and below",
    ] {
        let versions = json!([{"version": text, "status": "affected"}]);
        check(
            "unaffected",
            &versions,
            &[("1.1", Affected), ("1.2", Affected), ("1.3", Fixed)],
        );
    }
    for text in ["< 1.2", "before 1.2", "prior to 1.2"] {
        let versions = json!([{"version": text, "status": "affected"}]);
        check(
            "unaffected",
            &versions,
            &[("1.1", Affected), ("1.2", Fixed)],
        );
    }
}

#[test]
fn a_range_that_ends_before_it_begins_decides_nothing() {
    let versions = json!([{"version": "2.0", "lessThan": "1.0", "status": "affected", "versionType": "semver"}]);
    check(
        "unaffected",
        &versions,
        &[("0.9", Unknown), ("1.5", Unknown), ("2.1", Unknown)],
    );
}

#[test]
fn letters_and_patch_levels_come_after_the_release() {
    check(
        "unaffected",
        &below("1.1.1w"),
        &[("1.1.1v", Affected), ("1.1.1w", Fixed), ("1.1.1", Affected)],
    );
    check(
        "unaffected",
        &below("9.8p1"),
        &[("9.8", Affected), ("9.7p1", Affected), ("9.8p1", Fixed)],
    );
    check(
        "unaffected",
        &below("7.1.1-15"),
        &[("7.1.1-14", Affected), ("7.1.1-15", Fixed)],
    );
    check(
        "unaffected",
        &below("4.2.8p18"),
        &[("4.2.8p15", Affected), ("4.2.8p18", Fixed)],
    );
}

#[test]
fn a_pre_release_comes_before_its_release() {
    check(
        "unaffected",
        &below("2.0"),
        &[
            ("2.0-rc1", Affected),
            ("2.0beta2", Affected),
            ("2.0", Fixed),
        ],
    );
}

#[test]
fn snapshots_are_compared_with_what_they_can_be() {
    check(
        "unaffected",
        &below("1.2"),
        &[
            ("1.1-unstable-2024-05-01", Affected),
            ("1.2-unstable-2024-05-01", Fixed),
            // A day can't be placed among release numbers.
            ("0-unstable-2024-05-01", Unknown),
            ("unstable-2024-05-01", Unknown),
        ],
    );
    check(
        "unaffected",
        &below("2024-05-01"),
        &[
            ("0-unstable-2024-04-30", Affected),
            ("2024-05-01", Fixed),
            ("1.2", Unknown),
        ],
    );
}

#[test]
fn dates_written_as_versions() {
    check(
        "unaffected",
        &below("20240501"),
        &[("20240430", Affected), ("20240501", Fixed)],
    );
    check(
        "unaffected",
        &below("2024.5.1"),
        &[("2024.4.9", Affected), ("2024.10.0", Fixed)],
    );
}

#[test]
fn commits_compare_with_nothing() {
    for commit in ["1da177e4c3f41524e886b7f1b8a0c1fc7321cac2", "1da177e4c3f4"] {
        for kind in ["git", "custom"] {
            let versions = json!([{"version": commit, "lessThan": "958cb1078ca6", "status": "affected",
                "versionType": kind}]);
            check("unaffected", &versions, &[("6.18.37", Unknown)]);
        }
        check("unaffected", &below("1.2"), &[(commit, Unknown)]);
    }
}

#[test]
fn the_lower_bound_holds() {
    let versions = json!([{"version": "1.5", "lessThan": "2.0", "status": "affected",
        "versionType": "semver"}]);
    check(
        "unaffected",
        &versions,
        &[("1.4", NotAffected), ("1.5", Affected), ("2.0", Fixed)],
    );
}

#[test]
fn a_package_without_a_version_is_left_open() {
    check("unaffected", &below("1.2"), &[("", Unknown)]);
}

#[test]
fn an_epoch_weighs_more_than_any_number() {
    let versions = json!([{"version": "0", "lessThan": "1:1.0", "status": "affected",
        "versionType": "rpm"}]);
    check(
        "unaffected",
        &versions,
        &[("1:0.9", Affected), ("1:1.0", Fixed)],
    );
}
