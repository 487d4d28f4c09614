//! The schema: up, down, up; its comments; versions that are not ours.

use std::path::Path;

use snowguard_tracker_db::{Db, DbError, Location, SCHEMA_VERSION};

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
