//! How fast the queue is with 300,000 suggestions: its page under many filters, the page of a maintainer of a twenty-fifth
//! of all packages, and decisions.
//!
//! `cargo bench -p snowguard-tracker --bench queue -- [--suggestions 300000] [--postgres]` prints a line of JSON
//! for the page and one for decisions, each with its limit and the ratio to it. With `--postgres` on a
//! server of its own (PostgreSQL must be installed), else on a file.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use sha2::{Digest as _, Sha256};
use snowguard_advisory::model::{Epss, Kev, Record, Source};
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Reason, Tier, Verdict, Weight};
use snowguard_tracker_db::{
    AdvisoryMatches, ChannelLoad, Db, FeedKind, Force, IncomingRecord, Location, Maintainer,
    MatchBatch, Millis, NewSession, RecordBatch, StalePolicy,
};
use snowguard_tracker_triage::role::{Role, Roles};
use snowguard_tracker_web::{Clock, Config, router};
use tower::ServiceExt;

/// Milliseconds for a page, at the 99th of 100.
const PAGE: f64 = 40.0;
/// Milliseconds for a decision, at the 99th of 100.
const DECISION: f64 = 30.0;

const NOW: i64 = 1_790_000_000_000;
const PACKAGES: usize = 20_000;
const CHANNELS: [&str; 3] = ["nixos-25.11", "nixos-26.05", "nixos-unstable"];
const BATCH: usize = 5000;
const HOST: &str = "127.0.0.1:8080";

/// Filters as people set them, narrow and wide, and each order.
const FILTERS: &[&str] = &[
    "",
    "status=all&tier=low",
    "status=all&tier=low&sort=newest",
    "status=all&tier=low&sort=oldest",
    "status=all&tier=low&sort=epss",
    "status=all&sort=severity",
    "kev=1",
    "kev=1&status=all&tier=low",
    "severity=critical",
    "severity=high&epss=0.5",
    "epss=0.9",
    "tier=high",
    "tier=low",
    "channel=nixos-unstable",
    "channel=nixos-25.11&severity=high",
    "maintainer=maintainer7",
    "maintainer=maintainer7&kev=1",
    "package=package77",
    "package=package77&status=all",
    "q=overflow",
    "q=overflow%20parser&severity=high",
    "q=CVE-2024-12",
    "days=30",
    "days=1&sort=newest",
    "days=3650&sort=oldest",
    "status=dismissed",
    "status=published",
    "returned=1&status=all",
    "proposed=1&status=all",
    "status=accepted&sort=severity",
    "severity=low&tier=low&channel=nixos-26.05&sort=epss",
];

/// What a maintainer chooses.
const MINE: &[&str] = &[
    "",
    "kev=1",
    "severity=critical",
    "severity=high&sort=newest",
    "channel=nixos-unstable",
    "package=package77",
    "maintainer=maintainer7",
];

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn main() -> anyhow::Result<()> {
    let (mut suggestions, mut on_postgres) = (300_000, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--suggestions" => {
                suggestions = words
                    .next()
                    .context("--suggestions needs a number")?
                    .parse()?
            }
            "--postgres" => on_postgres = true,
            "--bench" => {}
            other => bail!("unknown option {other}"),
        }
    }
    let folder = tempfile::tempdir()?;
    let server = match on_postgres {
        true => Some(snowguard_tracker_db::testing::postgres().map_err(anyhow::Error::msg)?),
        false => None,
    };
    let location = match &server {
        Some(database) => Location::parse(&database.url),
        None => Location::Sqlite(folder.path().join("tracker.sqlite")),
    };
    let db = Db::open(&location)?;
    let start = Instant::now();
    fill(&db, suggestions)?;
    eprintln!(
        "{suggestions} suggestions in {:.1} s",
        start.elapsed().as_secs_f64()
    );

    let cookie = sign_in(&db, 1, "a")?;
    let maintainer = sign_in(&db, 2, "b")?;
    let config = Config {
        clock: Clock::Fixed(NOW),
        ..Config::new(([127, 0, 0, 1], 0).into())
    };
    let router = router(db, &config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let name = if on_postgres { "postgresql" } else { "sqlite" };
    for (title, path, cookie, filters) in [
        ("queue page", "/queue", "", FILTERS),
        ("my packages", "/my", maintainer.as_str(), MINE),
    ] {
        let pages = runtime.block_on(pages(&router, path, cookie, filters))?;
        for (filter, times) in filters.iter().zip(&pages) {
            let what = format!("{title}, {name}, {filter}");
            eprintln!("{}", summary(&what, times.clone(), PAGE));
        }
        let what = format!("{title}, {name}");
        println!("{}", summary(&what, pages.concat(), PAGE));
    }
    let decisions = runtime.block_on(decisions(&router, &cookie))?;
    println!(
        "{}",
        summary(&format!("decision, {name}"), decisions, DECISION)
    );
    Ok(())
}

fn summary(what: &str, mut times: Vec<Duration>, limit: f64) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let last = times.len().saturating_sub(1);
        let index = ((times.len() as f64 * share) as usize).min(last);
        times
            .get(index)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    };
    format!(
        r#"{{"what":"{what}","requests":{},"p50_ms":{:.2},"p99_ms":{:.2},"max_ms":{:.2},"limit_ms":{limit},"p99_of_limit":{:.2}}}"#,
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0),
        at(0.99) / limit
    )
}

/// The times of each filter.
async fn pages(
    router: &Router,
    path: &str,
    cookie: &str,
    filters: &[&str],
) -> anyhow::Result<Vec<Vec<Duration>>> {
    let mut times = vec![Vec::new(); filters.len()];
    // The first request takes the whole queue over from the database: that is the server's start, not a page.
    for round in 0..40 {
        for (filter, times) in filters.iter().zip(&mut times) {
            let start = Instant::now();
            let path = format!("{path}?{filter}");
            let request = Request::get(&path).header(header::COOKIE, cookie);
            let answer = router.clone().oneshot(request.body(Body::empty())?).await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            ensure!(status.is_success() && !body.is_empty(), "{path}: {status}");
            if round > 0 {
                times.push(start.elapsed());
            }
        }
    }
    Ok(times)
}

/// Each suggestion is decided once, so that its revision is known.
async fn decisions(router: &Router, cookie: &str) -> anyhow::Result<Vec<Duration>> {
    let account = Request::get("/account")
        .header(header::COOKIE, cookie)
        .body(Body::empty())?;
    let page = router
        .clone()
        .oneshot(account)
        .await?
        .into_body()
        .collect()
        .await?
        .to_bytes();
    let page = String::from_utf8_lossy(&page).into_owned();
    let (_, rest) = page
        .split_once("name=\"form_key\" value=\"")
        .context("a form with a key")?;
    let key = rest.split('"').next().unwrap_or_default();
    let mut times = Vec::new();
    for number in 0..400 {
        let id = id(number * 7);
        let body = format!("form_key={key}&command=dismiss&reason=other_product&revision=0");
        let request = Request::post(format!("/advisory/{id}/decide"))
            .header(header::HOST, HOST)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))?;
        let start = Instant::now();
        let status = router.clone().oneshot(request).await?.status();
        ensure!(status == 303, "{id}: {status}");
        times.push(start.elapsed());
    }
    Ok(times)
}

/// Somebody who triages; number 2 maintains packages as well.
fn sign_in(db: &Db, number: i64, digit: &str) -> anyhow::Result<String> {
    let login = format!("somebody{number}");
    let person = db.github_person(number, &login, Millis::new(NOW))?.id;
    db.give_roles(None, person, Roles::new([Role::Triager]), Millis::new(NOW))?;
    let handles = (7..27).map(|handle| Maintainer {
        handle: format!("maintainer{handle}"),
        name: String::new(),
        github: None,
        github_id: Some(2),
    });
    db.put_maintainers(&handles.collect::<Vec<_>>())?;
    let secret = digit.repeat(64);
    let digest = Sha256::digest(&secret).into();
    let new = NewSession {
        digest: &digest,
        person,
        expires: Millis::new(NOW + 86_400_000),
        agent: "bench",
    };
    db.begin_session(&new, Millis::new(NOW))?;
    Ok(format!("snowguard={secret}"))
}

fn id(number: usize) -> String {
    format!("CVE-{}-{}", 2000 + number % 26, 10_000 + number / 26)
}

fn fill(db: &Db, suggestions: usize) -> anyhow::Result<()> {
    let packages = |channel: usize| {
        (0..PACKAGES).map(move |number| Package {
            attr: format!("package{number}"),
            name: format!("package{number}-1.{channel}"),
            pname: format!("package{number}"),
            version: format!("1.{channel}"),
            maintainers: vec![format!("maintainer{}", number % 500)],
            ..Package::default()
        })
    };
    for (number, channel) in CHANNELS.into_iter().enumerate() {
        let load = ChannelLoad {
            channel,
            revision: "r",
            evaluated_at: None,
            run: None,
            now: Millis::new(NOW),
            force: Force::No,
        };
        db.load_channel(&load, packages(number).map(Ok::<_, std::io::Error>))?;
    }
    let run = db.begin_run("bench", FeedKind::CveList, Millis::new(NOW))?;
    for first in (0..suggestions).step_by(BATCH) {
        let batch = first..(first + BATCH).min(suggestions);
        let records = batch
            .clone()
            .map(record)
            .map(|incoming| db.prepare(incoming))
            .collect::<Result<Vec<_>, _>>()?;
        db.put_records(&RecordBatch {
            run,
            cursor: "",
            now: Millis::new(NOW),
            policy: StalePolicy::KeepNewer,
            records,
        })?;
        let seen = db.dirty_advisories(0)?.seen;
        let advisories: Vec<AdvisoryMatches> = batch.clone().map(matches).collect();
        let now = Millis::new(NOW - (first as i64) * 86_400);
        db.put_matches(&MatchBatch {
            now,
            seen,
            advisories: &advisories,
        })?;
    }
    let kev = |number: usize| {
        let kev = Kev {
            date_added: "2026-01-01".into(),
            due_date: None,
            vendor: "v".into(),
            product: "p".into(),
            name: "n".into(),
            ransomware: false,
        };
        (id(number), kev)
    };
    db.put_kev(&(0..suggestions).step_by(211).map(kev).collect::<Vec<_>>())?;
    let epss = |number: usize| {
        let score = (number % 997) as f64 / 997.0;
        (
            id(number),
            Epss {
                score: score * score,
                percentile: score,
            },
        )
    };
    db.put_epss(
        "2026-09-01",
        &(0..suggestions).map(epss).collect::<Vec<_>>(),
    )?;
    // As after each large reading and matching.
    db.renew_statistics()?;
    Ok(())
}

fn record(number: usize) -> IncomingRecord<'static> {
    const WORDS: [&str; 8] = [
        "overflow",
        "injection",
        "traversal",
        "race",
        "leak",
        "bypass",
        "crash",
        "confusion",
    ];
    let mut record = Record::new(id(number), Source::CveList);
    record.title = Some(format!(
        "A {} in the parser of package{}",
        WORDS[number % 8],
        number % PACKAGES
    ));
    record.published = Some(NOW - number as i64 * 1000);
    let score = (number % 101) as f64 / 10.0;
    let severity = serde_json::json!({"by": "cna", "version": "3.1", "vector": "", "score": score});
    record
        .severities
        .extend(serde_json::from_value(severity).ok());
    let raw = serde_json::json!({"id": record.id, "title": record.title}).to_string();
    IncomingRecord {
        record,
        raw: raw.into_bytes().into(),
        origin: "bench#0".to_owned(),
    }
}

fn matches(number: usize) -> AdvisoryMatches {
    let tier = [Tier::High, Tier::Medium, Tier::Low][number % 3];
    let found = |attr: usize| Match {
        advisory: id(number),
        attr: format!("package{}", attr % PACKAGES),
        verdict: Verdict::Affected,
        tier,
        variant_of: None,
        fixed_in: Some("2.0".to_owned()),
        reasons: vec![Reason {
            code: "range_affected".to_owned(),
            weight: Weight::Decides,
            text: "1.0 is before 2.0".to_owned(),
            at: None,
        }],
    };
    let channels = CHANNELS.iter().take(1 + number % 3);
    AdvisoryMatches {
        advisory: id(number),
        channels: channels
            .map(|channel| {
                (
                    (*channel).to_owned(),
                    vec![found(number), found(number * 31 + 7)],
                )
            })
            .collect(),
        keys: Vec::new(),
    }
}
