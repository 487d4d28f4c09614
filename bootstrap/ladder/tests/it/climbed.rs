//! The rungs, run for real, make what the checkers make.

use std::fs;

use snowguard_bootstrap_ladder::{check, climb, derive, steps};

use crate::tools;

#[test]
fn every_file_that_a_rung_makes_is_what_its_checker_makes() {
    let ladder = tools::ladder();
    let derived = derive(&ladder).unwrap();
    let mut compared = 0;
    for rung in &ladder.rungs {
        for path in rung.commands.iter().filter_map(|command| command.output()) {
            let found = fs::read(tools::climbed().join(path)).unwrap();
            assert_eq!(check::made(&rung.name, path, &derived[path], &found), None);
            compared += 1;
        }
    }
    assert_eq!(compared, derived.len());
    assert!(compared >= 4);
}

#[test]
fn the_hashes_are_recorded() {
    let ladder = tools::ladder();
    let derived = derive(&ladder).unwrap();
    assert_eq!(check::recorded(&ladder, &derived), []);
    assert!(!ladder.recorded.is_empty());
}

#[test]
fn a_climb_may_stop_below_the_top_and_says_what_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let ladder = tools::ladder();
    climb::prepare(&ladder, folder.path()).unwrap();
    let mut made = Vec::new();
    let tell = |done: &climb::Done| made.push(done.output.clone().unwrap());
    climb::climb(&ladder, folder.path(), Some("hex1"), tell).unwrap();
    assert_eq!(made, ["bin/hex0", "bin/hex1"]);
    assert!(!folder.path().join("bin/hex2").exists());
}

#[test]
fn a_climb_stops_at_the_first_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut ladder = tools::ladder();
    climb::prepare(&ladder, folder.path()).unwrap();
    fs::write(folder.path().join("src/hex1.hex0"), "1").unwrap();
    let error = climb::climb(&ladder, folder.path(), None, |_| ()).unwrap_err();
    assert!(matches!(error, climb::ClimbError::Failed { .. }), "{error}");
    // What cannot be read as hex0 is no seed.
    ladder.sources.get_mut("hex0.hex0").unwrap().text.push(b'1');
    let error = climb::prepare(&ladder, folder.path()).unwrap_err();
    assert!(matches!(error, climb::ClimbError::Seed(_)), "{error}");
}

#[test]
fn the_step_file_says_what_the_script_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rungs/steps.toml");
    let expected = steps::render(&tools::ladder()).unwrap();
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        expected,
        "write it anew with `snowguard bootstrap ladder steps`"
    );
}
