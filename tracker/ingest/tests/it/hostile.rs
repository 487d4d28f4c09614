//! One test for each threat that ends at ingest (issue 2, "Bad input to survive").

use snowguard_tracker_ingest::limits::Limits;

use crate::world::{World, cve, cves};

const DAY: &str = "2024-05-01T00:00:00.000Z";

fn nvd(records: &[String]) -> String {
    format!(
        r#"{{"resultsPerPage":{},"format":"NVD_CVE","version":"2.0","vulnerabilities":[{}]}}"#,
        records.len(),
        records.join(",")
    )
}

fn nvd_record(number: usize) -> String {
    format!(
        r#"{{"cve":{{"id":"CVE-2024-{number:05}","vulnStatus":"Analyzed","published":"2024-01-01T00:00:00.000","lastModified":"2024-01-02T00:00:00.000","descriptions":[{{"lang":"en","value":"text"}}],"references":[]}}}}"#
    )
}

#[test]
fn truncated_json_keeps_what_was_whole_and_says_where_it_ends() {
    let mut world = World::new();
    world.options.batch = 10;
    let text = nvd(&(1..=25).map(nvd_record).collect::<Vec<_>>());
    let path = world.write("nvdcve-2.0-2024.json", &text[..text.len() - 100]);
    let (why, counts) = world.fail(&path);
    assert!(
        why.contains("nvdcve-2.0-2024.json") && why.contains("in the middle of a value"),
        "{why}"
    );
    assert_eq!(counts.new, 24);
    let path = world.write("nvdcve-2.0-2024.json", &text);
    let counts = world.load(&path);
    assert_eq!((counts.new, counts.unchanged), (1, 24));
}

#[test]
fn an_oversized_record_is_quarantined_and_the_others_are_read() {
    let mut world = World::new();
    world.options.limits = Limits {
        record: 1 << 20,
        ..Limits::default()
    };
    let large = cve("CVE-2024-00099", &"x".repeat(2 << 20), DAY);
    let path = world.write(
        "cves.jsonl",
        format!("{}{large}\n{}\n", cves(2), cve("CVE-2024-00100", "y", DAY)),
    );
    let counts = world.load(&path);
    assert_eq!((counts.read, counts.new, counts.quarantined), (4, 3, 1));
    let want = (
        "CVE-2024-00099".to_owned(),
        "the record is larger than 1048576 bytes".to_owned(),
    );
    assert_eq!(world.quarantine(), [want]);
}

#[test]
fn ten_thousand_levels_are_quarantined_and_the_others_are_read() {
    let world = World::new();
    let deep = format!(
        r#"{{"dataType":"CVE_RECORD","cveMetadata":{{"cveId":"CVE-2024-00099"}},"x":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let path = world.write("cves.jsonl", format!("{}{deep}\n", cves(3)));
    let counts = world.load(&path);
    assert_eq!((counts.new, counts.quarantined), (3, 1));
    assert!(
        world.quarantine()[0].1.contains("nested deeper"),
        "{:?}",
        world.quarantine()
    );
    // The same inside of one large array, where no newline helps.
    let deep = format!(
        r#"{{"cve":{{"id":"CVE-2024-00099","x":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let path = world.write("nvd.json", nvd(&[nvd_record(1), deep, nvd_record(2)]));
    let counts = world.load(&path);
    assert_eq!((counts.new, counts.quarantined), (2, 1));
}

#[test]
fn invalid_utf8_is_quarantined_with_its_place() {
    let world = World::new();
    let mut bytes = cves(1).into_bytes();
    let start = bytes.len();
    let mut bad = cve("CVE-2024-00099", "@", DAY).into_bytes();
    let at = bad
        .iter()
        .rposition(|byte| *byte == b'@')
        .expect("it is there");
    bad[at] = 0xff;
    bytes.extend(bad);
    bytes.extend(b"\n");
    world.load(&world.write("cves.jsonl", bytes));
    let entry = world.db.quarantine_list(None).expect("readable").remove(0);
    assert_eq!(
        (entry.record.as_str(), entry.offset),
        ("CVE-2024-00099", start as u64)
    );
    assert!(entry.file.ends_with("cves.jsonl"));
    assert!(
        entry.reason.contains(&format!("byte {at}")),
        "{}",
        entry.reason
    );
}

#[test]
fn duplicate_ids_are_counted_and_the_newest_stays() {
    let world = World::new();
    let newer = cve("CVE-2024-00001", "newer", "2024-07-01T00:00:00.000Z");
    let older = cve("CVE-2024-00001", "older", "2024-06-01T00:00:00.000Z");
    let counts = world.load(&world.write("cves.jsonl", format!("{newer}\n{older}\n")));
    assert_eq!((counts.new, counts.duplicate), (1, 1));
    let advisory = world
        .db
        .advisory("CVE-2024-00001")
        .expect("readable")
        .expect("there");
    assert_eq!(
        advisory.records[0].affected[0].product.as_deref(),
        Some("newer")
    );
}

#[test]
fn a_clock_that_goes_backwards_does_not_undo_an_update() {
    let mut world = World::new();
    let product = |world: &World| {
        let advisory = world
            .db
            .advisory("CVE-2024-00001")
            .expect("readable")
            .expect("there");
        advisory.records[0].affected[0].product.clone()
    };
    world.load(&world.write(
        "a.jsonl",
        cve("CVE-2024-00001", "newer", "2024-07-01T00:00:00.000Z"),
    ));
    let path = world.write(
        "b.jsonl",
        cve("CVE-2024-00001", "older", "2024-06-01T00:00:00.000Z"),
    );
    let counts = world.load(&path);
    assert_eq!((counts.stale, counts.changed), (1, 0));
    assert_eq!(product(&world).as_deref(), Some("newer"));
    world.options.force = true;
    assert_eq!(world.load(&path).changed, 1);
    assert_eq!(product(&world).as_deref(), Some("older"));
}

#[test]
fn what_is_not_json_is_quarantined_line_by_line() {
    let world = World::new();
    let lines = format!(
        "{}nonsense\n{{\"cveMetadata\":7}}\n[]\n\n{}",
        cves(1),
        cve("CVE-2024-00100", "y", DAY)
    );
    let counts = world.load(&world.write("cves.jsonl", lines));
    assert_eq!((counts.new, counts.quarantined), (2, 3));
}

#[test]
fn an_input_of_rubbish_is_given_up_and_looked_at_again_when_it_comes_again() {
    let mut world = World::new();
    world.options.batch = 400;
    let rubbish = format!("{}{}", cves(1), "{\"nonsense\":1}\n".repeat(5000));
    let path = world.write("cves.jsonl", rubbish);
    for _ in 0..2 {
        let (why, counts) = world.fail(&path);
        assert!(why.contains("are malformed; gave up"), "{why}");
        assert!(counts.read < 2500, "{counts:?}");
    }
}

#[test]
fn a_file_that_is_no_source_is_described_and_refused() {
    let world = World::new();
    for (name, content, want) in [
        (
            "graph.jsonl",
            "{\"drv\":\"x\",\"in\":[]}\n",
            "no source is known for",
        ),
        ("empty.json", "", "empty"),
        ("text.json", "hello", "neither JSON nor"),
        ("cut.json.gz", "\u{1f}", "neither JSON nor"),
    ] {
        let (why, _) = world.fail(&world.write(name, content));
        assert!(why.contains(want), "{name}: {why}");
    }
}
