//! No page reads a whole table: the plan of every statement that page reads run is checked.

use std::cell::RefCell;

use crate::*;

thread_local! {
    /// Statements run on this thread, while a test collects them.
    static STATEMENTS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

pub(crate) fn record(sql: &str) {
    STATEMENTS.with_borrow_mut(|statements| {
        if let Some(statements) = statements {
            statements.push(sql.to_owned());
        }
    });
}

fn collect(work: impl FnOnce()) -> Vec<String> {
    STATEMENTS.set(Some(Vec::new()));
    work();
    STATEMENTS.take().unwrap_or_default()
}

/// Tables that grow with the data. `channel`, `feed`, `kev` and their like stay small.
const LARGE: &[&str] = &[
    "record",
    "record_change",
    "advisory_record",
    "advisory_name",
    "epss",
    "attribute",
    "package",
    "package_key",
    "match_set",
    "match_row",
    "lesson",
    "lookup",
    "lookup_key",
];

#[test]
fn page_reads_use_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    let db = Db::open(&Location::Sqlite(path.clone())).unwrap();
    let package = snowguard_matching::package::Package {
        attr: "openssl".into(),
        pname: "openssl".into(),
        version: "3".into(),
        ..Default::default()
    };
    let now = Millis::new(0);
    let load = ChannelLoad {
        channel: "c",
        revision: "r",
        evaluated_at: None,
        run: None,
        now,
        force: Force::No,
    };
    db.load_channel(&load, [Ok::<_, std::io::Error>(package.clone())])
        .unwrap();
    let run = db.begin_run("f", FeedKind::CveList, now).unwrap();
    let mut record = snowguard_advisory::model::Record::new(
        "CVE-2024-1234",
        snowguard_advisory::model::Source::CveList,
    );
    record.title = Some("openssl".into());
    let keys = snowguard_matching::keys::of_package(&package);
    let incoming = IncomingRecord {
        record,
        raw: b"{}".into(),
        origin: String::new(),
    };
    let records = vec![db.prepare(incoming).unwrap()];
    db.put_records(&RecordBatch {
        run,
        cursor: "",
        now,
        policy: StalePolicy::KeepNewer,
        records,
    })
    .unwrap();
    let found = snowguard_matching::verdict::Match {
        advisory: "CVE-2024-1234".into(),
        attr: "openssl".into(),
        verdict: snowguard_matching::verdict::Verdict::Affected,
        tier: snowguard_matching::verdict::Tier::High,
        variant_of: None,
        fixed_in: None,
        reasons: Vec::new(),
    };
    let entry = AdvisoryMatches {
        advisory: "CVE-2024-1234".into(),
        channels: vec![("c".into(), vec![found])],
        keys: Vec::new(),
    };
    let seen = db.dirty_advisories(1).unwrap().seen;

    let statements = collect(|| {
        db.advisory("CVE-2024-1234").unwrap();
        db.advisory("GHSA-x").unwrap();
        db.advisory_keys("CVE-2024-1234").unwrap();
        db.candidates("c", &keys).unwrap();
        db.package("c", "openssl").unwrap();
        db.package_history("c", "openssl").unwrap();
        db.versions_of("c", &["openssl"]).unwrap();
        db.put_matches(&MatchBatch {
            now,
            seen,
            advisories: std::slice::from_ref(&entry),
        })
        .unwrap();
        db.put_matches(&MatchBatch {
            now,
            seen,
            advisories: &[entry],
        })
        .unwrap();
        db.matches_of_advisory("CVE-2024-1234").unwrap();
        db.matches_of_package("openssl", &MatchFilter::default(), &PageRequest::default())
            .unwrap();
        db.matches_of_pname("openssl", &MatchFilter::default(), &PageRequest::default())
            .unwrap();
        db.match_counts_of_package("openssl").unwrap();
        let filter = NewestFilter {
            channel: None,
            tier: snowguard_matching::verdict::Tier::Low,
            limit: 5,
        };
        assert_eq!(db.newest_matches(&filter).unwrap().len(), 1);
        for query in ["openssl", "CVE-2024-12", "open ssl"] {
            db.search(query, 0, 20).unwrap();
        }
        db.counts().unwrap();
        db.last_runs().unwrap();
        db.mine(&["alice".to_owned()]).unwrap();
        db.channels().unwrap();
        db.record_history(snowguard_advisory::model::Source::CveList, "CVE-2024-1234")
            .unwrap();
    });
    assert!(statements.len() > 40, "{}", statements.len());

    let connection = rusqlite::Connection::open(&path).unwrap();
    for sql in statements
        .iter()
        .filter(|sql| sql.starts_with("SELECT") || sql.starts_with("DELETE"))
    {
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let unbound = vec![rusqlite::types::Null; explain.parameter_count()];
        let plan: Vec<String> = explain
            .query_map(rusqlite::params_from_iter(unbound), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for step in &plan {
            let scanned = step
                .strip_prefix("SCAN ")
                .and_then(|rest| rest.split_whitespace().next());
            let whole = scanned.is_some_and(|table| LARGE.contains(&table));
            // An index entered by the channel alone is a walk over all of its packages.
            let channel = step.starts_with("SEARCH package ") && step.ends_with("(channel=?)");
            assert!(!whole && !channel, "{sql}\n{plan:#?}");
        }
    }
}

#[test]
fn a_scan_would_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    let db = Db::open(&Location::Sqlite(path.clone())).unwrap();
    let statements = collect(|| drop(db.advisories(&[]).unwrap()));
    assert!(statements.iter().any(|sql| sql.contains("advisory_record")));
    let connection = rusqlite::Connection::open(&path).unwrap();
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM record WHERE title = 'x'",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert_eq!(plan, "SCAN record");
}
