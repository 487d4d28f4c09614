//! Real records: snapshots of what becomes of them, nothing lost on the way, and (where the
//! shared data lies beside the checkout) every record of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use snowguard_advisory::error::Error;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::reading::Reading;
use snowguard_advisory::vendor::{self, Format};
use snowguard_advisory::{cve5, kev, nvd, osv};

#[derive(Deserialize)]
struct Golden<'a> {
    name: String,
    format: String,
    #[serde(borrow)]
    record: &'a RawValue,
}

fn read(format: &str, record: &[u8]) -> Result<Vec<Reading>, Error> {
    let limits = Limits::default();
    match format {
        "cve5" => cve5::read(record, &limits).map(|reading| vec![reading]),
        "nvd" => nvd::read(record, &limits).map(|reading| vec![reading]),
        "trickest" => vendor::read(Format::Trickest, record, &limits),
        _ => vendor::read_marked(record, &limits),
    }
}

fn goldens() -> Vec<Golden<'static>> {
    let lines = include_str!("../data/records.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn records_of_every_kind() {
    let goldens = goldens();
    assert!(goldens.len() >= 15);
    for golden in goldens {
        let readings = read(&golden.format, golden.record.get().as_bytes()).unwrap();
        for reading in &readings {
            // The model's JSON form is what is stored: it must come back as it was.
            let json = serde_json::to_string(&reading.record).unwrap();
            let back: snowguard_advisory::model::Record = serde_json::from_str(&json).unwrap();
            assert_eq!(back, reading.record, "{}", golden.name);
        }
        let shown: Vec<(_, _)> = readings
            .iter()
            .map(|reading| (&reading.record, &reading.warnings))
            .collect();
        insta::assert_json_snapshot!(golden.name.as_str(), shown);
    }
}

/// Nothing of a record is lost: what is written back equals what was read, unknown fields and all.
#[test]
fn records_are_written_back_whole() {
    for golden in goldens() {
        let text = golden.record.get();
        match golden.format.as_str() {
            "cve5" => assert_whole_cve5(text),
            "marked" if golden.name.starts_with("osv") => {
                let (entry, _) = osv::parse(text.as_bytes(), &Limits::default()).unwrap();
                assert_same(text, serde_json::to_value(&entry).unwrap());
            }
            _ => {}
        }
    }
}

fn assert_whole_cve5(text: &str) {
    let (record, _) = cve5::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_same(text, serde_json::to_value(&record).unwrap());
}

fn assert_same(text: &str, written: Value) {
    let mut given: Value = serde_json::from_str(text).unwrap();
    let mut written = written;
    prune(&mut given);
    prune(&mut written);
    assert_eq!(given, written);
}

/// Empty and absent are the same, and so are 9 and 9.0.
fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|_, value| !is_empty(value));
        }
        Value::Array(list) => list.iter_mut().for_each(prune),
        Value::Number(number) => *value = Value::from(number.as_f64().unwrap()),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[test]
fn pages_and_catalogues_are_cut_into_entries() {
    let limits = Limits::default();
    let page = br#"{"resultsPerPage":2,"totalResults":2,"format":"NVD_CVE","version":"2.0",
        "vulnerabilities":[{"cve":{"id":"CVE-2024-1234"}},{"cve":{"id":7}}]}"#;
    let entries = nvd::split(page, &limits).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        nvd::read(entries[0].as_bytes(), &limits).unwrap().record.id,
        "CVE-2024-1234"
    );
    assert!(nvd::read(entries[1].as_bytes(), &limits).is_err());

    let catalogue = br#"{"title":"t","catalogVersion":"2025.08.25","count":1,"vulnerabilities":[
        {"cveID":"CVE-2025-48384","vendorProject":"Git","product":"Git","vulnerabilityName":"n",
         "dateAdded":"2025-08-25","dueDate":"2025-09-15","knownRansomwareCampaignUse":"Known"}]}"#;
    let entries = kev::split(catalogue, &limits).unwrap();
    let (id, entry) = kev::read(entries[0].as_bytes(), &limits).unwrap();
    assert_eq!(
        (id.as_str(), entry.date_added.as_str()),
        ("CVE-2025-48384", "2025-08-25")
    );
    assert!(entry.ransomware);
}

/// Lines of a file of the shared data; `None`, and a word about it, where it is absent.
fn shared(name: &str) -> Option<impl Iterator<Item = Vec<u8>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        println!("left out: {name} is not beside the checkout (../shared/data)");
        return None;
    };
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    Some(BufReader::new(decoder).split(b'\n').map(Result::unwrap))
}

/// In a debug build every 40th record, which takes seconds; in a release build all of them.
const STEP: usize = if cfg!(debug_assertions) { 40 } else { 1 };

#[test]
fn shared_data_reads_without_refusal() {
    for (name, format, expected) in [
        ("cve5-records.jsonl.zst", "cve5", 74_284),
        ("nvd-overrides-anchore.jsonl.zst", "nvd", 32_184),
        ("osv-and-advisories.jsonl.zst", "marked", 23_036),
        ("cve-lite-trickest.jsonl.zst", "trickest", 166_965),
    ] {
        let Some(lines) = shared(name) else { continue };
        let mut count = 0;
        let mut warned = 0;
        for (index, line) in lines.enumerate() {
            count += 1;
            if index % STEP != 0 {
                continue;
            }
            let readings = read(format, &line).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!readings.is_empty());
            warned += readings
                .iter()
                .filter(|reading| !reading.warnings.is_empty())
                .count();
            if format == "cve5" {
                assert_whole_cve5(std::str::from_utf8(&line).unwrap());
            }
        }
        assert_eq!(count, expected, "{name}");
        assert!(
            warned * 500 < count,
            "{name}: {warned} of {count} records with warnings"
        );
    }
}

#[test]
fn shared_kev_reads_without_refusal() {
    let Some(lines) = shared("kev-cisa-2025-08-25.jsonl.zst") else {
        return;
    };
    let limits = Limits::default();
    let entries: BTreeMap<_, _> = lines
        .map(|line| kev::read(&line, &limits).unwrap())
        .collect();
    assert_eq!(entries.len(), 1404);
    assert!(entries.values().filter(|entry| entry.ransomware).count() > 200);
}
