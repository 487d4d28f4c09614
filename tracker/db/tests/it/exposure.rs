//! Since when and until when a channel is affected.

use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{AdvisoryMatches, ChannelLoad, Db, Force, MatchBatch, Millis};

use crate::backend::contract;
use crate::sample::{NOW, found, later, package, put, record};

const DAY: i64 = 86_400;
const CVE: &str = "CVE-2024-1001";

/// An evaluation with openssl in a version.
fn evaluate(db: &Db, at: Millis, openssl: &str) {
    let revision = at.get().to_string();
    let load = ChannelLoad {
        channel: "c",
        revision: &revision,
        evaluated_at: Some(at),
        run: None,
        now: at,
        force: Force::No,
    };
    let packages = [package("openssl", openssl), package("zlib", openssl)];
    db.load_channel(&load, packages.map(Ok::<_, std::io::Error>))
        .unwrap();
}

fn judge(db: &Db, at: Millis, advisory: &str, verdict: Option<Verdict>) {
    let matches = verdict.map(|verdict| found(advisory, "openssl", verdict, Tier::High));
    let entry = AdvisoryMatches {
        advisory: advisory.to_owned(),
        channels: vec![("c".to_owned(), matches.into_iter().collect())],
        keys: Vec::new(),
    };
    db.put_matches(&MatchBatch {
        now: at,
        seen: db.dirty_advisories(0).unwrap().seen,
        advisories: &[entry],
    })
    .unwrap();
}

/// Begin and end of each span, oldest first.
fn spans(db: &Db) -> Vec<(i64, Option<i64>)> {
    let exposures = db.exposures("c").unwrap().unwrap();
    let mut spans: Vec<_> = exposures
        .spans
        .iter()
        .map(|span| (span.opened, span.closed))
        .collect();
    spans.sort_unstable();
    spans
}

use Verdict::{Affected, Fixed, NotAffected};

contract! {
    fn a_span_goes_from_publication_to_the_evaluation_with_the_fix(fresh) {
        let db = &fresh.db;
        put(db, [record(CVE, "openssl", "Title")]);
        let published = NOW.get() - 1_000_000;
        evaluate(db, NOW, "1");
        judge(db, later(5), CVE, Some(Affected));
        assert_eq!(spans(db), [(published, None)]);
        judge(db, later(6), CVE, Some(Affected));
        assert_eq!(spans(db), [(published, None)], "once");
        evaluate(db, later(3 * DAY), "2");
        judge(db, later(3 * DAY + 9), CVE, Some(Fixed));
        assert_eq!(spans(db), [(published, Some(later(3 * DAY).get()))]);
        // It comes back with an evaluation of its own.
        evaluate(db, later(5 * DAY), "1");
        judge(db, later(5 * DAY), CVE, Some(Affected));
        let again = later(5 * DAY).get();
        assert_eq!(spans(db), [(published, Some(later(3 * DAY).get())), (again, None)]);
        // And goes with the package: no match at all.
        evaluate(db, later(6 * DAY), "3");
        judge(db, later(6 * DAY), CVE, None);
        assert_eq!(spans(db)[1], (again, Some(later(6 * DAY).get())));
    }

    fn a_corrected_verdict_leaves_no_span(fresh) {
        let db = &fresh.db;
        put(db, [record(CVE, "openssl", "Title")]);
        evaluate(db, NOW, "1");
        judge(db, later(5), CVE, Some(Affected));
        judge(db, later(6), CVE, Some(NotAffected));
        assert_eq!(spans(db), []);
        judge(db, later(7), CVE, Some(Affected));
        assert_eq!(spans(db).len(), 1);
    }

    fn what_was_fixed_before_it_was_published_was_never_open(fresh) {
        let db = &fresh.db;
        put(db, [record(CVE, "openssl", "Title")]);
        let published = NOW.get() - 1_000_000;
        evaluate(db, Millis::new(published - 2_000_000), "1");
        judge(db, later(5), CVE, Some(Affected));
        evaluate(db, Millis::new(published - 1_000_000), "2");
        judge(db, later(6), CVE, Some(Fixed));
        assert_eq!(spans(db), []);
    }

    fn what_an_evaluation_brings_opens_with_it(fresh) {
        let db = &fresh.db;
        put(db, [record(CVE, "openssl", "Title")]);
        evaluate(db, NOW, "3");
        evaluate(db, later(DAY), "1");
        judge(db, later(DAY + 9), CVE, Some(Affected));
        assert_eq!(spans(db), [(later(DAY).get(), None)]);
        let exposures = db.exposures("c").unwrap().unwrap();
        assert_eq!(exposures.since, NOW);
        assert_eq!(exposures.spans[0].severity, 98);
        assert_eq!(db.summaries_of(&[exposures.spans[0].advisory]).unwrap()[0].1.id, CVE);
        assert!(db.exposures("none").is_err());
    }
}
