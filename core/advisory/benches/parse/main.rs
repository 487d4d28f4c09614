//! Reading records, over real ones: those of the tests and, where the shared data lies beside
//! the checkout, a cut of the CVE list.
//!
//! Like is compared with like: [`cve5_parse`] gives every field of the format as a typed part,
//! and so does its peer, `serde_json` with the structs of [`schema`]. Ours checks its limits, keeps
//! what the format does not name, and goes on past a field of the wrong type. The goal is 300 MB/s,
//! or half the peer's rate. [`cve5_read`] goes on to the model that the tracker stores.

#[allow(dead_code, reason = "fields are there to be read into")]
mod schema;

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
    include_str!("../../tests/data/records.jsonl")
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

/// The peer of `cve5_parse`.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn serde_json_typed(bencher: Bencher<'_, '_>) {
    let records = records();
    bencher.counter(total(&records)).bench(|| {
        let read =
            |record: &&Vec<u8>| serde_json::from_slice::<schema::CveRecord<'_>>(record).is_ok();
        records.iter().filter(read).count()
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
