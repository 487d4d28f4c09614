//! Reading records, over real ones: those of the tests and, where the shared data lies beside
//! the checkout, a cut of the CVE list.
//!
//! The peer is `serde_json` reading the same bytes into a minimal typed struct that keeps only
//! what a list of affected products needs; the goal is 300 MB/s, or half the peer's rate.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use serde::Deserialize;
use serde_json::value::RawValue;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::{Limits, first_too_deep};

fn main() {
    divan::main();
}

/// CVE records, one a line.
fn records() -> Vec<Vec<u8>> {
    shared().unwrap_or_else(|| {
        eprintln!("../shared/data is not beside the checkout; measured on the tests' records");
        golden()
    })
}

fn golden() -> Vec<Vec<u8>> {
    #[derive(Deserialize)]
    struct Golden<'a> {
        format: &'a str,
        #[serde(borrow)]
        record: &'a RawValue,
    }
    include_str!("../tests/data/records.jsonl")
        .lines()
        .filter_map(|line| serde_json::from_str::<Golden<'_>>(line).ok())
        .filter(|golden| golden.format == "cve5")
        .map(|golden| golden.record.get().as_bytes().to_vec())
        .collect()
}

fn shared() -> Option<Vec<Vec<u8>>> {
    let name = "../../../shared/data/cve5-records.jsonl.zst";
    let file = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).ok()?;
    let mut decoder = zstd::Decoder::new(file).ok()?;
    decoder.window_log_max(27).ok()?;
    // 48 MB of all years: every sixth record.
    let lines = BufReader::new(decoder.take(300 << 20)).split(b'\n');
    Some(lines.step_by(6).filter_map(Result::ok).collect())
}

fn total(records: &[Vec<u8>]) -> BytesCount {
    BytesCount::of_slice(&records.concat())
}

/// Typed parts, borrowing from the input; unknown fields kept.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn cve5_parse(bencher: Bencher<'_, '_>) {
    let records = records();
    let limits = Limits::default();
    bencher.counter(total(&records)).bench(|| {
        records
            .iter()
            .filter(|record| cve5::parse(record, &limits).is_ok())
            .count()
    });
}

/// As above, and on to the shared model.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn cve5_read(bencher: Bencher<'_, '_>) {
    let records = records();
    let limits = Limits::default();
    bencher.counter(total(&records)).bench(|| {
        records
            .iter()
            .filter(|record| cve5::read(record, &limits).is_ok())
            .count()
    });
}

/// Size, encoding and depth alone.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn limits_alone(bencher: Bencher<'_, '_>) {
    let records = records();
    bencher.counter(total(&records)).bench(|| {
        records
            .iter()
            .filter(|record| first_too_deep(record, 128).is_none())
            .count()
    });
}

/// The peer.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn serde_json_minimal_struct(bencher: Bencher<'_, '_>) {
    let records = records();
    bencher.counter(total(&records)).bench(|| {
        records
            .iter()
            .filter(|record| serde_json::from_slice::<Minimal>(record).is_ok())
            .count()
    });
}

/// The peer's other end: everything, untyped.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn serde_json_value(bencher: Bencher<'_, '_>) {
    let records = records();
    bencher.counter(total(&records)).bench(|| {
        let read = |record: &&Vec<u8>| serde_json::from_slice::<serde_json::Value>(record).is_ok();
        records.iter().filter(read).count()
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Minimal {
    #[allow(dead_code)]
    cve_metadata: Metadata,
    #[allow(dead_code)]
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Metadata {
    cve_id: String,
    date_updated: Option<String>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Containers {
    cna: Container,
    #[serde(default)]
    adp: Vec<Container>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Container {
    title: Option<String>,
    #[serde(default)]
    descriptions: Vec<Description>,
    #[serde(default)]
    affected: Vec<Product>,
    #[serde(default)]
    references: Vec<Link>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Description {
    value: String,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Link {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Product {
    vendor: Option<String>,
    product: Option<String>,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Version {
    version: Option<String>,
    status: Option<String>,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
}
