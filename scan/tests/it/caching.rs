//! The cache of verdicts is never believed beyond its key, and never in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::stage::{Stage, digest, text};

fn files(stage: &Stage) -> Vec<std::path::PathBuf> {
    let folder = stage.path(".cache/snowguard/verdicts");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.put(
        "list",
        &format!(
            "{}-openssl-3.0.13\n{}-curl-8.4.0\n",
            digest('a'),
            digest('b')
        ),
    );
    stage
}

#[test]
fn a_second_scan_judges_nothing_and_tells_the_same() {
    let stage = stage();
    let (first, err, _) = text(&stage.run(&["--verbose", "--format", "json", "list"]));
    assert!(
        err.contains("0 of 2 pieces of software judged before"),
        "{err}"
    );
    let (second, err, _) = text(&stage.run(&["--verbose", "--format", "json", "list"]));
    assert!(
        err.contains("2 of 2 pieces of software judged before"),
        "{err}"
    );
    assert_eq!(first, second);
    let files = files(&stage);
    assert_eq!(files.len(), 1);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&files[0]), 0o600);
    assert_eq!(mode(files[0].parent().unwrap()), 0o700);
}

#[test]
fn a_damaged_cache_is_as_good_as_none() {
    let stage = stage();
    let (first, _, _) = text(&stage.run(&["--format", "json", "list"]));
    let path = files(&stage).remove(0);
    let whole = fs::read(&path).unwrap();
    for damage in [0, 12, 50, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[damage] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (out, err, code) = text(&stage.run(&["--verbose", "--format", "json", "list"]));
        assert_eq!((out.as_str(), code), (first.as_str(), Some(1)), "{err}");
        assert!(err.contains("0 of 2 pieces"), "byte {damage}: {err}");
    }
    fs::write(&path, &whole[..20]).unwrap();
    assert_eq!(text(&stage.run(&["--format", "json", "list"])).0, first);
}

#[test]
fn another_advisory_file_and_no_cache_know_nothing_of_it() {
    let stage = stage();
    stage.run(&["list"]);
    stage.write(&stage.key, 1);
    let (_, err, _) = text(&stage.run(&["--verbose", "list"]));
    assert!(err.contains("0 of 2 pieces"), "{err}");
    let (_, err, _) = text(&stage.run(&["--verbose", "--no-cache", "list"]));
    assert!(err.contains("0 of 2 pieces"), "{err}");
}
