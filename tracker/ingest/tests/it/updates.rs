//! The same feeds again: unchanged, changed, mended.

use snowguard_advisory::model::Source;
use snowguard_tracker_ingest::{End, Progress, retry_quarantine};

use crate::world::{World, cve, cves};

#[test]
fn the_same_file_is_not_read_twice_unless_asked() {
    let mut world = World::new();
    let path = world.write("cves.jsonl", cves(5));
    assert_eq!(world.load(&path).new, 5);
    let report = world
        .try_ingest(path.to_str().expect("UTF-8"))
        .expect("ingested");
    assert!(matches!(report.feeds[0].end, End::Unchanged));
    world.options.reread = true;
    let counts = world.load(&path);
    assert_eq!((counts.read, counts.unchanged), (5, 5));
}

#[test]
fn a_changed_record_is_updated_in_place_and_its_history_kept() {
    let world = World::new();
    world.load(&world.write("cves.jsonl", cves(3)));
    let text =
        cves(3)
            .replacen("\"thing\"", "\"gadget\"", 1)
            .replacen("2024-05-01", "2024-06-01", 1);
    let counts = world.load(&world.write("cves.jsonl", text));
    assert_eq!((counts.changed, counts.unchanged), (1, 2));
    let history = world
        .db
        .record_history(Source::CveList, "CVE-2024-00001")
        .expect("readable");
    assert_eq!(history.len(), 1);
    let patch = history[0].patch.to_string();
    assert!(
        patch.contains("gadget") && patch.contains("/cveMetadata/dateUpdated"),
        "{patch}"
    );
}

#[test]
fn white_space_is_no_change() {
    let world = World::new();
    let text = cve("CVE-2024-00001", "a b", "2024-05-01T00:00:00.000Z");
    world.load(&world.write("a/CVE-2024-00001.json", &text));
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_ne!(
        serde_json::to_string(&value).expect("JSON"),
        text,
        "key order differs, so use the text"
    );
    let spaced = text.replace("\":", "\" :\n\t ");
    assert_eq!(
        world
            .load(&world.write("b/CVE-2024-00001.json", spaced))
            .unchanged,
        1
    );
}

#[test]
fn a_mended_record_leaves_quarantine() {
    let world = World::new();
    let good = cve("CVE-2024-00099", "y", "2024-05-01T00:00:00.000Z");
    let bad = good.replacen("\"containers\"", "containers", 1);
    let path = world.write("cves.jsonl", format!("{}{bad}\n", cves(2)));
    assert_eq!(world.load(&path).quarantined, 1);
    assert_eq!(world.quarantine().len(), 1);
    // The same bytes again are the same entry.
    let retry = || retry_quarantine(&world.db, &world.options, &Progress::hidden()).expect("read");
    assert_eq!(retry().feeds[0].counts.quarantined, 1);
    assert_eq!(
        world.db.quarantine_list(None).expect("readable")[0].times,
        1
    );
    world.write("cves.jsonl", format!("{}{good}\n", cves(2)));
    assert_eq!(retry().feeds[0].counts.new, 1);
    assert!(world.quarantine().is_empty());
}

#[test]
fn a_bad_record_that_is_gone_from_its_feed_leaves_quarantine() {
    let world = World::new();
    world.load(&world.write("cves.jsonl", format!("{}nonsense\n", cves(2))));
    assert_eq!(world.quarantine().len(), 1);
    world.load(&world.write("cves.jsonl", cves(3)));
    assert!(world.quarantine().is_empty());
}

#[test]
fn a_run_that_was_stopped_goes_on_where_it_was() {
    let mut world = World::new();
    world.options.batch = 10;
    let path = world.write("cves.jsonl", cves(100));
    let place = path.to_str().expect("UTF-8");
    world
        .options
        .stop
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let mut runs = 0;
    while let Err(error) = world.try_ingest(place) {
        assert!(error.to_string().starts_with("stopped as asked"), "{error}");
        runs += 1;
        let count = world.db.counts().expect("readable").advisories;
        assert_eq!(count, runs * 10, "each run does one batch and no more");
        assert!(runs <= 10);
    }
    assert_eq!(world.db.counts().expect("readable").advisories, 100);
}

#[test]
fn the_cursor_belongs_to_the_content_it_was_made_for() {
    let mut world = World::new();
    world.options.batch = 10;
    let path = world.write("cves.jsonl", cves(30));
    world
        .options
        .stop
        .store(true, std::sync::atomic::Ordering::Relaxed);
    world
        .try_ingest(path.to_str().expect("UTF-8"))
        .expect_err("stopped");
    world
        .options
        .stop
        .store(false, std::sync::atomic::Ordering::Relaxed);
    // Another file under the same name: its first lines must not be passed over.
    let other: String = cves(40)
        .lines()
        .skip(35)
        .map(|line| format!("{line}\n"))
        .collect();
    let path = world.write("cves.jsonl", other);
    assert_eq!(world.load(&path).new, 5);
}
