//! What the tests share: a climbed ladder, its tools as functions, and programs of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use snowguard_bootstrap_ladder::{Ladder, climb};

/// The ladder that the crate was built with.
pub fn ladder() -> Ladder {
    Ladder::built_in("amd64").unwrap()
}

/// A folder in which the ladder was climbed, once for all tests of this process.
pub fn climbed() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        climb::prepare(&ladder(), folder.path()).unwrap();
        climb::climb(&ladder(), folder.path(), None, |_| ()).unwrap();
        folder
    });
    folder.path()
}

/// Runs a tool of the ladder on texts; its output file and how it ended.
pub fn run(tool: &str, texts: &[&[u8]]) -> (Output, Option<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(climbed().join(tool));
    command.current_dir(folder.path());
    for (index, text) in texts.iter().enumerate() {
        let name = format!("in{index}");
        fs::write(folder.path().join(&name), text).unwrap();
        command.arg(name);
    }
    let ended = command.arg("out").output().unwrap();
    (ended, fs::read(folder.path().join("out")).ok())
}

/// The output of a tool that has to succeed, or nothing when it fails.
pub fn made(tool: &str, texts: &[&[u8]]) -> Option<Vec<u8>> {
    let (ended, out) = run(tool, texts);
    assert!(
        ended.status.code().is_some(),
        "{tool} was killed: {ended:?}"
    );
    ended.status.success().then(|| out.unwrap())
}

/// A program of the machine. Without it the test says what it leaves out; where CI runs, which installs all
/// tools, it is an error.
pub fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{name} is missing (Debian: {package})"
        );
        eprintln!("left out: {name} is missing (Debian: {package})");
    }
    found
}
