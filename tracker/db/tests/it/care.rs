//! Backup, restore, giving up what is old, rebuilding.

use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::testing;
use snowguard_tracker_db::{
    AdvisoryMatches, AliasFact, Db, DbError, Force, GcPolicy, Location, MatchBatch, MatchFilter,
    PageRequest,
};

use crate::backend::contract;
use crate::sample::{NOW, found, later, load, load_with, package, put, put_at, record};

/// Something of everything.
fn fill(db: &Db) {
    load(
        db,
        "c",
        "a",
        vec![package("openssl", "1"), package("zlib", "1")],
    )
    .unwrap();
    load(
        db,
        "c",
        "b",
        vec![package("openssl", "2"), package("zlib", "1")],
    )
    .unwrap();
    put(
        db,
        (1000..1400)
            .map(|number| record(&format!("CVE-2024-{number}"), "openssl", "Heap overflow")),
    );
    let mut changed = record("CVE-2024-1001", "openssl", "Another title");
    changed.modified = Some(NOW.get());
    put_at(db, later(1), [changed]);
    let matches = vec![found(
        "CVE-2024-1001",
        "openssl",
        Verdict::Affected,
        Tier::High,
    )];
    let entry = AdvisoryMatches {
        advisory: "CVE-2024-1001".into(),
        channels: vec![("c".into(), matches)],
        keys: Vec::new(),
    };
    let seen = db.dirty_advisories(1).unwrap().seen;
    db.put_matches(&MatchBatch {
        now: NOW,
        seen,
        advisories: &[entry],
    })
    .unwrap();
    let fact = AliasFact {
        kind: "k".into(),
        left: "l".into(),
        right: "r".into(),
    };
    db.put_alias_source("s", "MIT", vec![fact], NOW).unwrap();
    db.put_epss(
        "2024-01-01",
        &[(
            "CVE-2024-1001".into(),
            snowguard_advisory::model::Epss {
                score: 0.1,
                percentile: 0.9,
            },
        )],
    )
    .unwrap();
}

/// All that the public reads show.
fn shown(db: &Db) -> String {
    let mut advisories = Vec::new();
    db.for_each_advisory(&mut |advisory| {
        advisories.push(advisory);
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let evaluations = db.evaluations("c").unwrap();
    let packages: Vec<Vec<Package>> = evaluations
        .iter()
        .map(|evaluation| db.packages_at("c", evaluation.id).unwrap())
        .collect();
    let history = db
        .record_history(snowguard_advisory::model::Source::CveList, "CVE-2024-1001")
        .unwrap();
    let page = db
        .matches_of_package("openssl", &MatchFilter::default(), &PageRequest::default())
        .unwrap();
    let found = db.search("heap overflow", 0, 7).unwrap();
    let packages_found = db.search("program openss", 0, 7).unwrap();
    format!(
        "{advisories:#?}{evaluations:#?}{packages:#?}{history:#?}{page:#?}{found:#?}{packages_found:#?}{:#?}{:#?}{:#?}{:#?}",
        db.counts().unwrap(),
        db.alias_facts("s").unwrap(),
        db.matches_of_advisory("CVE-2024-1001").unwrap(),
        db.dirty_advisories(1000).unwrap().advisories,
    )
}

contract! {
    fn a_backup_restores_into_either_database(fresh) {
        fill(&fresh.db);
        let before = shown(&fresh.db);
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup.db");
        fresh.db.backup(&backup).unwrap();
        assert!(matches!(fresh.db.backup(&backup), Err(DbError::File { .. })));
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["backup.db"], "nothing is left beside it");
        // What comes after the backup is not in it.
        put(&fresh.db, [record("CVE-2025-1000", "later", "Later")]);
        let target = Location::Sqlite(folder.path().join("restored.db"));
        Db::restore(&backup, &target).unwrap();
        assert_eq!(shown(&Db::open(&target).unwrap()), before);
        assert!(matches!(Db::restore(&backup, &target), Err(DbError::File { .. })));
        match testing::postgres() {
            Ok(database) => {
                let target = Location::parse(&database.url);
                Db::restore(&backup, &target).unwrap();
                assert_eq!(shown(&Db::open(&target).unwrap()), before);
                assert!(matches!(Db::restore(&backup, &target), Err(DbError::Location(_))));
            }
            Err(why) => println!("LEFT OUT restoring into PostgreSQL: {why}"),
        }
    }

    fn what_is_no_backup_is_refused(fresh) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        std::fs::write(&file, b"SQLite format 3\0 but no more").unwrap();
        let target = Location::Sqlite(folder.path().join("y.db"));
        assert!(matches!(Db::restore(&file, &target), Err(DbError::Damaged { .. })));
        std::fs::remove_file(&file).unwrap();
        assert!(Db::restore(&file, &target).is_err());
        std::fs::write(&file, b"").unwrap();
        assert!(matches!(Db::restore(&file, &target), Err(DbError::Damaged { .. })));
        // A truncated copy of a real one.
        fill(&fresh.db);
        let whole = folder.path().join("whole.db");
        fresh.db.backup(&whole).unwrap();
        let bytes = std::fs::read(&whole).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(Db::restore(&file, &target), Err(DbError::Damaged { .. })));
        assert!(!folder.path().join("y.db").exists());
    }

    fn gc_gives_up_the_past_only(fresh) {
        let db = &fresh.db;
        let all = |version: &str| vec![package("openssl", version), package("zlib", "1")];
        let mut first = all("1");
        first.push(package("gone", "1"));
        let first = load(db, "c", "1", first).unwrap();
        load_with(db, "c", "2", all("2"), Force::Yes).unwrap();
        let third = load(db, "c", "3", all("3")).unwrap();
        put_at(db, NOW, [record("CVE-2024-1001", "openssl", "One")]);
        for (seconds, title) in [(10, "Two"), (20, "Three")] {
            let mut changed = record("CVE-2024-1001", "openssl", title);
            changed.modified = Some(later(seconds).get());
            put_at(db, later(seconds), [changed]);
        }
        let nothing = db.gc(&GcPolicy::default()).unwrap();
        assert_eq!(nothing, snowguard_tracker_db::GcOutcome::default());
        let policy = GcPolicy { keep_evaluations: Some(1), forget_changes_before: Some(later(15)), keep_runs: Some(2), forget_news_before: None };
        let outcome = db.gc(&policy).unwrap();
        assert_eq!((outcome.evaluations, outcome.packages, outcome.attributes, outcome.changes, outcome.runs), (2, 3, 1, 1, 1));
        assert!(matches!(db.packages_at("c", first.evaluation), Err(DbError::Missing { .. })));
        assert_eq!(db.packages_at("c", third.evaluation).unwrap(), all("3"));
        assert_eq!(db.record_history(snowguard_advisory::model::Source::CveList, "CVE-2024-1001").unwrap().len(), 1);
        assert!(db.search("gone", 0, 5).unwrap().packages.is_empty());
        assert_eq!(db.search("zlib", 0, 5).unwrap().packages.len(), 1);
        assert_eq!(db.last_runs().unwrap().len(), 1);
        // An attribute that comes back is found again.
        let mut back = all("3");
        back.push(package("gone", "2"));
        load(db, "c", "4", back).unwrap();
        assert_eq!(db.search("gone", 0, 5).unwrap().packages.len(), 1);
    }

    fn search_and_keys_are_rebuilt_the_same(fresh) {
        fill(&fresh.db);
        let before = shown(&fresh.db);
        fresh.db.rebuild_search().unwrap();
        assert_eq!(fresh.db.rekey().unwrap(), None);
        assert_eq!(shown(&fresh.db), before);
        // Keys of another derivation are made anew, and everything is matched again.
        fresh.db.set_setting("key_derivation", "0").unwrap();
        assert_eq!(fresh.db.rekey().unwrap(), Some(0), "the same keys come out here");
        assert_eq!(fresh.db.rekey().unwrap(), None);
        assert_eq!(fresh.db.dirty_count().unwrap(), 400);
        let sizes = fresh.db.sizes().unwrap();
        assert!(sizes.tables.iter().any(|table| table.name == "record" && table.bytes > 0));
    }
}
