//! Verdicts: stored with their reasons, found from both sides.

use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{
    AdvisoryMatches, Db, DbError, MatchBatch, MatchFilter, MatchOutcome, Millis, NewestFilter,
    PageRequest, Stamp,
};

use crate::backend::contract;
use crate::sample::{NOW, found, later, load, package, put, record};

fn seen(db: &Db) -> Stamp {
    db.dirty_advisories(0).unwrap().seen
}

fn store(db: &Db, now: Millis, advisory: &str, matches: &[(&str, Verdict, Tier)]) -> MatchOutcome {
    let matches = matches
        .iter()
        .map(|(attr, verdict, tier)| found(advisory, attr, *verdict, *tier))
        .collect();
    let entry = AdvisoryMatches {
        advisory: advisory.to_owned(),
        channels: vec![("c".to_owned(), matches)],
        keys: Vec::new(),
    };
    db.put_matches(&MatchBatch {
        now,
        seen: seen(db),
        advisories: &[entry],
    })
    .unwrap()
}

fn setting(db: &Db) {
    load(
        db,
        "c",
        "a",
        vec![
            package("openssl", "1"),
            package("openssl_3", "3"),
            package("zlib", "1"),
        ],
    )
    .unwrap();
    put(
        db,
        (1000..1060).map(|number| record(&format!("CVE-2024-{number}"), "openssl", "Title")),
    );
}

use Tier::{High, Low, Medium};
use Verdict::{Affected, Fixed, NotAffected, Unknown};

contract! {
    fn verdicts_come_back_with_reasons(fresh) {
        let db = &fresh.db;
        setting(db);
        let outcome = store(db, NOW, "CVE-2024-1001", &[("openssl_3", Fixed, High), ("openssl", Affected, High)]);
        assert_eq!((outcome.written, outcome.newly_affected), (1, 1));
        let stored = db.matches_of_advisory("CVE-2024-1001").unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].0, "c");
        let matches: Vec<_> = stored[0].1.iter().map(|stored| stored.found.clone()).collect();
        assert_eq!(matches, [found("CVE-2024-1001", "openssl", Affected, High), found("CVE-2024-1001", "openssl_3", Fixed, High)]);
        assert!(!db.dirty_advisories(100).unwrap().advisories.contains(&"CVE-2024-1001".to_owned()));
        assert_eq!(db.dirty_count().unwrap(), 59);
        let page = db.matches_of_package("openssl", &MatchFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((page.items.len(), &page.items[0].found, page.next), (1, &matches[0], None));
        let summary = page.items[0].advisory.clone().unwrap();
        assert_eq!((summary.id.as_str(), summary.severity), ("CVE-2024-1001", Some(9.8)));
        assert_eq!(db.matches_of_pname("OpenSSL", &MatchFilter::default(), &PageRequest::default()).unwrap().items.len(), 1);
        assert!(db.matches_of_package("zlib", &MatchFilter::default(), &PageRequest::default()).unwrap().items.is_empty());
        assert!(db.matches_of_package("nothing", &MatchFilter::default(), &PageRequest::default()).unwrap().items.is_empty());
    }

    fn a_verdict_that_stays_keeps_its_time(fresh) {
        let db = &fresh.db;
        setting(db);
        store(db, NOW, "CVE-2024-1001", &[("openssl", Affected, High), ("zlib", Affected, High)]);
        assert_eq!(store(db, later(5), "CVE-2024-1001", &[("zlib", Affected, High), ("openssl", Affected, High)]).unchanged, 1);
        store(db, later(9), "CVE-2024-1001", &[("openssl", Affected, Medium), ("zlib", Fixed, High)]);
        let stored = db.matches_of_advisory("CVE-2024-1001").unwrap().remove(0).1;
        assert_eq!((stored[0].first_seen, stored[1].first_seen), (NOW, later(9)));
        let zlib = db.matches_of_package("zlib", &MatchFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((zlib.items.len(), zlib.items[0].found.verdict), (1, Fixed));
        // Matches that are gone leave no row behind.
        store(db, later(10), "CVE-2024-1001", &[]);
        assert!(db.matches_of_advisory("CVE-2024-1001").unwrap().is_empty());
        assert!(db.matches_of_package("zlib", &MatchFilter::default(), &PageRequest::default()).unwrap().items.is_empty());
        assert!(db.counts().unwrap().matches.is_empty());
    }

    fn a_mark_set_meanwhile_stays(fresh) {
        let db = &fresh.db;
        setting(db);
        let before = seen(db);
        let mut changed = record("CVE-2024-1001", "openssl", "Changed while matching ran");
        changed.modified = Some(NOW.get());
        put(db, [changed]);
        let entry = |id: &str| AdvisoryMatches { advisory: id.to_owned(), channels: vec![], keys: vec![] };
        db.put_matches(&MatchBatch { now: NOW, seen: before, advisories: &[entry("CVE-2024-1001"), entry("CVE-2024-1002")] }).unwrap();
        let dirty = db.dirty_advisories(100).unwrap().advisories;
        assert!(dirty.contains(&"CVE-2024-1001".to_owned()) && !dirty.contains(&"CVE-2024-1002".to_owned()));
    }

    fn pages_hold_every_match_once_in_order(fresh) {
        let db = &fresh.db;
        setting(db);
        let kinds = [(Affected, High), (Unknown, Medium), (NotAffected, Low), (Fixed, High), (Affected, Low)];
        for number in 1000..1060_usize {
            let (verdict, tier) = kinds[number % kinds.len()];
            store(db, NOW, &format!("CVE-2024-{number}"), &[("openssl", verdict, tier), ("openssl_3", verdict, tier)]);
        }
        let all = |filter: &MatchFilter, limit| {
            let (mut items, mut after) = (Vec::new(), None);
            loop {
                let page = db.matches_of_package("openssl", filter, &PageRequest { after, limit }).unwrap();
                items.extend(page.items.into_iter().map(|item| (item.found.verdict, item.found.tier, item.found.advisory)));
                after = page.next;
                if after.is_none() {
                    return items;
                }
            }
        };
        let every = all(&MatchFilter::default(), 500);
        assert_eq!(every.len(), 60);
        assert!(every.is_sorted());
        for limit in [1, 7, 12, 59, 60] {
            assert_eq!(all(&MatchFilter::default(), limit), every, "{limit}");
        }
        let narrow = MatchFilter { channel: Some("c".to_owned()), verdicts: vec![Affected, Fixed], tier: Some(Medium) };
        let expected: Vec<_> = every.into_iter().filter(|(verdict, tier, _)| matches!(verdict, Affected | Fixed) && *tier != Low).collect();
        assert_eq!(all(&narrow, 5), expected);
        assert!(matches!(db.matches_of_package("openssl", &narrow, &PageRequest { after: Some("x'--".into()), limit: 1 }), Err(DbError::Cursor(_))));
        let counted: u64 = db.counts().unwrap().matches.iter().map(|count| count.count).sum();
        assert_eq!(counted, 120);
        let of_package = db.match_counts_of_package("openssl").unwrap();
        assert_eq!(of_package.len(), 5);
        assert!(of_package.iter().all(|(channel, _, _, count)| channel == "c" && *count == 12));
    }

    fn the_newest_come_first(fresh) {
        let db = &fresh.db;
        setting(db);
        store(db, NOW, "CVE-2024-1001", &[("openssl", Affected, High)]);
        store(db, later(2), "CVE-2024-1002", &[("openssl", Affected, Medium), ("openssl_3", Affected, Medium)]);
        store(db, later(1), "CVE-2024-1003", &[("openssl", Affected, High), ("zlib", Affected, Low)]);
        store(db, later(3), "CVE-2024-1004", &[("openssl", Fixed, High)]);
        store(db, later(4), "CVE-2024-1005", &[("openssl", Affected, Low)]);
        let newest = |tier, limit| db.newest_matches(&NewestFilter { channel: None, tier, limit }).unwrap();
        let ids = |tier| newest(tier, 10).into_iter().map(|new| new.advisory.id).collect::<Vec<_>>();
        assert_eq!(ids(High), ["CVE-2024-1003", "CVE-2024-1001"]);
        assert_eq!(ids(Medium), ["CVE-2024-1002", "CVE-2024-1003", "CVE-2024-1001"]);
        assert_eq!(newest(Low, 2).len(), 2);
        let second = &newest(Medium, 10)[0];
        assert_eq!((second.attrs.as_slice(), second.affected, second.first_seen), (&["openssl".to_owned(), "openssl_3".to_owned()][..], 2, later(2)));
        assert_eq!(newest(Medium, 10)[1].attrs, ["openssl"]);
    }
}
