//! `kill -9` at any moment, start again, and in the end the database is as if nothing had happened.

use std::process::Stdio;
use std::time::Duration;

use snowguard_tracker_db::testing;

use crate::dump;
use crate::program::{Program, collection, stderr, text};

const CVES: usize = 600;
const PACKAGES: usize = 200;

/// A small generator with a fixed seed: the same kills every time, as far as a clock allows.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn arguments(set: &str) -> [&str; 4] {
    // Small batches: many places to be killed between.
    ["ingest", set, "--batch", "20"]
}

/// Kills the program again and again until it gets to its end. How often it was killed.
fn until_done(program: &Program, set: &str, random: &mut Random) -> u32 {
    let mut killed = 0;
    loop {
        let mut child = program
            .command()
            .args(arguments(set))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Ever longer, so that it ends, also on a slow machine; at first so short that it cannot
        // have ended.
        let wait = 10 + random.below(40 << (killed / 4).min(12));
        std::thread::sleep(Duration::from_millis(wait));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => return killed,
            Some(code) => panic!("exit code {code}: {}", stderr(&output)),
            None => killed += 1,
        }
        assert!(killed < 100, "it never gets to its end");
    }
}

/// Asked to end (Ctrl-C, a service manager), the program finishes its batch and says so.
#[test]
fn asked_to_stop_it_finishes_its_batch_and_goes_on_later() {
    // So many that the signal comes long before the end, also on a fast machine.
    const MANY: usize = 6_000;
    let program = Program::sqlite();
    let set = collection(&program, MANY, 10, 0);
    let mut child = program
        .command()
        .args(arguments(text(&set)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It watches for signals before it opens a feed.
    while !program.path("tracker.sqlite").exists() || program.db().counts().unwrap().advisories == 0
    {
        if child.try_wait().unwrap().is_some() {
            let output = child.wait_with_output().unwrap();
            panic!("it ended before it could be asked to: {}", stderr(&output));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    let asked = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .unwrap();
    assert!(asked.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let stored = program.db().counts().unwrap().advisories;
    assert!(
        stored > 0 && stored < MANY as u64 && stored.is_multiple_of(20),
        "{stored}"
    );
    assert!(program.run(&arguments(text(&set))).status.success());
    assert_eq!(program.db().counts().unwrap().advisories, MANY as u64);
}

fn check(disturbed: &Program, seed: u64) {
    let calm = Program::sqlite();
    // Both read the same files: a feed is known by its path.
    let set = collection(disturbed, CVES, PACKAGES, 0);
    let mut random = Random(seed);
    let mut killed = 0;
    for round in 0..2 {
        collection(disturbed, CVES, PACKAGES, round);
        let output = calm.run(&arguments(text(&set)));
        assert!(output.status.success(), "{}", stderr(&output));
        killed += until_done(disturbed, text(&set), &mut random);
        dump::assert_same(&dump::of(&calm.db()), &dump::of(&disturbed.db()));
    }
    assert!(killed >= 4, "killed {killed} times only");
    eprintln!("killed {killed} times");
}

#[test]
fn killed_at_random_moments_the_database_ends_the_same_sqlite() {
    check(&Program::sqlite(), 0x9e37_79b9_7f4a_7c15);
}

#[test]
fn killed_at_random_moments_the_database_ends_the_same_postgres() {
    match testing::postgres() {
        Ok(database) => check(
            &Program::with_database(&database.url),
            0x2545_f491_4f6c_dd1d,
        ),
        Err(why) => eprintln!("LEFT OUT on PostgreSQL: {why}"),
    }
}
