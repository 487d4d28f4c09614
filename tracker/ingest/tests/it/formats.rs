//! The other feeds, each in the packing in which it is published, and collections of them.

use snowguard_tracker_ingest::plan::Wanted;
use snowguard_tracker_ingest::source::Kind;

use crate::world::{World, cves, gzip, zip};

#[test]
fn the_nvds_yearly_feed() {
    let world = World::new();
    let record = |number: usize| {
        format!(
            r#"{{"cve":{{"id":"CVE-2024-{number:04}","vulnStatus":"Analyzed","lastModified":"2024-01-02T00:00:00.000","descriptions":[{{"lang":"en","value":"t"}}]}}}}"#
        )
    };
    let list: Vec<String> = (1..=5).map(record).collect();
    let text = format!(
        r#"{{"resultsPerPage":5,"startIndex":0,"totalResults":5,"format":"NVD_CVE","version":"2.0","timestamp":"x","vulnerabilities":[{}]}}"#,
        list.join(",\n")
    );
    let counts = world.load(&world.write("nvdcve-2.0-2024.json.gz", gzip(text.as_bytes())));
    assert_eq!((counts.new, counts.quarantined), (5, 0));
}

#[test]
fn osvs_archive_of_everything() {
    let world = World::new();
    let entry = |id: &str| {
        format!(
            r#"{{"schema_version":"1.6.0","id":"{id}","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2024-0001"],"summary":"s","affected":[{{"package":{{"ecosystem":"PyPI","name":"x"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"1.2"}}]}}]}}]}}"#
        )
    };
    let archive = zip(&[
        ("PYSEC-1.json", entry("PYSEC-1")),
        ("PYSEC-2.json", entry("PYSEC-2")),
    ]);
    assert_eq!(world.load(&world.write("all.zip", archive)).new, 2);
    let advisory = world
        .db
        .advisory("CVE-2024-0001")
        .expect("readable")
        .expect("by its alias");
    assert_eq!(advisory.records.len(), 2);
}

#[test]
fn kev_and_epss_say_something_about_known_advisories() {
    let world = World::new();
    world.load(&world.write("cves.jsonl", cves(2)));
    let kev = r#"{"title":"CISA","catalogVersion":"2024.05.01","dateReleased":"x","count":1,"vulnerabilities":[
        {"cveID":"CVE-2024-00001","vendorProject":"v","product":"p","vulnerabilityName":"n","dateAdded":"2024-05-01","dueDate":"2024-06-01","knownRansomwareCampaignUse":"Known"},
        {"cveID":"nonsense","dateAdded":"2024-05-01"}]}"#;
    let counts = world.load(&world.write("kev.json", kev));
    assert_eq!((counts.new, counts.quarantined), (1, 1));
    let epss = "#model_version:v2025,score_date:2025-03-14T00:00:00Z\ncve,epss,percentile\nCVE-2024-00001,0.5,0.9\nCVE-2024-00002,7,0\n";
    let counts = world.load(&world.write("epss.csv.gz", gzip(epss.as_bytes())));
    assert_eq!((counts.new, counts.quarantined), (1, 1));
    let advisory = world
        .db
        .advisory("CVE-2024-00001")
        .expect("readable")
        .expect("there");
    assert!(advisory.kev.is_some_and(|kev| kev.ransomware));
    assert_eq!(advisory.epss.map(|epss| epss.score), Some(0.5));
}

#[test]
fn names_are_loaded_with_their_licence() {
    let world = World::new();
    let lines = r#"{"k":"x","purls":["github/a/b"],"cpes":["cpe:2.3:a:a:b"]}"#;
    world.load(&world.write("purl2cpe.jsonl", lines));
    let source = world.db.alias_sources().expect("readable").remove(0);
    assert_eq!(
        (source.name.as_str(), source.licence.as_str(), source.facts),
        ("purl2cpe", "MIT", 1)
    );
}

#[test]
fn a_collection_is_loaded_in_order_and_what_is_lossy_is_left_out() {
    let mut world = World::new();
    world.write("set/a-packages.txt", "not a source");
    world.write("set/cves.jsonl", cves(3));
    world.write(
        "set/lite.jsonl",
        "{\"id\":\"CVE-2020-0001\",\"product\":\"p\",\"version\":\"1\",\"vulnerability\":[]}\n",
    );
    world.write(
        "set/nixpkgs-24.05-2024-06-packages.jsonl",
        "{\"attr\":\"a\",\"name\":\"a-1\",\"meta\":{}}\n",
    );
    let set = world.path("set");
    let report = world
        .try_ingest(set.to_str().expect("UTF-8"))
        .expect("ingested");
    assert!(report.is_complete(), "{report:?}");
    let kinds: Vec<Kind> = report.feeds.iter().map(|feed| feed.kind).collect();
    assert_eq!(kinds, [Kind::CveList, Kind::Channel]);
    assert_eq!(report.skipped.len(), 2);
    assert!(
        report
            .skipped
            .iter()
            .any(|skipped| skipped.why.contains("--kind cve-lite"))
    );
    assert_eq!(
        world.db.channels().expect("readable")[0].name,
        "nixos-24.05"
    );
    world.options.wanted = Wanted::Only(Kind::CveLite);
    assert_eq!(world.load(&set).new, 1);
}
