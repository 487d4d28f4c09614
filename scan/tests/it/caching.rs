//! The cache of verdicts is never believed beyond its key, and never in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::stage::{Stage, digest, text};

fn files(stage: &Stage, folder: &str) -> Vec<std::path::PathBuf> {
    let folder = stage.path(".cache/snowguard").join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn stage() -> Stage {
    let stage = Stage::new();
    list(&stage, "");
    stage
}

fn list(stage: &Stage, more: &str) {
    let (a, b) = (digest('a'), digest('b'));
    stage.put(
        "list",
        &format!("{a}-openssl-3.0.13\n{b}-curl-8.4.0\n{more}"),
    );
}

/// A scan of the list, beside a store that is not there.
fn scan(stage: &Stage, more: &[&str]) -> (String, String, Option<i32>) {
    let arguments = ["--root", "nowhere", "--verbose", "--format", "json", "list"];
    text(&stage.run(&[more, &arguments].concat()))
}

const NONE: &str = "0 of 2 pieces of software judged before";
const ALL: &str = "2 of 2 pieces of software judged before";
const SAME: &str = "nothing changed since it was scanned before";

#[test]
fn a_second_scan_reads_nothing_and_tells_the_same() {
    let stage = stage();
    let (first, err, _) = scan(&stage, &[]);
    assert!(err.contains(NONE), "{err}");
    let (second, err, _) = scan(&stage, &[]);
    assert!(err.contains(SAME), "{err}");
    assert_eq!(first, second);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["verdicts", "answers"] {
        let files = files(&stage, folder);
        assert_eq!(files.len(), 1);
        assert_eq!(mode(&files[0]), 0o600);
        assert_eq!(mode(files[0].parent().unwrap()), 0o700);
    }
    // Another question has no answer yet, and knows the verdicts.
    list(&stage, &format!("{}-etc\n", digest('c')));
    let (_, err, _) = scan(&stage, &[]);
    assert!(err.contains(ALL), "{err}");
    let (_, err, _) = scan(&stage, &["--all"]);
    assert!(err.contains(NONE), "{err}");
}

#[test]
fn a_damaged_cache_is_as_good_as_none() {
    let stage = stage();
    let (first, _, _) = scan(&stage, &[]);
    for (folder, told) in [("answers", ALL), ("verdicts", NONE)] {
        let path = files(&stage, folder).remove(0);
        let whole = fs::read(&path).unwrap();
        for damage in [0, 12, 50, whole.len() - 1] {
            for answer in files(&stage, "answers") {
                fs::remove_file(answer).unwrap();
            }
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let (out, err, code) = scan(&stage, &[]);
            assert_eq!((out.as_str(), code), (first.as_str(), Some(1)), "{err}");
            assert!(err.contains(told), "{folder}, byte {damage}: {err}");
        }
        fs::write(&path, &whole[..20]).unwrap();
        assert_eq!(scan(&stage, &[]).0, first);
    }
}

#[test]
fn another_advisory_file_and_no_cache_know_nothing_of_it() {
    let stage = stage();
    scan(&stage, &[]);
    stage.write(&stage.key, 1);
    let (_, err, _) = scan(&stage, &[]);
    assert!(err.contains(NONE), "{err}");
    let (_, err, _) = scan(&stage, &["--no-cache"]);
    assert!(err.contains(NONE), "{err}");
}
