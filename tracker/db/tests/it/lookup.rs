//! Small questions of pages: aliases, versions, all matches in parts.

use snowguard_advisory::model::Source;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{
    AdvisoryMatches, DbError, ListedMatch, MatchBatch, MatchFilter, PageRequest,
};

use crate::backend::{Fresh, contract};
use crate::sample::{NOW, found, load, package, put, record};

/// Two channels with three packages, and three advisories that affect some of them.
fn setting(fresh: &Fresh) {
    let db = &fresh.db;
    for (channel, version) in [("a", "1"), ("b", "2")] {
        let packages = ["openssl", "zlib", "odd.\"x y\""].map(|attr| package(attr, version));
        load(db, channel, "r", packages.to_vec()).unwrap();
    }
    let mut alias = record("GHSA-aaaa-bbbb-cccc", "openssl", "Same flaw");
    alias.source = Source::Osv;
    alias.aliases = vec!["CVE-2024-1001".to_owned()];
    let ids = ["CVE-2024-1001", "CVE-2024-1002", "CVE-2024-1003"];
    put(
        db,
        ids.map(|id| record(id, "openssl", "Title"))
            .into_iter()
            .chain([alias]),
    );
    let matches = |id: &str| {
        vec![
            found(id, "openssl", Verdict::Affected, Tier::High),
            found(id, "zlib", Verdict::Fixed, Tier::Low),
        ]
    };
    let advisories = ids.map(|id| AdvisoryMatches {
        advisory: id.to_owned(),
        keys: Vec::new(),
        channels: vec![("a".to_owned(), matches(id)), ("b".to_owned(), matches(id))],
    });
    let seen = db.dirty_advisories(0).unwrap().seen;
    db.put_matches(&MatchBatch {
        now: NOW,
        seen,
        advisories: &advisories,
    })
    .unwrap();
}

fn all(fresh: &Fresh, filter: &MatchFilter, limit: usize) -> Vec<ListedMatch> {
    let mut listed = Vec::new();
    let mut part = PageRequest { after: None, limit };
    loop {
        let page = fresh.db.list_matches(filter, &part).unwrap();
        assert!(page.items.len() <= limit);
        listed.extend(page.items);
        match page.next {
            Some(next) => part.after = Some(next),
            None => return listed,
        }
    }
}

contract! {
    fn a_record_leads_to_its_advisory(fresh) {
        setting(fresh);
        let found = |id: &str| fresh.db.advisory_of_record(id).unwrap();
        assert_eq!(found("GHSA-aaaa-bbbb-cccc").as_deref(), Some("CVE-2024-1001"));
        assert_eq!(found("CVE-2024-1002").as_deref(), Some("CVE-2024-1002"));
        assert_eq!(found("CVE-2024-9999"), None);
        assert_eq!(found("' OR 1=1 --"), None);
    }

    fn versions_are_those_of_the_channel(fresh) {
        setting(fresh);
        let versions = |channel: &str, attrs: &[&str]| {
            let mut versions = fresh.db.versions_of(channel, attrs).unwrap();
            versions.sort();
            versions
        };
        let pair = |attr: &str, version: &str| (attr.to_owned(), version.to_owned());
        assert_eq!(versions("a", &["zlib", "none", "odd.\"x y\""]), [pair("odd.\"x y\"", "1"), pair("zlib", "1")]);
        assert_eq!(versions("b", &["zlib"]), [pair("zlib", "2")]);
        assert!(versions("none", &["zlib"]).is_empty());
        assert!(versions("a", &[]).is_empty());
    }

    fn all_matches_are_listed_once_however_they_are_cut(fresh) {
        setting(fresh);
        let whole = all(fresh, &MatchFilter::default(), 500);
        assert_eq!(whole.len(), 12);
        for limit in [1, 2, 5, 11, 12] {
            assert_eq!(all(fresh, &MatchFilter::default(), limit), whole, "{limit} at once");
        }
        let first = &whole[0];
        assert_eq!((first.attr.as_str(), first.verdict, first.first_seen), ("openssl", Verdict::Affected, NOW));
        let of_channel = MatchFilter { channel: Some("b".to_owned()), ..MatchFilter::default() };
        let listed = all(fresh, &of_channel, 2);
        assert!(listed.len() == 6 && listed.iter().all(|found| found.channel == "b"));
        let sure = MatchFilter { tier: Some(Tier::Medium), ..MatchFilter::default() };
        assert!(all(fresh, &sure, 2).iter().all(|found| found.tier == Tier::High));
        let fixed = MatchFilter { verdicts: vec![Verdict::Fixed, Verdict::Unknown], ..MatchFilter::default() };
        let listed = all(fresh, &fixed, 4);
        assert!(listed.len() == 6 && listed.iter().all(|found| found.verdict == Verdict::Fixed));
    }

    fn a_cursor_of_elsewhere_is_refused(fresh) {
        setting(fresh);
        for cursor in ["", "x", "1.2.3", "1.2.3.4.5", "1.2.3.99999999999999999999"] {
            let part = PageRequest { after: Some(cursor.to_owned()), limit: 1 };
            assert!(matches!(fresh.db.list_matches(&MatchFilter::default(), &part), Err(DbError::Cursor(_))), "{cursor}");
        }
        let nowhere = MatchFilter { channel: Some("none".to_owned()), ..MatchFilter::default() };
        let refused = fresh.db.list_matches(&nowhere, &PageRequest::default());
        assert!(matches!(refused, Err(DbError::Missing { .. })));
    }
}
