//! What rules make and prevent, and what they leave alone.

use serde_json::{Value, json};
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_matching::evidence::{Allowed, Evidence};
use snowguard_matching::index::PackageIndex;
use snowguard_matching::judge::judge_all;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::rules::{Rule, Says, Target};
use snowguard_matching::verdict::{Match, Tier, Verdict};

fn advisory(affected: &Value, link: &str) -> Advisory {
    let organisation = "00000000-0000-4000-8000-000000000000";
    let record = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-1000", "state": "PUBLISHED", "assignerOrgId": organisation},
        "containers": {"cna": {
            "providerMetadata": {"orgId": organisation},
            "descriptions": [{"lang": "en", "value": "A flaw."}],
            "references": [{"url": link}],
            "affected": affected,
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

fn row(vendor: &str, product: &str) -> Value {
    json!({"vendor": vendor, "product": product, "defaultStatus": "unaffected",
        "versions": [{"version": "0", "lessThan": "2", "status": "affected", "versionType": "semver"}]})
}

fn package(attr: &str, pname: &str, source: &str) -> Package {
    Package {
        attr: attr.to_owned(),
        pname: pname.to_owned(),
        version: "1.0".to_owned(),
        sources: vec![source.to_owned()],
        ..Package::default()
    }
}

/// What is found among `packages`, with rules of (vendor, product, attribute); no attribute: never.
fn found(
    advisory: &Advisory,
    packages: &[Package],
    rules: &[(&str, &str, Option<&str>)],
    allowed: Allowed,
) -> Vec<Match> {
    let mut knowledge = Knowledge::default();
    for (number, (vendor, product, attr)) in (1..).zip(rules) {
        let own: Vec<PackageFacts> = packages
            .iter()
            .filter(|package| Some(package.attr.as_str()) == *attr)
            .cloned()
            .map(PackageFacts::new)
            .collect();
        let rule = Rule {
            number,
            sentence: format!("{vendor} {product} {attr:?}"),
            says: attr.map_or(Says::Never, |attr| Says::Is(Target::new(attr, &own))),
        };
        let product = Some(*product).filter(|product| !product.is_empty());
        knowledge.rules_mut().add(vendor, product, rule);
    }
    let index = PackageIndex::new(packages.to_vec());
    judge_all(advisory, &index, &knowledge, allowed)
}

fn codes(found: &Match) -> Vec<&str> {
    found
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

const SOURCE: &str = "https://github.com/acme/tool/archive/v1.tar.gz";

#[test]
fn an_identity_ties_what_shares_no_name_and_its_variants_with_it() {
    let advisory = advisory(&json!([row("GNU", "C Library")]), "https://example.org");
    let packages = [
        package("fooPackages.weird_attr", "unlike", SOURCE),
        package("other-build", "other-build", SOURCE),
        package("clibrary", "clibrary", "https://example.com/c.tar.gz"),
    ];
    let rules = [("gnu", "c_library", Some("fooPackages.weird_attr"))];
    let all = found(&advisory, &packages, &rules, Allowed::ALL);
    let attrs: Vec<_> = all
        .iter()
        .map(|found| (found.attr.as_str(), found.variant_of.as_deref()))
        .collect();
    // What is called so is kept out; without the rule only that is found.
    assert_eq!(
        attrs,
        [
            ("fooPackages.weird_attr", None),
            ("other-build", Some("fooPackages.weird_attr"))
        ]
    );
    assert!(
        all.iter()
            .all(|found| found.tier == Tier::High && found.verdict == Verdict::Affected)
    );
    assert_eq!(codes(&all[0]), ["range_affected", "rule_identity"]);
    assert_eq!(codes(&all[1]), ["range_affected", "rule_identity_variant"]);
    assert!(all[0].reasons[1].text.starts_with("rule 1: "));
    let blind = found(
        &advisory,
        &packages,
        &rules,
        Allowed::without(&[Evidence::Rules]),
    );
    assert_eq!(blind.len(), 1);
    assert_eq!(blind[0].attr, "clibrary");
}

#[test]
fn never_keeps_a_vendor_out_link_or_not() {
    let advisory = advisory(
        &json!([row("Acme", "tool")]),
        "https://github.com/acme/tool/commit/0123456789abcdef",
    );
    let packages = [package("tool", "tool", SOURCE)];
    let count = |rules: &[_]| found(&advisory, &packages, rules, Allowed::ALL).len();
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&[("acme", "", None)]), 0);
    assert_eq!(count(&[("acme", "tool", None)]), 0);
    assert_eq!(count(&[("acme", "other", None), ("emca", "", None)]), 1);
    // The nearer rule counts.
    assert_eq!(
        count(&[("acme", "", None), ("acme", "tool", Some("tool"))]),
        1
    );
}

#[test]
fn another_row_still_ties_and_tells_what_the_rule_prevented() {
    let advisory = advisory(
        &json!([row("Acme", "tool"), row("tool", "tool")]),
        "https://github.com/acme/tool/commit/0123456789abcdef",
    );
    let packages = [package("tool", "tool", SOURCE)];
    let all = found(
        &advisory,
        &packages,
        &[("acme", "tool", None)],
        Allowed::ALL,
    );
    let against = all[0]
        .reasons
        .iter()
        .find(|reason| reason.code == "rule_never")
        .unwrap();
    assert!(against.text.starts_with("rule 1: "));
    assert_eq!(
        against.at.as_deref(),
        Some("CVE-2024-1000#/containers/cna/affected/0")
    );
    let all = found(
        &advisory,
        &packages,
        &[("acme", "tool", Some("elsewhere"))],
        Allowed::ALL,
    );
    assert!(codes(&all[0]).contains(&"rule_identity"));
}

#[test]
fn what_nixpkgs_itself_says_is_beyond_every_rule() {
    let advisory = advisory(&json!([row("Acme", "tool")]), "https://example.org");
    let mut patched = package("tool", "tool", SOURCE);
    patched.patches = vec!["CVE-2024-1000.patch".to_owned()];
    let all = found(&advisory, &[patched], &[("acme", "", None)], Allowed::ALL);
    assert_eq!(all[0].verdict, Verdict::Fixed);
    assert!(codes(&all[0]).contains(&"patch_names_advisory"));
}
