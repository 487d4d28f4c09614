//! How long one changed advisory takes, with a matcher that is kept: storing the record, and
//! matching again what it touches.
//!
//! `cargo bench -p snowguard-tracker-ingest --bench changed -- --db FILE --cves FILE [--count 100]`
//! changes CVE records in the database (give it a copy) and prints one line of JSON with times in
//! milliseconds.

use std::io::BufRead;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_tracker_db::{
    Db, FeedKind, IncomingRecord, Location, Millis, PreparedRecord, RecordBatch, StalePolicy,
};
use snowguard_tracker_ingest::rematch::{Matcher, Options};

struct Arguments {
    db: Option<String>,
    cves: Option<String>,
    count: usize,
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn main() -> Result<()> {
    let arguments = arguments()?;
    let (Some(db), Some(cves)) = (&arguments.db, &arguments.cves) else {
        eprintln!("left out: no database and no CVE records were named (--db FILE --cves FILE)");
        return Ok(());
    };
    let db = Db::open(&Location::parse(db)).with_context(|| format!("opening {db}"))?;
    ensure!(
        db.dirty_count()? == 0,
        "the database has to be matched before"
    );
    let mut matcher = Matcher::load(&db)?;
    let now = Millis::new(1_900_000_000_000);
    let run = db.begin_run("bench:changed", FeedKind::CveList, now)?;

    let (mut stored, mut matched) = (Vec::new(), Vec::new());
    for line in sample(cves, arguments.count)? {
        let incoming = changed(&line)?;
        let started = Instant::now();
        let records: Vec<PreparedRecord> = vec![db.prepare(incoming)?];
        let policy = StalePolicy::Overwrite;
        let outcome = db.put_records(&RecordBatch {
            run,
            cursor: "",
            now,
            policy,
            records,
        })?;
        stored.push(started.elapsed());
        ensure!(
            outcome.changed == 1,
            "the record was not changed: {outcome:?}"
        );

        let started = Instant::now();
        let options = Options {
            everything: false,
            now,
            stop: None,
        };
        let outcome = matcher.run(&options, &mut |_| {})?;
        matched.push(started.elapsed());
        ensure!(outcome.advisories > 0, "nothing was matched again");
    }
    stored.sort_unstable();
    matched.sort_unstable();
    println!(
        r#"{{"changes":{},"store_p50":{:.2},"match_p50":{:.2},"match_p95":{:.2},"match_max":{:.2}}}"#,
        matched.len(),
        at(&stored, 0.5),
        at(&matched, 0.5),
        at(&matched, 0.95),
        at(&matched, 1.0),
    );
    Ok(())
}

/// Lines evenly over the file.
fn sample(file: &str, count: usize) -> Result<Vec<String>> {
    let open = || -> Result<_> {
        let opened = std::fs::File::open(file).with_context(|| format!("opening {file}"))?;
        Ok(std::io::BufReader::new(opened).lines())
    };
    let step = (open()?.count() / count.max(1)).max(1);
    let lines = open()?.step_by(step).take(count);
    lines
        .collect::<Result<_, _>>()
        .with_context(|| format!("reading {file}"))
}

/// The record with another description: what it is tied to stays, what is stored doesn't.
fn changed(line: &str) -> Result<IncomingRecord<'static>> {
    let mut value: Value = serde_json::from_str(line).context("a record that isn't JSON")?;
    let descriptions = &mut value["containers"]["cna"]["descriptions"];
    let text = descriptions[0]["value"].as_str().unwrap_or_default();
    descriptions[0]["value"] = format!("{text} (changed)").into();
    let raw = value.to_string().into_bytes();
    let record = cve5::read(&raw, &Limits::default())
        .context("reading a record")?
        .record;
    Ok(IncomingRecord {
        record,
        raw: raw.into(),
        origin: "bench".to_owned(),
    })
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = ((sorted.len() as f64 * share) as usize).min(last);
    sorted
        .get(index)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments {
        db: None,
        cves: None,
        count: 100,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--db" => arguments.db = Some(value()?),
            "--cves" => arguments.cves = Some(value()?),
            "--count" => arguments.count = value()?.parse().context("--count")?,
            // cargo bench adds it.
            "--bench" => {}
            other => bail!("unknown option {other}"),
        }
    }
    Ok(arguments)
}
