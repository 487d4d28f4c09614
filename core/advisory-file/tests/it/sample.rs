//! A small file to try things on.

use snowguard_advisory::model::{Advisory, Affected, Record, Reference, Source, Status, Versions};
use snowguard_advisory_file::{Contents, PublicKey, SecretKey, Writer};
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;

pub fn key() -> SecretKey {
    SecretKey::from_seed("test-1", &[1; 32]).expect("a good name")
}

pub fn trusted() -> Vec<PublicKey> {
    vec![key().public()]
}

pub fn advisory(number: usize) -> Advisory {
    let id = format!("CVE-2024-{}", 1000 + number);
    let mut record = Record::new(id.clone(), Source::CveList);
    record.description = format!("A flaw in product {}: {}", number % 50, "words ".repeat(20));
    record.aliases = vec![format!("GHSA-{number:04}")];
    record.references.push(Reference {
        url: format!("https://github.com/owner/product{}/commit/abc", number % 50),
        tags: vec!["patch".to_owned()],
        name: None,
    });
    record.affected.push(Affected {
        by: "cna".to_owned(),
        pointer: "/containers/cna/affected/0".to_owned(),
        vendor: Some("owner".to_owned()),
        product: Some(format!("product{}", number % 50)),
        repo: Some(format!("https://github.com/owner/product{}", number % 50)),
        versions: Versions::Cve {
            default: Status::Unaffected,
            entries: vec![snowguard_advisory::model::CveVersion {
                version: "0".to_owned(),
                status: Status::Affected,
                less_than: Some(format!("1.{}", number / 50)),
                less_than_or_equal: None,
                version_type: Some("semver".to_owned()),
                changes: Vec::new(),
            }],
        },
        ..Affected::default()
    });
    Advisory {
        id,
        records: vec![record],
        kev: None,
        epss: None,
    }
}

pub fn package(number: usize) -> Package {
    Package {
        attr: format!("product{number}"),
        name: format!("product{number}-1.3"),
        pname: format!("product{number}"),
        version: "1.3".to_owned(),
        outputs: vec![(
            "out".to_owned(),
            format!("{number:0>32}-product{number}-1.3"),
        )],
        sources: vec![format!(
            "https://github.com/owner/product{number}/v1.3.tar.gz"
        )],
        ..Package::default()
    }
}

/// 600 advisories of 50 products, and their packages.
pub fn writer(advisories: impl IntoIterator<Item = usize>) -> Writer {
    let knowledge = Knowledge::default();
    let mut writer = Writer::default();
    for number in advisories {
        writer
            .advisory(&advisory(number), &knowledge)
            .expect("plain values");
    }
    writer
        .channel("unstable", Some("abc"), (0..50).map(package))
        .expect("plain values");
    writer
}

pub fn bytes() -> Vec<u8> {
    let contents = Contents {
        serial: 7,
        created: 1_700_000_000_000,
        ..Contents::default()
    };
    writer(0..600)
        .finish(contents, &key())
        .expect("it is small")
}
