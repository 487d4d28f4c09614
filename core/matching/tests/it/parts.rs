//! Packages that share a repository, and advisories that name one of them.

use serde_json::json;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::tie::{Tie, tie};
use snowguard_matching::verdict::{Tier, Weight};

/// A record of a product in `elastic/beats`, with a CPE that names the whole, as CVE-2026-26931 has.
fn advisory(product: &str) -> Advisory {
    let affected = |cpe: &str| {
        json!({"vendor": "Elastic", "product": product, "repo": "https://github.com/elastic/beats",
            "cpes": [format!("cpe:2.3:a:elastic:{cpe}:*:*:*:*:*:*:*:*")],
            "versions": [{"version": "8.0.0", "lessThan": "8.19.10", "status": "affected"}]})
    };
    let record = json!({
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-1000", "state": "PUBLISHED",
            "assignerOrgId": "00000000-0000-4000-8000-000000000000"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "00000000-0000-4000-8000-000000000000"},
            "descriptions": [{"lang": "en", "value": "A flaw."}],
            "references": [{"url": "https://github.com/elastic/beats/pull/1"}],
            "affected": [affected(&product.to_lowercase()), affected("beats")],
        }},
    });
    let read = cve5::read(record.to_string().as_bytes(), &Limits::default()).expect("valid");
    Advisory {
        id: read.record.id.clone(),
        records: vec![read.record],
        kev: None,
        epss: None,
    }
}

fn tied(product: &str, pname: &str, siblings: &[&str]) -> Tie {
    let package = PackageFacts::new(Package {
        attr: pname.to_owned(),
        pname: pname.to_owned(),
        version: "8.19.9".to_owned(),
        sources: vec!["https://github.com/elastic/beats/archive/v8.19.9.tar.gz".to_owned()],
        siblings: siblings.iter().map(|&name| name.to_owned()).collect(),
        ..Package::default()
    });
    let facts = AdvisoryFacts::new(&advisory(product));
    tie(&facts, &package, &Knowledge::default(), Allowed::ALL).expect("a common repository")
}

fn speaks_against(tie: &Tie) -> bool {
    let against = |reason: &snowguard_matching::verdict::Reason| {
        reason.code == "other_part" && reason.weight == Weight::Against
    };
    tie.reasons.iter().any(against)
}

#[test]
fn an_advisory_of_another_part_is_low() {
    let tie = tied("Metricbeat", "packetbeat", &["filebeat", "metricbeat"]);
    assert_eq!(tie.tier, Tier::Low);
    assert!(speaks_against(&tie), "{:?}", tie.reasons);
}

#[test]
fn the_part_itself_and_the_whole_stay_tied() {
    let itself = tied("Metricbeat", "metricbeat", &["filebeat", "packetbeat"]);
    assert_eq!(itself.tier, Tier::High);
    let whole = tied("Beats", "packetbeat", &["filebeat", "metricbeat"]);
    assert_eq!(whole.tier, Tier::High);
    assert!(!speaks_against(&itself) && !speaks_against(&whole));
}

#[test]
fn what_is_called_like_the_repository_is_the_whole() {
    // `beats-tools` beside `beats`: an advisory of `beats` is about all that is built from there.
    let tie = tied("Beats", "packetbeat", &["beats", "beats-tools"]);
    assert_eq!(tie.tier, Tier::High);
}

#[test]
fn a_name_that_no_package_has_says_nothing() {
    // A part of the whole that Nixpkgs has no package of may be inside of any of them.
    let tie = tied("Libbeat", "packetbeat", &["filebeat", "metricbeat"]);
    assert_eq!(tie.tier, Tier::High);
}
