//! Packages: delta storage.

use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::keys;
use snowguard_matching::package::Package;
use snowguard_tracker_db::{AliasFact, DbError, Force, Millis};

use crate::backend::contract;
use crate::sample::{NOW, load, load_with, package, put, record};

fn sorted(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(|a, b| a.attr.cmp(&b.attr));
    packages
}

contract! {
    fn past_evaluations_are_read_back_exactly(fresh) {
        let a: Vec<Package> = (0..60).map(|number| package(&format!("p{number}"), "1")).collect();
        let mut b = a.clone();
        b[3].version = "2".into();
        b[4].patches.push("CVE-2024-1.patch".into());
        b.remove(10);
        b.push(package("new", "1"));
        let mut c = b.clone();
        c[3].version = "1".into();
        c.insert(0, a[10].clone());
        let first = load(&fresh.db, "c", "a", a.clone()).unwrap();
        assert_eq!((first.added, first.rows_written), (60, 60));
        let second = load(&fresh.db, "c", "b", b.clone()).unwrap();
        assert_eq!((second.added, second.changed, second.removed, second.unchanged, second.rows_written), (1, 2, 1, 57, 3));
        let third = load(&fresh.db, "c", "c", c.clone()).unwrap();
        assert_eq!((third.added, third.changed, third.removed), (1, 1, 0));
        load(&fresh.db, "other", "a", vec![package("p3", "77")]).unwrap();
        for (outcome, packages) in [(first, a), (second, b), (third, c.clone())] {
            assert_eq!(fresh.db.packages_at("c", outcome.evaluation).unwrap(), sorted(packages));
        }
        assert_eq!(fresh.db.all_packages("c").unwrap(), sorted(c));
        let history = fresh.db.package_history("c", "p3").unwrap();
        let versions: Vec<_> = history.iter().map(|old| (old.package.version.as_str(), old.since.revision.as_str(), old.until.as_ref().map(|until| until.revision.as_str()))).collect();
        assert_eq!(versions, [("1", "c", None), ("2", "b", Some("c")), ("1", "a", Some("b"))]);
        assert!(matches!(fresh.db.packages_at("other", third.evaluation), Err(DbError::Missing { .. })));
    }

    fn the_same_again_writes_nothing(fresh) {
        let packages: Vec<Package> = (0..30).map(|number| package(&format!("p{number}"), "1")).collect();
        let first = load(&fresh.db, "c", "a", packages.clone()).unwrap();
        let again = load(&fresh.db, "c", "a", packages.iter().rev().cloned().collect()).unwrap();
        assert_eq!((again.evaluation, again.rows_written, again.unchanged), (first.evaluation, 0, 30));
        assert_eq!(fresh.db.evaluations("c").unwrap().len(), 1);
        // Another revision with the same content is an evaluation without rows.
        let next = load(&fresh.db, "c", "b", packages.clone()).unwrap();
        assert_eq!((next.rows_written, next.unchanged), (0, 30));
        assert_ne!(next.evaluation, first.evaluation);
        // An older revision again is known already.
        assert_eq!(load(&fresh.db, "c", "a", packages).unwrap().evaluation, first.evaluation);
    }

    fn an_older_revision_with_other_content_is_refused(fresh) {
        load(&fresh.db, "c", "a", vec![package("x", "1")]).unwrap();
        load(&fresh.db, "c", "b", vec![package("x", "2")]).unwrap();
        let refused = load(&fresh.db, "c", "a", vec![package("x", "3")]);
        assert!(matches!(refused, Err(DbError::RevisionDiffers { .. })), "{refused:?}");
        assert_eq!(fresh.db.package("c", "x").unwrap().unwrap().version, "2");
        load_with(&fresh.db, "c", "a", vec![package("x", "3")], Force::Yes).unwrap();
        assert_eq!(fresh.db.package("c", "x").unwrap().unwrap().version, "3");
        // The newest revision may be mended in place: the reader of a source has improved.
        load(&fresh.db, "c", "a", vec![package("x", "4")]).unwrap();
        assert_eq!(fresh.db.package("c", "x").unwrap().unwrap().version, "4");
    }

    fn a_channel_that_lost_a_fifth_is_refused(fresh) {
        let packages: Vec<Package> = (0..100).map(|number| package(&format!("p{number}"), "1")).collect();
        load(&fresh.db, "c", "a", packages.clone()).unwrap();
        let refused = load(&fresh.db, "c", "b", packages[21..].to_vec());
        assert!(matches!(refused, Err(DbError::ChannelShrank { had: 100, has: 79, lost: 21, .. })), "{refused:?}");
        assert_eq!(fresh.db.all_packages("c").unwrap().len(), 100);
        assert_eq!(load(&fresh.db, "c", "b", packages[20..].to_vec()).unwrap().removed, 20);
        assert_eq!(load_with(&fresh.db, "c", "c", Vec::new(), Force::Yes).unwrap().removed, 80);
        assert!(fresh.db.all_packages("c").unwrap().is_empty());
    }

    fn a_failing_source_changes_nothing(fresh) {
        load(&fresh.db, "c", "a", vec![package("x", "1")]).unwrap();
        let load = snowguard_tracker_db::ChannelLoad { channel: "c", revision: "b", evaluated_at: None, run: None, now: NOW, force: Force::Yes };
        let broken = vec![Ok(package("x", "2")), Err(std::io::Error::other("cut off"))];
        let failed = fresh.db.load_channel(&load, broken).unwrap_err();
        assert!(failed.to_string().contains("cut off"), "{failed}");
        assert_eq!(fresh.db.package("c", "x").unwrap().unwrap().version, "1");
    }

    fn of_an_attribute_that_comes_twice_the_first_counts(fresh) {
        let outcome = load(&fresh.db, "c", "a", vec![package("x", "1"), package("x", "2"), package("y", "1")]).unwrap();
        assert_eq!((outcome.added, outcome.duplicate), (2, 1));
        assert_eq!(fresh.db.package("c", "x").unwrap().unwrap().version, "1");
    }

    fn candidates_share_a_key_and_are_current(fresh) {
        load(&fresh.db, "c", "a", vec![package("openssl", "1"), package("a.openssl", "2"), package("zlib", "1"), package("gone", "1")]).unwrap();
        load(&fresh.db, "d", "a", vec![package("openssl", "9")]).unwrap();
        let keys_of = |name: &str| keys::of_package(&package(name, "1"));
        let attrs = |channel: &str, keys: &[keys::Key]| fresh.db.candidates(channel, keys).unwrap().into_iter().map(|found| (found.attr, found.version)).collect::<Vec<_>>();
        assert_eq!(attrs("c", &keys_of("openssl")).len(), 2);
        assert_eq!(attrs("d", &keys_of("openssl")), [("openssl".to_owned(), "9".to_owned())]);
        assert!(attrs("c", &[]).is_empty());
        load(&fresh.db, "c", "b", vec![package("openssl", "5"), package("a.openssl", "2"), package("zlib", "1"), package("more", "1"), package("gone", "1")]).unwrap();
        assert!(attrs("c", &keys_of("openssl")).contains(&("openssl".to_owned(), "5".to_owned())));
        assert!(!attrs("c", &keys_of("openssl")).contains(&("openssl".to_owned(), "1".to_owned())));
        load_with(&fresh.db, "c", "c", vec![package("openssl", "5")], Force::Yes).unwrap();
        assert!(attrs("c", &keys_of("gone")).is_empty());
        assert!(matches!(fresh.db.candidates("unknown", &[]), Err(DbError::Missing { .. })));
    }

    fn a_changed_package_marks_what_shares_a_key(fresh) {
        put(&fresh.db, [record("CVE-2024-1001", "openssl", "t"), record("CVE-2024-1002", "zlib", "t"), record("CVE-2024-1003", "curl", "t")]);
        let clear = || {
            let dirty = fresh.db.dirty_advisories(100).unwrap();
            let all: Vec<_> = dirty.advisories.iter().map(|id| snowguard_tracker_db::AdvisoryMatches { advisory: id.clone(), channels: vec![], keys: keys::of_advisory_facts(&AdvisoryFacts::new(&fresh.db.advisory(id).unwrap().unwrap())) }).collect();
            fresh.db.put_matches(&snowguard_tracker_db::MatchBatch { now: NOW, seen: dirty.seen, advisories: &all }).unwrap();
            dirty.advisories
        };
        assert_eq!(clear().len(), 3);
        load(&fresh.db, "c", "a", vec![package("openssl", "1"), package("zlib", "1")]).unwrap();
        assert_eq!(clear(), ["CVE-2024-1002", "CVE-2024-1001"]);
        load(&fresh.db, "c", "b", vec![package("openssl", "2"), package("zlib", "1")]).unwrap();
        assert_eq!(clear(), ["CVE-2024-1001"]);
        load_with(&fresh.db, "c", "c", vec![package("openssl", "2")], Force::Yes).unwrap();
        assert_eq!(clear(), ["CVE-2024-1002"]);
        load(&fresh.db, "c", "d", vec![package("openssl", "2")]).unwrap();
        assert!(clear().is_empty());
        fresh.db.mark_all_dirty().unwrap();
        assert_eq!(clear().len(), 3);
    }

    fn alias_sources_are_replaced(fresh) {
        put(&fresh.db, [record("CVE-2024-1001", "openssl", "t")]);
        let fact = |left: &str| AliasFact { kind: "purl-cpe".into(), left: left.into(), right: "a:b:c".into() };
        assert!(fresh.db.put_alias_source("purl2cpe", "MIT", vec![fact("b"), fact("a"), fact("a")], NOW).unwrap());
        assert!(!fresh.db.put_alias_source("purl2cpe", "MIT", vec![fact("a"), fact("b")], NOW).unwrap());
        assert_eq!(fresh.db.alias_facts("purl2cpe").unwrap(), [fact("a"), fact("b")]);
        assert!(fresh.db.put_alias_source("purl2cpe", "MIT", vec![fact("c")], Millis::new(5)).unwrap());
        assert_eq!(fresh.db.alias_facts("purl2cpe").unwrap(), [fact("c")]);
        let sources = fresh.db.alias_sources().unwrap();
        assert_eq!((sources[0].licence.as_str(), sources[0].facts, sources[0].loaded_at), ("MIT", 1, Millis::new(5)));
    }
}
