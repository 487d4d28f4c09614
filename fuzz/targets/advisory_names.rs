//! CPE names, package URLs, CVSS vectors, ids in text: what is read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_advisory::cpe::{Cpe, Relation};
use snowguard_advisory::purl::Purl;
use snowguard_advisory::{cvss, ids, time};

fuzz_target!(|text: &str| {
    if let Ok(name) = Cpe::parse(text) {
        assert_eq!(Cpe::parse(&name.to_string()).as_ref(), Ok(&name));
        assert_eq!(Cpe::parse(&name.to_uri()).as_ref(), Ok(&name));
        assert_eq!(Cpe::parse(&name.to_wfn()).as_ref(), Ok(&name));
        assert_ne!(name.relation(&name), Relation::Disjoint);
    }
    if let Ok(purl) = Purl::parse(text) {
        assert_eq!(Purl::parse(&purl.to_string()), Ok(purl));
    }
    if let Some(score) = cvss::base_score(text) {
        assert!((0.0..=10.0).contains(&score));
    }
    for id in ids::cves_in(text) {
        assert!(ids::is_cve(&id));
    }
    assert!(time::millis(text).is_none_or(|millis| millis >= 0));
});
