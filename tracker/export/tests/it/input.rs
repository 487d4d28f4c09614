//! The input model as JSON: what is written can be read, and nothing invalid can be.

use proptest::prelude::*;
use serde_json::{Value, json};
use snowguard_tracker_export::signing::{PublicKey, SecretKey};
use snowguard_tracker_export::{
    AttributePath, BranchName, ChannelName, CpeName, Cursor, CvssVector, Issue, IssueId, Moment,
    Provider, TaggingEntity, WebUrl,
};

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
        "https://tracker.example.org/issue/NIXPKGS-2026-0001"
    );
    let path = snowguard_tracker_export::paths::csaf(issue.id, issue.published);
    assert_eq!(
        provider().export(&path).as_str(),
        "https://tracker.example.org/exports/csaf/2026/nixpkgs-2026-0001.json"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Constructors take any text without failing, and what they take they write so that they take it again.
    #[test]
    fn any_text_is_refused_or_kept(text in any_text()) {
        if let Ok(url) = WebUrl::new(&text) {
            prop_assert_eq!(&WebUrl::new(url.as_str()).unwrap(), &url);
            prop_assert!(url.as_str().is_ascii());
        }
        if let Ok(vector) = CvssVector::parse(&text) {
            prop_assert_eq!(CvssVector::parse(vector.as_str()).unwrap(), vector);
        }
        if let Ok(id) = text.parse::<IssueId>() {
            prop_assert_eq!(id.to_string(), text.as_str());
        }
        if let Ok(moment) = text.parse::<Moment>() {
            prop_assert_eq!(moment.to_string().parse::<Moment>().unwrap(), moment);
        }
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
        if let Ok(attribute) = AttributePath::new(text.as_str()) {
            prop_assert!(!attribute.as_str().chars().any(char::is_control));
        }
        let _any = (BranchName::new(text.as_str()), ChannelName::new(text.as_str()), CpeName::new(text.as_str()));
        let _any = (SecretKey::parse(&text), PublicKey::parse(&text));
        prop_assert!(TaggingEntity::new("example.org,2026").unwrap().tag(&text).is_ascii());
    }
}

/// Hostile texts, and ones that are nearly right.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        crate::hostile::text(),
        "https?://[a-z.\\[\\]:@]{0,12}/[ -~]{0,20}",
        "(CVSS:3\\.1/)?(AV:[NALPX]/?|AC:[LH]/?|C:[NLHC]/?|[A-Za-z]:.){0,9}",
        "NIXPKGS-[0-9+]{0,5}-[0-9]{0,11}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?Z(/NIXPKGS-2026-0001)?",
        "cpe:2\\.3:[aho](:[a-z*?\\\\:.-]{0,4}){8,12}",
        "(untrusted comment: x\n)?RW[A-Za-z0-9+/]{54}",
    ]
}
