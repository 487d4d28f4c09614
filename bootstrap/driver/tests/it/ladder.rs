//! `seed`, `check` and `ladder`, as a user calls them.
#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn snowguard(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_snowguard-bootstrap"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_seed_is_explained_and_written() {
    let explained = said(&snowguard(&["seed", "--explain"]));
    for line in [
        "0000  7F 45 4C 46              ",
        "xor esi, esi              O_RDONLY",
        "hex0 for amd64: 255 bytes, SHA-256 ",
    ] {
        assert!(explained.contains(line), "{line}: {explained}");
    }
    // Every byte once, in order.
    let bytes: usize = explained
        .lines()
        .filter(|line| {
            let digit = |byte: u8| byte.is_ascii_hexdigit();
            line.len() > 29 && line.bytes().take(4).all(digit) && line[4..].starts_with("  ")
        })
        .map(|line| line[6..29].split_whitespace().count())
        .sum();
    assert_eq!(bytes, 255);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hex0");
    assert!(
        snowguard(&["seed", "--write", text(&path)])
            .status
            .success()
    );
    assert_eq!(fs::read(&path).unwrap().len(), 255);
    // It never overwrites.
    assert_eq!(
        snowguard(&["seed", "--write", text(&path)]).status.code(),
        Some(1)
    );
}

#[test]
fn a_changed_byte_is_found_with_rung_offset_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("ladder");
    let built = snowguard(&["ladder", "build", "--into", text(&into)]);
    assert!(built.status.success(), "{built:?}");
    let good = snowguard(&["check", "--outputs", text(&into)]);
    assert!(good.status.success(), "{}", said(&good));
    assert!(said(&good).contains("bin/cc-c"));

    let path = into.join("bin/hex2");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 4;
    fs::write(&path, &bytes).unwrap();
    let bad = snowguard(&["check", "--outputs", text(&into)]);
    assert_eq!(bad.status.code(), Some(4));
    let found = said(&bad);
    assert!(
        found.contains("rung hex2, bin/hex2: byte 200 (0xc8) is "),
        "{found}"
    );
    assert!(found.contains(" from hex2.hex1:"), "{found}");
    // The others are still what they have to be.
    assert!(
        snowguard(&["check", "hex1", "--outputs", text(&into)])
            .status
            .success()
    );

    let sources = folder.path().join("sources");
    assert!(
        snowguard(&["ladder", "sources", "--into", text(&sources)])
            .status
            .success()
    );
    assert!(
        snowguard(&["check", "hex0", "--sources", text(&sources)])
            .status
            .success()
    );
    let path = sources.join("climb");
    let changed = fs::read_to_string(&path)
        .unwrap()
        .replacen("bin/hex0", "bin/hex9", 1);
    fs::write(&path, changed).unwrap();
    let bad = snowguard(&["check", "hex0", "--sources", text(&sources)]);
    assert_eq!(bad.status.code(), Some(4));
    assert!(said(&bad).contains("source climb:"), "{}", said(&bad));
}

#[test]
fn the_kernel_alone_climbs() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("ladder");
    let built = snowguard(&["ladder", "build", "--kaem", "--into", text(&into)]);
    assert!(built.status.success(), "{built:?}");
    assert!(
        snowguard(&["check", "--outputs", text(&into)])
            .status
            .success()
    );
    // A folder that holds something is left alone.
    let again = snowguard(&["ladder", "build", "--into", text(&into)]);
    assert_eq!(again.status.code(), Some(1));
}

#[test]
fn what_is_there_is_listed() {
    let shown = said(&snowguard(&["ladder", "show", "hex1"]));
    assert!(
        shown.contains("bin/hex0 src/hex1.hex0 bin/hex1  543 bytes"),
        "{shown}"
    );
    let trusted = said(&snowguard(&["ladder", "trust"]));
    assert!(
        trusted.contains("seed/hex0            255 bytes"),
        "{trusted}"
    );
    let source = said(&snowguard(&["ladder", "sources", "hex0.hex0"]));
    assert!(source.starts_with("# hex0 for amd64 Linux: the seed."));
    for wrong in [
        &["check", "nothing"][..],
        &["ladder", "show", "nothing"],
        &["ladder", "sources", "nothing"],
        &["seed", "--architecture", "pdp11"],
    ] {
        let output = snowguard(wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn the_ladder_is_a_graph_of_steps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ladder/rungs");
    let graph = snowguard_bootstrap::graph::load(std::slice::from_ref(&folder), "x86_64").unwrap();
    assert!(graph.order.len() >= 8, "{:?}", graph.order);
    let printed = said(&snowguard(&["ladder", "steps"]));
    assert_eq!(
        printed,
        fs::read_to_string(folder.join("steps.toml")).unwrap()
    );
}
