//! Archives, honest and hostile.

use snowguard_tracker_ingest::limits::Limits;

use crate::world::{World, cve, zip};

const DAY: &str = "2024-05-01T00:00:00.000Z";

fn entries() -> Vec<(String, String)> {
    let name = |id: &str| format!("cves/2024/1xxx/{id}.json");
    let mut list: Vec<_> = ["CVE-2024-1001", "CVE-2024-1002", "CVE-2024-1003"]
        .map(|id| (name(id), cve(id, "thing", DAY)))
        .into();
    list.push(("cves/delta.json".into(), "{\"numberOfChanges\":0}".into()));
    list.push(("cves/deltaLog.json".into(), "[]".into()));
    list
}

#[test]
fn the_cve_lists_bulk_file_is_a_zip_inside_a_zip() {
    let world = World::new();
    let bulk = zip(&[("cves.zip", zip(&entries()))]);
    let counts = world.load(&world.write("all_CVEs_at_midnight.zip.zip", bulk));
    assert_eq!((counts.read, counts.new, counts.quarantined), (3, 3, 0));
    assert!(
        world
            .db
            .advisory("CVE-2024-1003")
            .expect("readable")
            .is_some()
    );
}

#[test]
fn a_delta_brings_what_changed() {
    let world = World::new();
    world.load(&world.write("all.zip", zip(&entries())));
    let later = "2024-06-01T00:00:00.000Z";
    let delta = [
        (
            "deltaCves/CVE-2024-1002.json",
            cve("CVE-2024-1002", "other", later),
        ),
        (
            "deltaCves/CVE-2024-1004.json",
            cve("CVE-2024-1004", "thing", later),
        ),
    ];
    let counts = world.load(&world.write("delta_CVEs_at_0100Z.zip", zip(&delta)));
    assert_eq!((counts.new, counts.changed, counts.unchanged), (1, 1, 0));
}

#[test]
fn names_that_lead_out_of_an_archive_refuse_all_of_it() {
    let world = World::new();
    for name in [
        "../CVE-2024-1009.json",
        "/CVE-2024-1009.json",
        "a\\..\\CVE-2024-1009.json",
    ] {
        let mut list = entries();
        list.push((name.to_owned(), cve("CVE-2024-1009", "thing", DAY)));
        let (why, _) = world.fail(&world.write("all.zip", zip(&list)));
        assert!(why.contains("leads out of the archive"), "{name}: {why}");
    }
    assert_eq!(world.db.counts().expect("readable").advisories, 0);
    assert!(!world.path("CVE-2024-1009.json").exists());
}

#[test]
fn a_zip_bomb_is_stopped() {
    let mut world = World::new();
    world.options.limits = Limits {
        ratio_grace: 1 << 20,
        ..Limits::default()
    };
    let bomb = " ".repeat(32 << 20) + &cve("CVE-2024-1009", "thing", DAY);
    let mut list = entries();
    list.push(("cves/CVE-2024-1009.json".into(), bomb));
    let counts = world.load(&world.write("all.zip", zip(&list)));
    assert_eq!((counts.new, counts.quarantined), (3, 1));
    assert!(
        world.quarantine()[0]
            .1
            .contains("unpacks to more than 250 times"),
        "{:?}",
        world.quarantine()
    );
    let inner = zip(&[("filler.json", " ".repeat(32 << 20))]);
    let (why, _) = world.fail(&world.write("nested.zip", zip(&[("inner.zip", inner)])));
    assert!(!why.is_empty());
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let world = World::new();
    let mut bytes = zip(&[
        ("CVE-2024-1001.json", cve("CVE-2024-1001", "thing", DAY)),
        ("CVE-2024-1002.json", cve("CVE-2024-1002", "thing", DAY)),
    ]);
    // The second entry of the directory is made to point at the bytes of the first.
    let directory = bytes
        .windows(4)
        .rposition(|four| four == b"PK\x01\x02")
        .expect("a directory");
    bytes[directory + 42..directory + 46].fill(0);
    let (why, _) = world.fail(&world.write("all.zip", bytes));
    assert!(why.contains("share their bytes"), "{why}");
}

#[test]
fn archives_are_not_opened_without_end() {
    let world = World::new();
    let mut bytes = zip(&entries());
    for _ in 0..4 {
        bytes = zip(&[("inner.zip", bytes)]);
    }
    let (why, _) = world.fail(&world.write("all.zip", bytes));
    assert!(why.contains("nested deeper than 2"), "{why}");
}

#[test]
fn a_truncated_archive_is_refused() {
    let world = World::new();
    let bytes = zip(&entries());
    let (why, _) = world.fail(&world.write("all.zip", &bytes[..bytes.len() - 30]));
    assert!(why.contains("all.zip"), "{why}");
    assert_eq!(world.db.counts().expect("readable").advisories, 0);
}
