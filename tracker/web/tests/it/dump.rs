//! Everything that a database says, as text: two databases with the same dump are the same, up to
//! when things were stored and by which run.

use std::fmt::Write;

use serde::Serialize;
use snowguard_advisory::model::Source;
use snowguard_tracker_db::Db;

pub fn of(db: &Db) -> String {
    let mut out = String::new();
    for id in db.advisory_ids().unwrap() {
        let advisory = db.advisory(&id).unwrap().unwrap();
        line(&mut out, "advisory", &advisory);
        line(&mut out, "keys", &keys(db, &id));
        for record in &advisory.records {
            let name = match (&record.source, &record.publisher) {
                (Source::Vendor, Some(publisher)) => format!("{publisher}/{}", record.id),
                _ => record.id.clone(),
            };
            let raw = db.record_raw(record.source, &name).unwrap().unwrap();
            writeln!(out, "raw {}", String::from_utf8(raw).unwrap()).unwrap();
            for change in db.record_history(record.source, &name).unwrap() {
                line(&mut out, "change", &(change.number, change.patch));
            }
        }
        for (channel, matches) in db.matches_of_advisory(&id).unwrap() {
            let found: Vec<_> = matches.into_iter().map(|stored| stored.found).collect();
            line(&mut out, "matches", &(channel, found));
        }
    }
    for channel in db.channels().unwrap() {
        for evaluation in db.evaluations(&channel.name).unwrap() {
            let said = (&channel.name, &evaluation.revision, evaluation.evaluated_at);
            line(&mut out, "evaluation", &said);
            for package in db.packages_at(&channel.name, evaluation.id).unwrap() {
                line(&mut out, "package", &package);
            }
        }
    }
    for source in db.alias_sources().unwrap() {
        line(&mut out, "names", &(&source.name, &source.licence));
        line(&mut out, "facts", &db.alias_facts(&source.name).unwrap());
    }
    for entry in db.quarantine_list(None).unwrap() {
        let said = (
            entry.feed,
            entry.record,
            entry.file,
            entry.offset,
            entry.reason,
            entry.times,
        );
        line(&mut out, "quarantine", &said);
    }
    for run in db.last_runs().unwrap() {
        let feed = db.feed(&run.feed).unwrap().unwrap();
        line(
            &mut out,
            "feed",
            &(
                feed.name,
                feed.cursor,
                feed.seen.digest,
                feed.seen.etag,
                run.error,
            ),
        );
    }
    line(&mut out, "marked", &db.dirty_count().unwrap());
    // Feeds come in the order of their last runs, which depends on when they were run.
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn keys(db: &Db, id: &str) -> Vec<i64> {
    db.advisory_keys(id)
        .unwrap()
        .into_iter()
        .map(|key| key.to_i64())
        .collect()
}

fn line(out: &mut String, word: &str, data: &impl Serialize) {
    writeln!(out, "{word} {}", serde_json::to_string(data).unwrap()).unwrap();
}

/// Fails with the first line that differs, rather than with both dumps.
pub fn assert_same(left: &str, right: &str) {
    for (number, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert_eq!(left, right, "line {number} of the dumps");
    }
    assert_eq!(left.lines().count(), right.lines().count());
}
