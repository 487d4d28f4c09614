//! How fast and how small: ingest of CVE records, loads of a channel, candidates, reads.
//!
//! `cargo bench -p snowguard-tracker-db`, on SQLite; with `postgres` as an argument on a server
//! as well. Needs the data in `../shared/data`; says so and ends when it is not there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at the first failure"
)]

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use snowguard_advisory::{cve5, limits::Limits};
use snowguard_matching::package::Package;
use snowguard_tracker_db::testing;
use snowguard_tracker_db::{
    ChannelLoad, Db, FeedKind, Force, IncomingRecord, Location, Millis, RecordBatch, StalePolicy,
};

const NOW: Millis = Millis::new(1_790_000_000_000);
const BATCH: usize = 4000;

fn main() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.is_dir() {
        println!("LEFT OUT: {} is not there", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.db");
    run(&data, &Location::Sqlite(file.clone()));
    let size: u64 = ["", "-wal"]
        .iter()
        .filter_map(|end| std::fs::metadata(format!("{}{end}", file.display())).ok())
        .map(|file| file.len())
        .sum();
    println!("  {:<46} {:>10.1} MB", "file", size as f64 / 1e6);
    if std::env::args().any(|argument| argument == "postgres") {
        match testing::postgres() {
            Ok(database) => run(&data, &Location::parse(&database.url)),
            Err(why) => println!("LEFT OUT on PostgreSQL: {why}"),
        }
    }
}

fn run(data: &Path, location: &Location) {
    println!("{location}");
    let db = Db::open(location).unwrap();
    let lines = read_lines(&data.join("cve5-records.jsonl.zst"));
    let bytes: usize = lines.iter().map(Vec::len).sum();
    for pass in ["ingest of CVE records", "the same again"] {
        let before = processor_seconds();
        let took = ingest(&db, &lines);
        println!(
            "  {pass:<46} {:>10.0} records/s  {:>7.1} MB/s  {:.2} s of processor",
            lines.len() as f64 / took.as_secs_f64(),
            bytes as f64 / 1e6 / took.as_secs_f64(),
            processor_seconds() - before
        );
    }
    split(&db, &lines);
    if std::env::args().any(|argument| argument == "ingest") {
        return;
    }
    println!(
        "  {:<46} {:>10.1} MB",
        "compact JSON that came in",
        bytes as f64 / 1e6
    );
    let packages = packages(&data.join("nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst"));
    let mut changed = packages.clone();
    for package in changed.iter_mut().step_by(50) {
        package.version.push_str(".1");
    }
    for (pass, revision, packages) in [
        ("first load of a channel", "a", &packages),
        ("the same again", "a", &packages),
        ("a day that changes 2 %", "b", &changed),
    ] {
        let packages = packages.clone();
        let start = Instant::now();
        let load = ChannelLoad {
            channel: "bench",
            revision,
            evaluated_at: None,
            run: None,
            now: NOW,
            force: Force::No,
        };
        let outcome = db
            .load_channel(&load, packages.into_iter().map(Ok::<_, std::io::Error>))
            .unwrap();
        println!(
            "  {pass:<46} {:>10.2} s  {} rows",
            start.elapsed().as_secs_f64(),
            outcome.rows_written
        );
    }
    let start = Instant::now();
    let count = db.all_packages("bench").unwrap().len();
    println!(
        "  {:<46} {:>10.2} s  {count}",
        "all packages",
        start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    let mut ids = Vec::new();
    db.for_each_advisory(&mut |advisory| {
        ids.push(advisory.id);
        ControlFlow::Continue(())
    })
    .unwrap();
    println!(
        "  {:<46} {:>10.2} s  {}",
        "all advisories",
        start.elapsed().as_secs_f64(),
        ids.len()
    );
    let sample: Vec<&String> = ids.iter().step_by(ids.len() / 500 + 1).collect();
    time("one advisory", &sample, |id| drop(db.advisory(id).unwrap()));
    time("candidates of one advisory", &sample, |id| {
        drop(
            db.candidates("bench", &db.advisory_keys(id).unwrap())
                .unwrap(),
        )
    });
    time("search for an id", &sample, |id| {
        drop(db.search(id, 0, 20).unwrap())
    });
    let words: Vec<String> = [
        "linux kernel",
        "buffer overflow",
        "openssl",
        "a",
        "python",
        "use after free in",
        "cross site scripting wordpress",
    ]
    .map(str::to_owned)
    .to_vec();
    time(
        "search for words",
        &words.iter().collect::<Vec<_>>(),
        |words| drop(db.search(words, 0, 20).unwrap()),
    );
    time("counts", &sample, |_| drop(db.counts().unwrap()));
}

fn time(what: &str, inputs: &[&String], work: impl Fn(&str)) {
    let mut took: Vec<Duration> = inputs
        .iter()
        .map(|input| {
            let start = Instant::now();
            work(input);
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "  {what:<46} {:>10.3} ms median {:>8.3} ms p99",
        at(50),
        at(99)
    );
}

/// Time on all processors so far: says more than the clock on a busy machine.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15 (user and system time) in hundredths; the name before them may hold spaces.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2);
    fields
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// What a record costs before it is written, on one processor.
fn split(db: &Db, lines: &[Vec<u8>]) {
    let sample: Vec<&Vec<u8>> = lines.iter().step_by(10).collect();
    let each = |seconds: f64| seconds * 1e6 / sample.len() as f64;
    let start = processor_seconds();
    let parsed: Vec<_> = sample
        .iter()
        .map(|line| cve5::read(line, &Limits::default()).unwrap().record)
        .collect();
    let read = processor_seconds();
    for (record, line) in parsed.into_iter().zip(&sample) {
        db.prepare_cve(IncomingRecord {
            record,
            raw: line.as_slice().into(),
            origin: String::new(),
        })
        .unwrap();
    }
    let prepared = processor_seconds();
    println!(
        "  {:<46} {:>10.1} µs read {:>6.1} µs prepare",
        "one record on one processor",
        each(read - start),
        each(prepared - read)
    );
}

/// Two threads parse, compress and hand over; this one writes.
fn ingest(db: &Db, lines: &[Vec<u8>]) -> Duration {
    let start = Instant::now();
    let run = db.begin_run("bench", FeedKind::CveList, NOW).unwrap();
    let (sender, receiver) = mpsc::sync_channel(4);
    let batches = std::sync::Mutex::new(lines.chunks(BATCH));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let sender = sender.clone();
            let batches = &batches;
            scope.spawn(move || {
                loop {
                    let Some(lines) = batches.lock().unwrap().next() else {
                        return;
                    };
                    let records = lines
                        .iter()
                        .map(|line| {
                            let record = cve5::read(line, &Limits::default()).unwrap().record;
                            db.prepare_cve(IncomingRecord {
                                record,
                                raw: line.as_slice().into(),
                                origin: "bench".to_owned(),
                            })
                            .unwrap()
                        })
                        .collect();
                    sender.send(records).unwrap();
                }
            });
        }
        drop(sender);
        let mut waiting = Duration::ZERO;
        loop {
            let wait = Instant::now();
            let Ok(records) = receiver.recv() else { break };
            waiting += wait.elapsed();
            db.put_records(&RecordBatch {
                run,
                cursor: "x",
                now: NOW,
                policy: StalePolicy::KeepNewer,
                records,
            })
            .unwrap();
        }
        println!(
            "  {:<46} {:>10.2} s of {:.2}",
            "writer waited",
            waiting.as_secs_f64(),
            start.elapsed().as_secs_f64()
        );
    });
    start.elapsed()
}

fn read_lines(path: &PathBuf) -> Vec<Vec<u8>> {
    let mut decoder = zstd::stream::Decoder::new(std::fs::File::open(path).unwrap()).unwrap();
    decoder.window_log_max(27).unwrap();
    BufReader::new(decoder)
        .split(b'\n')
        .map(Result::unwrap)
        .filter(|line| !line.is_empty())
        .collect()
}

fn packages(path: &PathBuf) -> Vec<Package> {
    read_lines(path)
        .iter()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_slice(line).unwrap();
            let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
            let list = |value: &serde_json::Value| {
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect::<Vec<_>>()
            };
            let meta = &json["meta"];
            Package {
                attr: text("attr"),
                name: text("name"),
                pname: text("pname"),
                version: text("version"),
                drv_path: json["drvPath"].as_str().map(str::to_owned),
                outputs: json["outputs"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, path)| {
                        (name.clone(), path.as_str().unwrap_or_default().to_owned())
                    })
                    .collect(),
                sources: json["src"]
                    .as_str()
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
                patches: list(&json["patches"]),
                homepages: list(&meta["homepage"]),
                description: meta["description"].as_str().map(str::to_owned),
                licenses: list(&meta["license"]),
                maintainers: list(&meta["maintainers"]),
                position: meta["position"].as_str().map(str::to_owned),
                ..Package::default()
            }
        })
        .collect()
}
