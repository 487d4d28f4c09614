//! How long a whole export takes with 20,000 issues, over HTTP.
//!
//! `cargo bench -p snowguard-tracker --bench open -- [--issues 20000] [--postgres]` prints a line of JSON for each
//! document: seconds until its last byte for the first reader, who waits while it is written, and for the next one.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use snowguard_advisory::model::Record;
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Reason, Tier, Verdict, Weight};
use snowguard_tracker_db::{
    AdvisoryMatches, ChannelLoad, Db, Decision, FeedKind, Force, IncomingRecord, IssueChange,
    Location, MatchBatch, Millis, RecordBatch, StalePolicy,
};
use snowguard_tracker_triage::command::Command;
use snowguard_tracker_triage::issue::{Issue, Stage};
use snowguard_tracker_web::{Config, Publishing, router, serve_on};

/// Seconds for a whole OSV export.
const LIMIT: f64 = 10.0;
const NOW: i64 = 1_790_000_000_000;
const PACKAGES: usize = 5000;
const CHANNELS: [&str; 3] = ["nixos-25.11", "nixos-26.05", "nixos-unstable"];
const BATCH: usize = 5000;

fn main() -> anyhow::Result<()> {
    let mut issues = 20_000;
    let mut postgres = false;
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--issues" => issues = words.next().context("--issues NUMBER")?.parse()?,
            "--postgres" => postgres = true,
            other => bail!("{other}: not understood"),
        }
    }
    if std::env::args().len() == 1 {
        eprintln!("left out: say --issues NUMBER");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    if postgres {
        let server = snowguard_tracker_db::testing::postgres().map_err(anyhow::Error::msg)?;
        return measure(&Location::parse(&server.url), issues);
    }
    measure(
        &Location::Sqlite(folder.path().join("tracker.sqlite")),
        issues,
    )
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn measure(location: &Location, issues: usize) -> anyhow::Result<()> {
    let db = Db::open(location)?;
    let start = Instant::now();
    fill(&db, issues)?;
    eprintln!("filled in {:.0} s", start.elapsed().as_secs_f64());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config {
        publisher: Some(Publishing::default().publisher("https://tracker.example.org")?),
        ..Config::new(listen)
    };
    let listener = runtime.block_on(tokio::net::TcpListener::bind(listen))?;
    let address = listener.local_addr()?;
    let limits = config.limits;
    runtime.spawn(serve_on(
        listener,
        router(db, &config),
        limits,
        std::future::pending(),
    ));
    for path in [
        "osv/all.jsonl",
        "osv/all.zip",
        "openvex/all.json",
        "cyclonedx/all.cdx.json",
        "everything.jsonl",
        "csaf/index.txt",
        "issues.atom",
    ] {
        let url = format!("http://{address}/data/{path}");
        let (first, bytes) = fetch(&url)?;
        let (again, same) = fetch(&url)?;
        ensure!(bytes == same && bytes > 0, "{path}");
        println!(
            r#"{{"document":"{path}","issues":{issues},"bytes":{bytes},"first_s":{first:.2},"again_s":{again:.3},"limit_s":{LIMIT},"ratio":{:.3}}}"#,
            first / LIMIT
        );
    }
    Ok(())
}

fn fetch(url: &str) -> anyhow::Result<(f64, u64)> {
    let start = Instant::now();
    let mut answer = ureq::get(url).call()?;
    let mut reader = answer.body_mut().as_reader();
    let mut piece = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok((start.elapsed().as_secs_f64(), bytes)),
            read => bytes += read as u64,
        }
    }
}

fn id(number: usize) -> String {
    format!("CVE-2026-{number:05}")
}

fn fill(db: &Db, issues: usize) -> anyhow::Result<()> {
    let run = db.begin_run("bench", FeedKind::CveList, Millis::new(NOW))?;
    for channel in CHANNELS {
        let load = ChannelLoad {
            channel,
            revision: "1111111111111111111111111111111111111111",
            evaluated_at: None,
            run: None,
            now: Millis::new(NOW),
            force: Force::No,
        };
        let mut packages = (0..PACKAGES).map(|number| {
            Ok::<_, std::io::Error>(Package {
                attr: format!("package{number}"),
                name: format!("package{number}-1.0"),
                pname: format!("package{number}"),
                version: "1.0".to_owned(),
                ..Package::default()
            })
        });
        db.load_channel(&load, &mut packages)?;
    }
    for first in (0..issues).step_by(BATCH) {
        let batch = first..(first + BATCH).min(issues);
        let records = batch
            .clone()
            .map(|number| db.prepare(record(number)?).map_err(Into::into));
        db.put_records(&RecordBatch {
            run,
            cursor: "x",
            now: Millis::new(NOW),
            policy: StalePolicy::KeepNewer,
            records: records.collect::<anyhow::Result<_>>()?,
        })?;
        let seen = db.dirty_advisories(0)?.seen;
        let advisories: Vec<AdvisoryMatches> = batch.map(matches).collect();
        db.put_matches(&MatchBatch {
            now: Millis::new(NOW),
            seen,
            advisories: &advisories,
        })?;
    }
    let person = db.github_person(1, "bench", Millis::new(NOW))?.id;
    for number in 0..issues {
        let now = Millis::new(NOW + number as i64);
        let advisory = id(number);
        db.decide(&Decision {
            advisory: &advisory,
            revision: 0,
            command: &Command::Accept,
            person,
            now,
        })?;
        let content = Issue {
            title: format!("package{number}: overflow in the parser of certificates"),
            notes: "A *crafted* file overflows a buffer.\n\n- update, or\n- don't read files of others\n".to_owned(),
            advisories: vec![advisory],
            ..Issue::default()
        };
        let stored = db.draft_issue(2026, &content, person, now)?;
        let next = stored.issue.staged(Stage::Published)?;
        db.change_issue(&IssueChange {
            id: stored.id,
            revision: stored.revision,
            next: &next,
            action: "publish",
            person,
            now,
        })?;
    }
    Ok(())
}

fn record(number: usize) -> anyhow::Result<IncomingRecord<'static>> {
    let json = serde_json::json!({
        "id": id(number), "source": "cve-list", "state": "published",
        "title": format!("A heap overflow in the parser of package{number}"),
        "description": "A crafted file makes the parser write behind the end of its buffer. ".repeat(6),
        "weaknesses": ["CWE-787"],
        "affected": [{
            "by": "cna", "pointer": "/containers/cna/affected/0", "vendor": "v", "product": format!("package{}", number % PACKAGES),
            "versions": { "semantics": "cve", "default": "unaffected", "entries": [
                { "version": "0", "status": "affected", "less_than": "2.0", "version_type": "custom" },
            ] },
        }],
    });
    let record: Record = serde_json::from_value(json.clone())?;
    Ok(IncomingRecord {
        record,
        raw: json.to_string().into_bytes().into(),
        origin: "bench#0".to_owned(),
    })
}

fn matches(number: usize) -> AdvisoryMatches {
    let found = |attr: usize| Match {
        advisory: id(number),
        attr: format!("package{}", attr % PACKAGES),
        verdict: Verdict::Affected,
        tier: Tier::High,
        variant_of: None,
        fixed_in: Some("2.0".to_owned()),
        reasons: vec![Reason {
            code: "range_affected".to_owned(),
            weight: Weight::Decides,
            text: "1.0 lies in the affected range < 2.0 (Nix order)".to_owned(),
            at: Some(format!(
                "{}#/containers/cna/affected/0/versions/0",
                id(number)
            )),
        }],
    };
    AdvisoryMatches {
        advisory: id(number),
        channels: CHANNELS
            .map(|channel| (channel.to_owned(), vec![found(number), found(number + 7)]))
            .to_vec(),
        keys: Vec::new(),
    }
}
