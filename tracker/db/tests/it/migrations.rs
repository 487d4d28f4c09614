//! The schema: up, down, up; its comments; versions that are not ours.

use std::path::Path;

use snowguard_tracker_db::{Db, DbError, Location, Millis, SCHEMA_VERSION};

use crate::backend::contract;
use crate::sample::{put, record};

contract! {
    fn up_down_up(fresh) {
        put(&fresh.db, [record("CVE-2024-1001", "a", "b")]);
        Db::migrate_to(&fresh.location, 0).unwrap();
        Db::migrate_to(&fresh.location, 0).unwrap();
        assert!(fresh.db.counts().is_err(), "no table is left");
        Db::migrate_to(&fresh.location, SCHEMA_VERSION).unwrap();
        let again = Db::open(&fresh.location).unwrap();
        assert_eq!(again.counts().unwrap().advisories, 0);
        assert_eq!(put(&again, [record("CVE-2024-1001", "a", "b")]).new, 1);
        assert!(matches!(Db::migrate_to(&fresh.location, SCHEMA_VERSION + 1), Err(DbError::NoSuchSchema(_))));
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    let location = Location::Sqlite(path.clone());
    drop(Db::open(&location).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("INSERT INTO schema_step VALUES (99, 'x')")
        .unwrap();
    drop(connection);
    let refused = Db::open(&location).unwrap_err();
    assert!(
        matches!(
            refused,
            DbError::NewerSchema {
                found: 99,
                supported: SCHEMA_VERSION
            }
        ),
        "{refused:?}"
    );
    assert!(
        Db::migrate_to(&location, 0).is_err(),
        "nor is it taken down"
    );
}

contract! {
    fn tables_made_by_other_statements_are_refused(fresh) {
        put(&fresh.db, [record("CVE-2024-1001", "a", "b")]);
        let other = "UPDATE schema_step SET digest = 'other' WHERE version = 1";
        match &fresh.location {
            Location::Sqlite(path) => rusqlite::Connection::open(path).unwrap().execute_batch(other).unwrap(),
            Location::Postgres(url) => postgres::Client::connect(url, postgres::NoTls).unwrap().batch_execute(other).unwrap(),
        }
        let refused = Db::open(&fresh.location).unwrap_err();
        assert!(matches!(refused, DbError::OtherSchema { found: SCHEMA_VERSION }), "{refused:?}");
        assert!(refused.to_string().contains("load the sources again"), "{refused}");
        assert!(Db::migrate_to(&fresh.location, 0).is_err(), "nor is it taken down");
        assert_eq!(fresh.db.counts().unwrap().advisories, 1, "nothing was touched");
    }
}

#[test]
fn a_file_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine')")
        .unwrap();
    let refused = Db::open(&Location::Sqlite(path)).unwrap_err();
    assert!(
        matches!(refused, DbError::OtherSchema { found: 0 }),
        "{refused:?}"
    );
    let notes: i64 = connection
        .query_row("SELECT count(*) FROM note", [], |row| row.get(0))
        .unwrap();
    assert_eq!(notes, 1);
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    let db = Db::open(&Location::Sqlite(path.clone())).unwrap();
    put(&db, [record("CVE-2024-1001", "a", "b")]);
    for file in std::fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
    {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{file:?}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_opened_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for location in [
        Location::Sqlite(folder.path().join("no/such/folder/tracker.db")),
        Location::Sqlite(folder.path().to_owned()),
        Location::parse("postgres://nobody@%2Fno%2Fsuch%2Ffolder/x"),
    ] {
        let failed = Db::open(&location).unwrap_err();
        assert!(matches!(failed, DbError::Lost(_)), "{location}: {failed:?}");
    }
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, [7; 10_000]).unwrap();
    assert!(matches!(
        Db::open(&Location::Sqlite(garbage)),
        Err(DbError::Damaged { .. })
    ));
}

/// Tables and columns with their comments: a column without one fails.
fn columns(dialect: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(dialect);
    let mut found = Vec::new();
    for file in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if !name.ends_with(".up.sql") {
            assert!(
                name.ends_with(".down.sql") && folder.join(name.replace(".down.", ".up.")).exists(),
                "{name}"
            );
            continue;
        }
        assert!(
            folder.join(name.replace(".up.", ".down.")).exists(),
            "{name} has no way down"
        );
        let mut table = None;
        for line in std::fs::read_to_string(file.path()).unwrap().lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = Some(rest.trim_end_matches(" (").to_owned());
            } else if line.starts_with(')') {
                table = None;
            } else if let Some(table) = &table
                && !["PRIMARY KEY", "UNIQUE ("]
                    .iter()
                    .any(|rule| line.trim_start().starts_with(rule))
            {
                let comment = line.split_once("-- ").map(|(_, comment)| comment.trim());
                assert!(
                    comment.is_some_and(|comment| comment.len() > 3),
                    "{dialect}: {table}: {line}"
                );
                found.push((
                    table.clone(),
                    line.split_whitespace().next().unwrap().to_owned(),
                ));
            }
        }
    }
    found
}

#[test]
fn each_column_is_commented_and_in_both_dialects() {
    let (sqlite, mut postgres) = (columns("sqlite"), columns("postgres"));
    assert!(sqlite.len() > 90);
    // Full-text search differs: a virtual table in one, vectors in the other.
    postgres.retain(|(table, _)| !table.ends_with("_search"));
    assert_eq!(sqlite, postgres);
}

/// Statements as another program would give them.
fn script(location: &Location, statements: &str) {
    match location {
        Location::Sqlite(path) => {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(statements).unwrap();
        }
        Location::Postgres(url) => {
            let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
            client.batch_execute(statements).unwrap();
        }
    }
}

contract! {
    fn news_of_before_each_web_hook_was_told_are_kept(fresh) {
        use snowguard_tracker_triage::subscription::{Cadence, Subject, Subscription};
        let now = crate::sample::NOW;
        let person = fresh.db.github_person(7, "ada", now).unwrap().id;
        let subscription = Subscription {
            subject: Subject::Everything,
            severity: None,
            kev_at_once: false,
            cadence: Cadence::Daily,
            mail: true,
            hook: Some("https://example.org/".to_owned()),
            muted: false,
            feed: 0,
        };
        let id = fresh.db.put_subscription(person, &subscription, &[1], now).unwrap();
        Db::migrate_to(&fresh.location, 7).unwrap();
        // As the program of before wrote: sent, with a post that is tried again; waiting for the digest, unread and read;
        // of a subscription that is gone; of none.
        let event = |number: i64| format!(
            "INSERT INTO event (id, at, kind, subject, body) VALUES ({number}, {0}, 'affected', 'CVE-{number}', '{{}}');", now.get());
        let notice = |number: i64, subscription: &str, sent: &str, read: &str| format!(
            "INSERT INTO notification (id, person, subscription, event, at, cadence, sent, read) \
             VALUES ({number}, {}, {subscription}, {number}, {}, 'daily', {sent}, {read});", person.get(), now.get());
        let mine = id.to_string();
        let mut all: String = (1..=5).map(event).collect();
        for (number, subscription, sent, read) in
            [(1, mine.as_str(), "5", "NULL"), (2, &mine, "NULL", "NULL"), (3, &mine, "NULL", "9"), (4, "99", "NULL", "NULL"), (5, "NULL", "NULL", "NULL")]
        {
            all += &notice(number, subscription, sent, read);
        }
        all += &format!("INSERT INTO job (id, kind, name, body, due, attempts) VALUES (1, 'hook', 's{id}-n1', '{{\"subscription\":{id},\"news\":[1]}}', 1, 1);");
        script(&fresh.location, &all);
        let check = |db: &Db| {
            let told = db.notifications(person, None, 10).unwrap();
            let told: Vec<(i64, bool)> = told.iter().map(|one| (one.id, one.is_read)).collect();
            assert_eq!(told, [(5, false), (4, false), (3, true), (2, false), (1, false)]);
        };
        Db::migrate_to(&fresh.location, SCHEMA_VERSION).unwrap();
        check(&Db::open(&fresh.location).unwrap());
        // There and back, and what is open is still open.
        Db::migrate_to(&fresh.location, 7).unwrap();
        Db::migrate_to(&fresh.location, SCHEMA_VERSION).unwrap();
        let db = Db::open(&fresh.location).unwrap();
        check(&db);
        let tomorrow = Millis::new(now.get() + 86_400_000);
        let retried = db.claim_job("w", now, 1000).unwrap().unwrap();
        let out = db.message(&retried).unwrap().unwrap();
        assert_eq!((out.hook.as_deref(), out.news.len(), out.news[0].id), (Some("https://example.org/"), 1, 1));
        assert!(db.finish_job(&retried, now).unwrap());
        assert_eq!(db.make_messages(now).unwrap(), 0);
        assert_eq!(db.make_messages(tomorrow).unwrap(), 2);
        let mut kinds = Vec::new();
        while let Some(job) = db.claim_job("w", tomorrow, 1000).unwrap() {
            let news = db.message(&job).unwrap().unwrap().news;
            kinds.push((job.kind.clone(), news.iter().map(|one| one.id).collect::<Vec<_>>()));
            assert!(db.finish_job(&job, tomorrow).unwrap());
        }
        kinds.sort();
        assert_eq!(kinds, [("hook".to_owned(), vec![2, 3]), ("mail".to_owned(), vec![2, 3])]);
        assert_eq!(db.make_messages(tomorrow).unwrap(), 0);
    }
}
