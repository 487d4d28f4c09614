//! A byte changed anywhere, in a source or in what a rung made, is found and located.

use std::fs;

use snowguard_bootstrap_ladder::check::{self, Finding};
use snowguard_bootstrap_ladder::{Ladder, derive};

use crate::tools;

/// So many bytes of each file are changed, evenly spread.
const SAMPLES: usize = 40;

#[test]
fn changed_programs_are_located() {
    let ladder = tools::ladder();
    let derived = derive(&ladder).unwrap();
    for rung in &ladder.rungs {
        for path in rung.commands.iter().filter_map(|command| command.output()) {
            let made = fs::read(tools::climbed().join(path)).unwrap();
            for offset in (0..made.len()).step_by(1 + made.len() / SAMPLES) {
                let mut changed = made.clone();
                changed[offset] ^= 0x10;
                let finding = check::made(&rung.name, path, &derived[path], &changed);
                let Some(Finding::Made {
                    offset: told,
                    origin,
                    ..
                }) = finding
                else {
                    panic!("{path}, byte {offset}: {finding:?}");
                };
                assert_eq!(told, offset);
                // The line is of a file that people wrote.
                let file = origin.unwrap().file;
                assert!(ladder.sources.contains_key(&*file), "{path}: {file}");
            }
        }
    }
}

#[test]
fn changed_sources_are_located() {
    let ladder = tools::ladder();
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in &ladder.sources {
        fs::write(folder.path().join(name), &source.text).unwrap();
    }
    let read = Ladder::read_sources(folder.path()).unwrap();
    assert_eq!(check::sources(&ladder, &read), []);
    let mut changed = read;
    for (name, source) in &ladder.sources {
        for offset in (0..source.text.len()).step_by(1 + source.text.len() / SAMPLES) {
            changed.get_mut(name).unwrap().text[offset] ^= 1;
            let findings = check::sources(&ladder, &changed);
            let [
                Finding::Source {
                    place,
                    offset: told,
                    ..
                },
            ] = findings.as_slice()
            else {
                panic!("{name}, byte {offset}: {findings:?}");
            };
            assert_eq!((*told, &*place.file), (offset, name.as_str()));
            let before = source.text[..offset].split(|byte| *byte == b'\n').count();
            assert_eq!(place.line, before);
            changed.get_mut(name).unwrap().text[offset] ^= 1;
        }
    }
}

#[test]
fn a_source_that_still_reads_but_says_something_else_has_another_hash() {
    let mut ladder = tools::ladder();
    let source = ladder.sources.get_mut("hex1.hex0").unwrap();
    let text = String::from_utf8(source.text.clone()).unwrap();
    source.text = text.replacen("3C 0A", "3C 0B", 1).into_bytes();
    let findings = check::recorded(&ladder, &derive(&ladder).unwrap());
    let [Finding::Recorded { path, .. }] = findings.as_slice() else {
        panic!("{findings:?}");
    };
    assert_eq!(path, "bin/hex1");
}
