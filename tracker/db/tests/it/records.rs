//! Records: update in place, history, what is marked.

use snowguard_advisory::model::{Epss, Kev, Source};
use snowguard_tracker_db::{
    DbError, FeedKind, FeedState, IncomingRecord, QuarantineEntry, RecordBatch, RunCounts,
    RunOutcome, StalePolicy,
};

use crate::backend::contract;
use crate::sample::{NOW, begin, incoming, later, load, package, prepare, put, put_at, record};

contract! {
    fn a_record_comes_back_whole(fresh) {
        let given = record("CVE-2024-1234", "openssl", "Heap overflow");
        let outcome = put(&fresh.db, [given.clone()]);
        assert_eq!((outcome.new, outcome.changed), (1, 0));
        let advisory = fresh.db.advisory("CVE-2024-1234").unwrap().expect("stored");
        assert_eq!(advisory.records, std::slice::from_ref(&given));
        assert_eq!(fresh.db.record_raw(Source::CveList, "CVE-2024-1234").unwrap(), Some(incoming(given.clone()).raw.into_owned()));
        assert_eq!(fresh.db.dirty_advisories(10).unwrap().advisories, ["CVE-2024-1234"]);
        assert!(fresh.db.advisory("CVE-2024-9999").unwrap().is_none());
        assert!(fresh.db.advisory("nonsense").unwrap().is_none());
    }

    fn the_same_again_writes_nothing(fresh) {
        let records = || (0..50).map(|number| record(&format!("CVE-2024-{}", 1000 + number), "zlib", "t"));
        assert_eq!(put(&fresh.db, records()).new, 50);
        assert_eq!(put(&fresh.db, records()).unchanged, 50);
        assert!(fresh.db.record_history(Source::CveList, "CVE-2024-1000").unwrap().is_empty());
    }

    fn a_change_updates_in_place_and_is_kept(fresh) {
        let first = record("CVE-2024-1", "curl", "One").clone();
        let first = snowguard_advisory::model::Record { id: "CVE-2024-1001".to_owned(), ..first };
        let mut second = first.clone();
        second.title = Some("Two".to_owned());
        second.modified = Some(NOW.get() - 1);
        second.affected[0].product = Some("libcurl".to_owned());
        let mut third = second.clone();
        third.tags.push("disputed".to_owned());
        third.modified = Some(NOW.get());
        put_at(&fresh.db, NOW, [first.clone()]);
        put_at(&fresh.db, later(10), [second.clone()]);
        let outcome = put_at(&fresh.db, later(20), [third.clone()]);
        assert_eq!((outcome.new, outcome.changed), (0, 1));
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [third.clone()]);
        let history = fresh.db.record_history(Source::CveList, "CVE-2024-1001").unwrap();
        assert_eq!(history.iter().map(|change| change.at).collect::<Vec<_>>(), [later(20), later(10)]);
        let patch = history[1].patch.to_string();
        assert!(patch.contains("/title") && patch.contains("Two"), "{patch}");
        let raw = |record: &snowguard_advisory::model::Record| serde_json::from_slice::<serde_json::Value>(&incoming(record.clone()).raw).unwrap();
        let at = |when| fresh.db.record_at(Source::CveList, "CVE-2024-1001", when).unwrap();
        assert_eq!(at(later(-1)), None);
        assert_eq!(at(NOW), Some(raw(&first)));
        assert_eq!(at(later(9)), Some(raw(&first)));
        assert_eq!(at(later(10)), Some(raw(&second)));
        assert_eq!(at(later(99)), Some(raw(&third)));
        assert!(matches!(fresh.db.record_at(Source::Nvd, "CVE-2024-1001", NOW), Err(DbError::Missing { .. })));
    }

    fn an_older_record_does_not_replace_a_newer(fresh) {
        let newer = record("CVE-2024-1001", "curl", "Newer");
        let mut older = record("CVE-2024-1001", "curl", "Older");
        older.modified = newer.modified.map(|modified| modified - 1);
        put(&fresh.db, [newer.clone()]);
        assert_eq!(put(&fresh.db, [older.clone()]).stale, 1);
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [newer]);
        let run = begin(&fresh.db);
        let records = prepare(&fresh.db, [older.clone()]);
        let batch = RecordBatch { run, cursor: "", now: NOW, policy: StalePolicy::Overwrite, records };
        assert_eq!(fresh.db.put_records(&batch).unwrap().changed, 1);
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [older]);
    }

    fn of_duplicates_in_a_batch_the_newest_counts(fresh) {
        let mut newest = record("CVE-2024-1001", "curl", "Newest");
        newest.modified = Some(NOW.get());
        let outcome = put(&fresh.db, [record("CVE-2024-1001", "curl", "a"), newest.clone(), record("CVE-2024-1001", "curl", "b")]);
        assert_eq!((outcome.new, outcome.duplicate), (1, 2));
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [newest]);
    }

    fn records_of_one_vulnerability_are_one_advisory(fresh) {
        let cve = record("CVE-2024-1001", "requests", "From the CVE list");
        let mut osv = record("PYSEC-2024-1", "requests", "From OSV");
        osv.source = Source::Osv;
        osv.aliases = vec!["GHSA-aaaa-bbbb-cccc".to_owned(), "CVE-2024-1001".to_owned(), "CVE-2024-1002".to_owned()];
        let mut alone = record("RUSTSEC-2024-0001", "ring", "No CVE");
        alone.source = Source::Osv;
        put(&fresh.db, [osv.clone(), cve.clone(), alone.clone()]);
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [cve.clone(), osv.clone()]);
        assert_eq!(fresh.db.advisory("CVE-2024-1002").unwrap().unwrap().records, [osv.clone()]);
        assert_eq!(fresh.db.advisory("RUSTSEC-2024-0001").unwrap().unwrap().records, [alone]);
        assert_eq!(fresh.db.counts().unwrap().advisories, 3);
        // The alias goes: the second advisory has no record left, and must be matched again.
        let dirty = fresh.db.dirty_advisories(10).unwrap();
        let nothing: Vec<_> = dirty.advisories.iter().map(|id| snowguard_tracker_db::AdvisoryMatches { advisory: id.clone(), channels: vec![], keys: vec![] }).collect();
        fresh.db.put_matches(&snowguard_tracker_db::MatchBatch { now: NOW, seen: dirty.seen, advisories: &nothing }).unwrap();
        assert_eq!(fresh.db.dirty_count().unwrap(), 0);
        osv.aliases.pop();
        put(&fresh.db, [osv.clone()]);
        assert!(fresh.db.advisory("CVE-2024-1002").unwrap().is_none());
        assert_eq!(fresh.db.dirty_advisories(10).unwrap().advisories, ["CVE-2024-1002", "CVE-2024-1001"]);
        assert_eq!(fresh.db.counts().unwrap().advisories, 2);
        let mut visited = Vec::new();
        fresh.db.for_each_advisory(&mut |advisory| { visited.push(advisory.id); std::ops::ControlFlow::Continue(()) }).unwrap();
        assert_eq!(visited, ["RUSTSEC-2024-0001", "CVE-2024-1001"]);
        assert_eq!(fresh.db.advisory_ids().unwrap(), visited);
        assert_eq!(fresh.db.advisories(&visited).unwrap().len(), 2);
    }

    fn vendors_may_use_the_same_ids(fresh) {
        let mut one = record("CVE-2024-1001", "a", "one");
        one.source = Source::Vendor;
        let mut two = one.clone();
        two.publisher = Some("ruby".to_owned());
        put(&fresh.db, [one.clone(), two.clone()]);
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records.len(), 2);
    }

    fn a_large_first_batch_trains_a_dictionary(fresh) {
        let all: Vec<_> = (0..600).map(|number| record(&format!("CVE-2024-{}", 1000 + number), &format!("product{number}"), "Some title")).collect();
        put(&fresh.db, all.clone());
        for given in all.iter().step_by(97) {
            assert_eq!(fresh.db.advisory(&given.id).unwrap().unwrap().records, std::slice::from_ref(given));
        }
        put(&fresh.db, [record("CVE-2025-1000", "late", "Packed with it")]);
        assert!(fresh.db.advisory("CVE-2025-1000").unwrap().is_some());
        // Another handle reads what this one packed.
        let other = snowguard_tracker_db::Db::open(&fresh.location).unwrap();
        assert!(other.advisory("CVE-2025-1000").unwrap().is_some());
    }

    fn a_cve_record_is_read_from_its_own_json(fresh) {
        let raw = serde_json::json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": "CVE-2024-1001", "state": "PUBLISHED", "assignerShortName": "mitre"},
            "containers": {"cna": {
                "title": "Heap overflow",
                "descriptions": [{"lang": "en", "value": "A heap overflow."}],
                "affected": [{"vendor": "openssl", "product": "openssl", "versions": [{"version": "1", "status": "affected"}]}],
            }},
        }).to_string().into_bytes();
        let read = snowguard_advisory::cve5::read(&raw, &snowguard_advisory::limits::Limits::default()).unwrap().record;
        let given = IncomingRecord { record: read.clone(), raw: raw.clone().into(), origin: "a".into() };
        let records = vec![fresh.db.prepare_cve(given.clone()).unwrap()];
        let run = begin(&fresh.db);
        fresh.db.put_records(&RecordBatch { run, cursor: "", now: NOW, policy: StalePolicy::KeepNewer, records }).unwrap();
        assert_eq!(fresh.db.advisory("CVE-2024-1001").unwrap().unwrap().records, [read]);
        assert_eq!(fresh.db.record_raw(Source::CveList, "CVE-2024-1001").unwrap(), Some(raw));
        assert_eq!(fresh.db.rekey().unwrap(), None);
        // Stored with the model beside it, it is another document, but the same history.
        let records = vec![fresh.db.prepare(given).unwrap()];
        assert_eq!(fresh.db.put_records(&RecordBatch { run, cursor: "", now: NOW, policy: StalePolicy::KeepNewer, records }).unwrap().changed, 1);
        assert!(fresh.db.record_history(Source::CveList, "CVE-2024-1001").unwrap().is_empty());
    }

    fn a_feed_resumes_and_finishes(fresh) {
        assert!(fresh.db.feed("f").unwrap().is_none());
        let run = fresh.db.begin_run("f", FeedKind::Osv, NOW).unwrap();
        let records = prepare(&fresh.db, [record("CVE-2024-1001", "a", "b")]);
        fresh.db.put_records(&RecordBatch { run, cursor: "file.json#77", now: NOW, policy: StalePolicy::KeepNewer, records }).unwrap();
        let feed = fresh.db.feed("f").unwrap().unwrap();
        assert_eq!((feed.kind, feed.cursor.as_deref()), (FeedKind::Osv, Some("file.json#77")));
        assert_eq!(feed.last_run.unwrap().finished, None);
        let failed = RunOutcome { error: Some("disk".to_owned()), ..RunOutcome::default() };
        fresh.db.finish_run(run, &failed, later(1)).unwrap();
        assert_eq!(fresh.db.feed("f").unwrap().unwrap().cursor.as_deref(), Some("file.json#77"));
        let run = fresh.db.begin_run("f", FeedKind::Osv, later(2)).unwrap();
        let outcome = RunOutcome {
            counts: RunCounts { read: 7, ..RunCounts::default() },
            error: None,
            seen: FeedState { etag: Some("\"x\"".to_owned()), last_modified: None, digest: Some([7; 32]) },
        };
        fresh.db.finish_run(run, &outcome, later(3)).unwrap();
        let feed = fresh.db.feed("f").unwrap().unwrap();
        assert_eq!((feed.cursor, feed.seen), (None, outcome.seen));
        let runs = fresh.db.last_runs().unwrap();
        assert_eq!((runs.len(), runs[0].counts.read, runs[0].finished), (1, 7, Some(later(3))));
    }

    fn quarantine_counts_contents_not_attempts(fresh) {
        begin(&fresh.db);
        let entry = QuarantineEntry { record: "CVE-1".into(), file: "a.json".into(), offset: 12, reason: "truncated".into(), digest: [1; 32] };
        assert!(fresh.db.quarantine_put("sample", &entry, NOW).unwrap());
        assert!(!fresh.db.quarantine_put("sample", &entry, later(1)).unwrap());
        assert!(fresh.db.quarantine_put("sample", &QuarantineEntry { digest: [2; 32], ..entry.clone() }, later(2)).unwrap());
        let listed = fresh.db.quarantine_list(Some("sample")).unwrap();
        assert_eq!((listed.len(), listed[0].times, listed[0].first_seen, listed[0].last_seen), (1, 2, NOW, later(2)));
        assert!(fresh.db.quarantine_list(Some("other")).unwrap().is_empty());
        assert_eq!(fresh.db.quarantine_clear("sample", &["CVE-1", "CVE-2"]).unwrap(), 1);
        assert!(fresh.db.quarantine_list(None).unwrap().is_empty());
        assert!(matches!(fresh.db.quarantine_put("unknown", &entry, NOW), Err(DbError::Missing { .. })));
    }

    fn kev_and_epss_join_their_advisories(fresh) {
        let kev = Kev { date_added: "2024-01-01".into(), due_date: None, vendor: "v".into(), product: "p".into(), name: "n".into(), ransomware: true };
        let both = [("CVE-2024-1001".to_owned(), kev.clone()), ("CVE-2024-1002".to_owned(), kev.clone())];
        assert_eq!(fresh.db.put_kev(&both).unwrap().new, 2);
        assert_eq!(fresh.db.put_kev(&both).unwrap().unchanged, 2);
        assert_eq!(fresh.db.put_kev(&both[..1]).unwrap().removed, 1);
        let epss = |score| vec![("CVE-2024-1001".to_owned(), Epss { score, percentile: 0.5 })];
        assert_eq!(fresh.db.put_epss("2024-01-01", &epss(0.1)).unwrap().new, 1);
        assert_eq!(fresh.db.put_epss("2024-01-02", &epss(0.1)).unwrap().unchanged, 1);
        assert_eq!(fresh.db.put_epss("2024-01-03", &epss(0.25)).unwrap().changed, 1);
        put(&fresh.db, [record("CVE-2024-1001", "a", "b"), record("CVE-2024-1002", "a", "b")]);
        let advisory = fresh.db.advisory("CVE-2024-1001").unwrap().unwrap();
        assert_eq!((advisory.kev, advisory.epss), (Some(kev), Some(Epss { score: 0.25, percentile: 0.5 })));
        assert_eq!(fresh.db.advisory("CVE-2024-1002").unwrap().unwrap().kev, None);
        let counts = fresh.db.counts().unwrap();
        assert_eq!((counts.kev, counts.epss, counts.advisories), (1, 1, 2));
    }

    fn search_finds_ids_names_and_words(fresh) {
        load(&fresh.db, "c", "r1", vec![package("openssl", "3"), package("openssl_1_1", "1.1"), package("python3Packages.pyopenssl", "1"), package("zlib", "1")]).unwrap();
        let mut ghsa = record("GHSA-abcd-ef01-2345", "pyopenssl", "Something");
        ghsa.source = Source::Osv;
        ghsa.aliases = vec!["CVE-2024-10011".into()];
        put(&fresh.db, [
            record("CVE-2024-1001", "openssl", "Heap overflow in OpenSSL"),
            record("CVE-2024-1002", "other", "A thing that mentions nothing"),
            record("CVE-2023-1003", "third", "Use after free, like the one in openssl"),
            ghsa,
        ]);
        let ids = |query: &str| fresh.db.search(query, 0, 10).unwrap().advisories.into_iter().map(|hit| hit.id).collect::<Vec<_>>();
        let attrs = |query: &str| fresh.db.search(query, 0, 10).unwrap().packages.into_iter().map(|hit| hit.attr).collect::<Vec<_>>();
        assert_eq!(ids("CVE-2024-1002"), ["CVE-2024-1002"]);
        assert_eq!(ids("cve-2024-100"), ["CVE-2024-1001", "CVE-2024-1002", "CVE-2024-10011"]);
        assert_eq!(ids("ghsa-ABCD-ef01-2345"), ["CVE-2024-10011"]);
        assert_eq!(ids("heap openss"), ["CVE-2024-1001"]);
        assert_eq!(ids("attackers mentions"), ["CVE-2024-1002"]);
        assert_eq!(attrs("openssl"), ["openssl", "openssl_1_1"].map(str::to_owned).to_vec());
        assert_eq!(attrs("opens"), ["openssl", "openssl_1_1"].map(str::to_owned).to_vec());
        assert_eq!(attrs("pyopenssl program"), ["python3Packages.pyopenssl"]);
        for hostile in ["\"", "'; DROP TABLE record; --", "head:", "NEAR(", "*", "\0", "{x}", "a AND", "(", "'\\':*&!|", "%", "_", "\u{202e}", ""] {
            fresh.db.search(hostile, 0, 10).unwrap();
        }
        assert!(fresh.db.search("openssl", 0, 0).unwrap().advisories.is_empty());
        // A change takes the old words out.
        let mut changed = record("CVE-2024-1001", "libressl", "Heap overflow");
        changed.modified = Some(NOW.get());
        changed.description = String::new();
        put(&fresh.db, [changed]);
        assert_eq!(ids("openssl"), ["CVE-2023-1003"]);
        // Part by part it is the same, though a record and its copy elsewhere are about one advisory.
        let mut copy = record("GHSA-aaaa-bbbb-cccc", "openssl", "Use after free");
        copy.source = Source::Osv;
        copy.aliases = vec!["CVE-2023-1003".into()];
        put(&fresh.db, [record("CVE-2024-1004", "openssl", "Another"), copy]);
        let whole = fresh.db.search("openssl", 0, 10).unwrap();
        assert_eq!((whole.advisories.len(), whole.packages.len(), whole.next), (2, 2, None));
        let (mut advisories, mut packages, mut from) = (vec![], vec![], Some(0));
        while let Some(at) = from {
            let part = fresh.db.search("openssl", at, 1).unwrap();
            assert!(part.advisories.len() <= 1 && part.packages.len() <= 1);
            advisories.extend(part.advisories);
            packages.extend(part.packages);
            from = part.next;
        }
        assert_eq!((advisories, packages), (whole.advisories, whole.packages));
        assert_eq!(fresh.db.search("openssl", usize::MAX, 10).unwrap(), Default::default());
    }
}
