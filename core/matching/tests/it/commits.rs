//! Ranges that end at a commit, as Go's database of vulnerabilities and what is made of it give them.

use serde_json::json;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::{CpeMatch, Status, Versions};
use snowguard_advisory::osv;
use snowguard_advisory::versions::{self, Basis};
use snowguard_matching::order::Scheme;

const FIX: &str = "0.0.0-20250806194004-a14053c9679d";

fn said(events: serde_json::Value, version: &str) -> (Status, Basis) {
    let versions: Versions = serde_json::from_value(json!({
        "semantics": "osv", "versions": [], "ranges": [{"kind": "SEMVER", "events": events}],
    }))
    .expect("a statement");
    let decision = versions::status(&versions, version, &Scheme::Semver);
    (decision.status, decision.basis)
}

/// GO-2026-6219: SeaweedFS 4.23 has the flaw, and Go's database does not know 4.24.
#[test]
fn a_commit_does_not_say_which_release_is_fixed() {
    let only = json!([{"introduced": "0"}, {"fixed": FIX}]);
    let open = (Status::Unknown, Basis::CommitsOnly);
    for version in ["4.23", "4.24", "0.9"] {
        assert_eq!(said(only.clone(), version), open, "{version}");
    }
    let day = |version| said(only.clone(), version).0;
    assert_eq!(day("0-unstable-2025-08-05"), Status::Affected);
    assert_eq!(day("0-unstable-2025-08-07"), Status::Unaffected);
}

/// GO-2025-3858: every release that Go sees "has the flaw"; 2.3.2 has not.
#[test]
fn releases_without_an_end_beside_a_commit_are_left_open() {
    let events = json!([{"introduced": "0"}, {"fixed": FIX}, {"introduced": "0.1.0"}]);
    assert_eq!(said(events.clone(), "2.4.1").0, Status::Unknown);
    assert_eq!(said(events, "0.1.0").0, Status::Unknown);
}

/// BIT-openbao-2025-54997 gives the releases beside the commit.
#[test]
fn releases_beside_a_commit_decide() {
    let events =
        json!([{"introduced": "0"}, {"fixed": FIX}, {"introduced": "0.0.1"}, {"fixed": "2.3.2"}]);
    assert_eq!(said(events.clone(), "2.3.1").0, Status::Affected);
    assert_eq!(said(events.clone(), "2.3.2").0, Status::Unaffected);
    assert_eq!(said(events, "2.4.1").0, Status::Unaffected);
}

/// The same record says elsewhere what the software's own numbers are.
#[test]
fn the_software_s_own_numbers_count_before_those_of_modules() {
    let entry = json!({
        "id": "GO-2025-3858", "modified": "2026-01-01T00:00:00Z",
        "affected": [{
            "package": {"name": "github.com/openbao/openbao", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": FIX}, {"introduced": "0.1.0"}]}],
            "ecosystem_specific": {"custom_ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]},
            ]},
        }],
    });
    let read = osv::read(entry.to_string().as_bytes(), None, &Limits::default()).expect("an entry");
    let versions = &read.record.affected[0].versions;
    let said = |version| versions::status(versions, version, &Scheme::Semver);
    let affected = said("2.3.1");
    assert_eq!(
        (affected.status, affected.fixed_in),
        (Status::Affected, Some("2.3.2"))
    );
    let decided = affected.decided().expect("a range");
    assert_eq!(decided.at.pointer(), "/ecosystem_specific/custom_ranges/0");
    for version in ["2.3.2", "2.4.1"] {
        assert_eq!(said(version).status, Status::Unaffected, "{version}");
    }
}

/// GO-2026-5740 gives "since 0.43.0" so, and the fix among its ranges of modules.
#[test]
fn own_numbers_without_an_end_do_not_hide_the_fix() {
    let entry = json!({
        "id": "GO-2026-5740", "modified": "2026-01-01T00:00:00Z",
        "affected": [{
            "package": {"name": "github.com/gohugoio/hugo", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "0.161.0"}]}],
            "ecosystem_specific": {"custom_ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0.43.0"}]},
            ]},
        }],
    });
    let read = osv::read(entry.to_string().as_bytes(), None, &Limits::default());
    let versions = &read.expect("an entry").record.affected[0].versions;
    let said = |version| versions::status(versions, version, &Scheme::Semver).status;
    assert_eq!(said("0.163.3"), Status::Unaffected);
    assert_eq!(said("0.160.0"), Status::Affected);
}

#[test]
fn a_cpe_that_ends_at_a_commit_is_left_open() {
    let found: CpeMatch = serde_json::from_value(json!({
        "criteria": "cpe:2.3:a:openbao:openbao:*:*:*:*:*:*:*:*", "vulnerable": true, "end_excluding": FIX,
    }))
    .expect("a match");
    let decision = versions::cpe_match(&found, "2.3.1", &Scheme::Semver);
    assert_eq!(
        (decision.status, decision.basis),
        (Status::Unknown, Basis::CommitsOnly)
    );
}
