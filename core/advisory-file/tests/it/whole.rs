use std::collections::HashSet;

use snowguard_advisory_file::{AdvisoryFile, Chunk, Contents, PackageKey, Ruling};
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::keys;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::PackageFacts;

use crate::sample;

#[test]
fn what_is_written_is_found_again() {
    let bytes = sample::bytes();
    let file = AdvisoryFile::open(&bytes, &sample::trusted()).unwrap();
    assert_eq!(file.header().serial, 7);
    assert_eq!(file.header().advisories, 600);
    assert_eq!(file.header().channels[0].packages, 50);
    assert_eq!(file.signed_by(), "test-1");
    assert!(file.check_all().unwrap() > 5);
    let mut reader = file.reader();
    for id in ["CVE-2024-1321", "GHSA-0321"] {
        let found = reader.find(id).unwrap().expect(id);
        let facts = reader.facts(found).unwrap();
        assert_eq!(facts.advisory.id, "CVE-2024-1321");
        assert_eq!(facts.brief.aliases, ["GHSA-0321"]);
        let prose = reader.prose(found).unwrap();
        assert_eq!(prose.references[0].tags, ["patch"]);
        assert!(prose.description.starts_with("A flaw in product 21"));
    }
    assert_eq!(reader.find("CVE-2024-1").unwrap(), None);
    for key in [
        PackageKey::Pname("product7"),
        PackageKey::Name("product7-1.3"),
        PackageKey::Attribute("product7"),
        PackageKey::Output("00000000000000000000000000000007"),
    ] {
        let found = reader.packages(key).unwrap();
        assert_eq!(found.len(), 1, "{key:?}");
        assert_eq!(found[0].1.attr, "product7");
    }
    assert!(
        reader
            .packages(PackageKey::Pname("product"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn verdicts_from_the_file_are_those_from_the_whole_records() {
    let bytes = sample::bytes();
    let file = AdvisoryFile::open(&bytes, &sample::trusted()).unwrap();
    let knowledge = Knowledge::default();
    let mut judged = 0;
    for number in 0..50 {
        let package = PackageFacts::new(sample::package(number));
        let mut candidates: Vec<_> = keys::of_package_facts(&package)
            .into_iter()
            .flat_map(|key| file.candidates(key).unwrap())
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        assert_eq!(candidates.len(), 12);
        let mut reader = file.reader();
        for candidate in candidates {
            let read = reader.facts(candidate).unwrap();
            let number: usize = read
                .advisory
                .id
                .rsplit('-')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            let whole = sample::advisory(number - 1000);
            assert_eq!(read.facts, AdvisoryFacts::new(&whole));
            let from_file = judge(
                &read.advisory,
                &read.facts,
                &package,
                &knowledge,
                Allowed::ALL,
            );
            let from_whole = judge(
                &whole,
                &AdvisoryFacts::new(&whole),
                &package,
                &knowledge,
                Allowed::ALL,
            );
            assert_eq!(from_file, from_whole);
            assert!(from_file.is_some());
            judged += 1;
        }
    }
    assert_eq!(judged, 600);
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert!(sample::bytes() == sample::bytes());
    let backwards = sample::writer((0..600).rev())
        .finish(
            Contents {
                serial: 7,
                created: 1_700_000_000_000,
                ..Contents::default()
            },
            &sample::key(),
        )
        .unwrap();
    assert!(backwards == sample::bytes());
}

#[test]
fn a_file_with_one_advisory_more_shares_most_blocks() {
    let old = sample::bytes();
    let dictionaries = AdvisoryFile::open(&old, &sample::trusted())
        .unwrap()
        .dictionaries();
    let contents = Contents {
        dictionaries: Some(dictionaries),
        ..Contents::default()
    };
    let new = sample::writer(0..601)
        .finish(contents, &sample::key())
        .unwrap();
    let chunks = |bytes: &[u8]| {
        AdvisoryFile::open(bytes, &sample::trusted())
            .unwrap()
            .header()
            .chunks
            .clone()
    };
    let known: HashSet<Chunk> = chunks(&old).into_iter().collect();
    let all = chunks(&new);
    let shared = all.iter().filter(|chunk| known.contains(chunk)).count();
    assert!(shared * 3 > all.len(), "{shared} of {}", all.len());
}

#[test]
fn what_people_decided_and_what_names_mean_comes_along() {
    let mut knowledge = Knowledge::default();
    knowledge.set_projects("cups", vec!["openprinting".to_owned()]);
    let mut writer = sample::writer(0..3);
    writer.names(&knowledge);
    let ruling = Ruling {
        advisories: vec!["CVE-2024-1000".to_owned()],
        package: Some("product0".to_owned()),
        reason: "the parser is not built".to_owned(),
        by: "a reviewer".to_owned(),
        ..Ruling::default()
    };
    let contents = Contents {
        rulings: vec![ruling.clone()],
        ..Contents::default()
    };
    let bytes = writer.finish(contents, &sample::key()).unwrap();
    let file = AdvisoryFile::open(&bytes, &sample::trusted()).unwrap();
    assert_eq!(file.rulings().unwrap(), [ruling]);
    assert_eq!(file.projects("cups").unwrap(), ["openprinting"]);
    assert!(file.projects("lp").unwrap().is_empty());
}

#[test]
fn an_empty_file_is_a_file() {
    let bytes = snowguard_advisory_file::Writer::default()
        .finish(Contents::default(), &sample::key())
        .unwrap();
    let file = AdvisoryFile::open(&bytes, &sample::trusted()).unwrap();
    let mut reader = file.reader();
    assert_eq!(reader.find("CVE-2024-1").unwrap(), None);
    assert!(reader.packages(PackageKey::Pname("a")).unwrap().is_empty());
    assert!(file.rulings().unwrap().is_empty());
}
