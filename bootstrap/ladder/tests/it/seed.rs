//! The seed: its size, its listing, and every byte of it.

use std::fs;

use snowguard_bootstrap_ladder::{check, climb, explain};

use crate::tools;

#[test]
fn the_seed_fits_and_writes_itself() {
    let seed = climb::seed(&tools::ladder()).unwrap();
    assert!(seed.bytes().len() <= 256, "{} bytes", seed.bytes().len());
    let written = fs::read(tools::climbed().join("bin/hex0")).unwrap();
    assert_eq!(written, seed.bytes());
}

#[test]
fn every_byte_of_the_seed_is_explained_once() {
    let ladder = tools::ladder();
    let explained = explain::seed(&ladder).unwrap();
    let mut offset = 0;
    for line in &explained {
        assert_eq!(line.offset, offset);
        assert!(!line.meaning.is_empty(), "line {}", line.line);
        // Behind the headers, each line is one instruction.
        assert_eq!(
            line.instruction.is_some(),
            offset >= 120,
            "line {}",
            line.line
        );
        offset += line.bytes.len();
    }
    assert_eq!(offset, climb::seed(&ladder).unwrap().bytes().len());
    let first = &explained[0];
    assert_eq!(first.bytes, b"\x7fELF");
    assert!(
        first
            .heading
            .as_deref()
            .unwrap()
            .contains("header of an ELF file")
    );
}

#[test]
fn every_changed_byte_of_the_seed_is_found_and_located() {
    let ladder = tools::ladder();
    let seed = climb::seed(&ladder).unwrap();
    for offset in 0..seed.bytes().len() {
        for flip in [1, 0x80] {
            let mut changed = seed.bytes().to_vec();
            changed[offset] ^= flip;
            let finding = check::made("hex0", "bin/hex0", &seed, &changed).unwrap();
            let check::Finding::Made {
                offset: told,
                origin,
                ..
            } = finding
            else {
                panic!("{finding:?}");
            };
            assert_eq!(told, offset);
            let place = origin.unwrap();
            let text = String::from_utf8_lossy(&ladder.sources["hex0.hex0"].text).into_owned();
            let line = text.lines().nth(place.line - 1).unwrap();
            let byte = format!("{:02X}", seed.bytes()[offset]);
            assert!(line.split('#').next().unwrap().contains(&byte), "{line}");
        }
    }
    let longer = [seed.bytes(), &[0]].concat();
    assert!(check::made("hex0", "bin/hex0", &seed, &longer).is_some());
    let shorter = &seed.bytes()[..seed.bytes().len() - 1];
    assert!(check::made("hex0", "bin/hex0", &seed, shorter).is_some());
    assert_eq!(check::made("hex0", "bin/hex0", &seed, seed.bytes()), None);
}

#[test]
fn the_seed_fails_when_the_kernel_does() {
    let hex0 = tools::climbed().join("bin/hex0");
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::write(&input, "00").unwrap();
    let ends = |arguments: &[&std::path::Path]| {
        let ended = std::process::Command::new(&hex0)
            .args(arguments)
            .status()
            .unwrap();
        ended.code().unwrap()
    };
    let out = folder.path().join("out");
    assert_eq!(ends(&[&input, &out]), 0);
    assert_ne!(ends(&[]), 0);
    assert_ne!(ends(&[&input]), 0);
    assert_ne!(ends(&[&folder.path().join("none"), &out]), 0);
    assert_ne!(ends(&[&input, &folder.path().join("none/out")]), 0);
    assert_ne!(ends(&[folder.path(), &out]), 0);
    assert_ne!(ends(&[&input, "/dev/full".as_ref()]), 0);
}
