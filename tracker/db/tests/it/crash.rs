//! Killed at any moment, the database is whole: what a cursor says was stored is stored, and no
//! more.

use std::process::{Command, Stdio};
use std::time::Duration;

use snowguard_tracker_db::{Db, DbError, FeedKind, Location, RecordBatch, StalePolicy};

use crate::backend::contract;
use crate::sample::{NOW, begin, load, package, prepare, put, record};

const PLACE: &str = "SNOWGUARD_TEST_CRASH_DATABASE";
const BATCH: u64 = 40;

/// Run by the tests below in a process of its own: stores batch after batch until it is killed.
#[test]
#[ignore = "a part of other tests"]
fn writer() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let db = Db::open(&Location::parse(&place)).unwrap();
    let run = db.begin_run("crash", FeedKind::CveList, NOW).unwrap();
    let start: u64 = db
        .feed("crash")
        .unwrap()
        .and_then(|feed| feed.cursor)
        .map_or(0, |cursor| cursor.parse().unwrap());
    for batch in start.. {
        let first = 1000 + batch * BATCH;
        let records = prepare(
            &db,
            (first..first + BATCH)
                .map(|number| record(&format!("CVE-2024-{number}"), "zlib", "Title")),
        );
        let cursor = (batch + 1).to_string();
        db.put_records(&RecordBatch {
            run,
            cursor: &cursor,
            now: NOW,
            policy: StalePolicy::KeepNewer,
            records,
        })
        .unwrap();
        load(&db, "c", &cursor, vec![package("zlib", &cursor)]).unwrap();
    }
}

contract! {
    fn killed_at_any_moment_it_is_whole(fresh) {
        let mut last = 0;
        for pause in [150, 230, 310, 170, 260] {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
                .env(PLACE, location_text(&fresh.location))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(pause));
            child.kill().unwrap();
            child.wait().unwrap();
            let db = Db::open(&fresh.location).unwrap();
            let cursor: u64 = db.feed("crash").unwrap().and_then(|feed| feed.cursor).map_or(0, |cursor| cursor.parse().unwrap());
            assert!(cursor >= last);
            last = cursor;
            let counts = db.counts().unwrap();
            assert_eq!(counts.advisories, cursor * BATCH);
            let ids = db.advisory_ids().unwrap();
            assert_eq!(ids.len() as u64, cursor * BATCH);
            assert_eq!(db.advisories(&ids).unwrap().len(), ids.len());
            assert_eq!(db.dirty_count().unwrap(), cursor * BATCH);
            assert_eq!(db.search("title", 0, 500).unwrap().advisories.len() as u64, (cursor * BATCH).min(500));
            for (channel, attributes) in counts.channels {
                assert_eq!((channel.as_str(), attributes, db.all_packages("c").unwrap().len()), ("c", 1, 1));
            }
        }
        if last == 0 {
            println!("every kill came before the first batch");
        }
    }

    fn two_handles_write_in_turn(fresh) {
        let other = Db::open(&fresh.location).unwrap();
        std::thread::scope(|scope| {
            for (db, base) in [(&fresh.db, 1000), (&other, 5000)] {
                scope.spawn(move || {
                    for round in 0..10 {
                        put(db, (0..5).map(|number| record(&format!("CVE-2024-{}", base + round * 5 + number), "zlib", "t")));
                    }
                });
            }
        });
        assert_eq!(fresh.db.counts().unwrap().advisories, 100);
        assert_eq!(other.dirty_count().unwrap(), 100);
    }
}

fn location_text(location: &Location) -> String {
    match location {
        Location::Sqlite(path) => path.to_str().unwrap().to_owned(),
        Location::Postgres(url) => url.clone(),
    }
}

#[test]
fn a_lost_server_is_said_and_found_again() {
    let fresh = match crate::backend::Fresh::postgres() {
        Some(fresh) => fresh,
        None => return,
    };
    let run = begin(&fresh.db);
    let mut admin =
        postgres::Client::connect(&location_text(&fresh.location), postgres::NoTls).unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let records = prepare(&fresh.db, [record("CVE-2024-1001", "a", "b")]);
    let batch = RecordBatch {
        run,
        cursor: "1",
        now: NOW,
        policy: StalePolicy::KeepNewer,
        records,
    };
    admin.batch_execute(end).unwrap();
    // The first use of a dead connection says so; the next opens another.
    match fresh.db.put_records(&batch) {
        Ok(_) => {}
        Err(failed) => {
            assert!(
                matches!(failed, DbError::Lost(_)) && failed.is_transient(),
                "{failed:?}"
            );
            assert_eq!(fresh.db.put_records(&batch).unwrap().new, 1);
        }
    }
    assert_eq!(fresh.db.counts().unwrap().advisories, 1);
}
