//! The input model as JSON: what is written can be read, and nothing invalid can be.

use serde_json::{Value, json};
use snowguard_tracker_export::{Issue, Provider};

use crate::sample::{bare, full, provider, withdrawn};

#[test]
fn issues_and_providers_are_written_and_read() {
    for issue in [full(), withdrawn(), bare(3)] {
        let text = serde_json::to_string(&issue).unwrap();
        assert_eq!(serde_json::from_str::<Issue>(&text).unwrap(), issue);
    }
    let text = serde_json::to_string(&provider()).unwrap();
    assert_eq!(serde_json::from_str::<Provider>(&text).unwrap(), provider());
}

#[test]
fn what_a_constructor_refuses_cannot_be_read() {
    let whole = serde_json::to_value(full()).unwrap();
    for (place, bad) in [
        ("/id", json!("NIXPKGS-2026-1")),
        ("/published", json!("1969-01-01T00:00:00Z")),
        ("/severity/vector", json!("CVSS:3.1/AV:N")),
        ("/references/0/url", json!("javascript:alert(1)")),
        ("/advisories/0/id", json!("<b>")),
        ("/packages/0/attribute", json!("a\u{0}")),
        ("/packages/0/channels/0/channel", json!("../x")),
        ("/packages/0/channels/0/branch", json!("a..b")),
        ("/packages/0/channels/0/fixed_by", json!("abc")),
        ("/packages/0/channels/0/status/is", json!("fine")),
        ("/packages/0/cpes/0", json!("cpe:/a:x")),
    ] {
        let mut changed: Value = whole.clone();
        *changed.pointer_mut(place).unwrap() = bad;
        assert!(serde_json::from_value::<Issue>(changed).is_err(), "{place}");
    }
}

#[test]
fn addresses_follow_from_the_provider() {
    let issue = full();
    assert_eq!(
        provider().issue_page(issue.id).as_str(),
        "https://tracker.example.org/issues/NIXPKGS-2026-0001"
    );
    let path = snowguard_tracker_export::paths::csaf(issue.id, issue.published);
    assert_eq!(
        provider().export(&path).as_str(),
        "https://tracker.example.org/exports/csaf/2026/nixpkgs-2026-0001.json"
    );
}
