//! Running the program with a scrubbed environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder for one test, and the program started in it.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A path in the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As text, for other programs.
    pub fn text(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.at(name), content).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.at(name)).expect("read")
    }

    /// The program, to be started in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(self.folder.path(), arguments)
    }

    /// `snowguard-boot` in the folder, in 2026, with nothing inherited.
    pub fn run(&self, arguments: &[&str]) -> Output {
        command(self.folder.path(), arguments)
            .output()
            .expect("the program starts")
    }

    /// Must end with 0.
    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            complaint(&output)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Must end with this code; what it complained of.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = complaint(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        told
    }

    /// Its JSON, whatever it ended with.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let output = self.run(&all);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", complaint(&output)))
    }

    /// Keys of the quick kind in `keys`.
    pub fn with_keys(self) -> Self {
        self.good(&["keys", "create", "--folder", "k", "--kind", "p256"]);
        self
    }
}

/// The arguments that name the db key of [`Place::with_keys`].
pub const SIGNER: [&str; 4] = [
    "--key",
    "k/keys/db/db.key",
    "--certificate",
    "k/keys/db/db.pem",
];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard-boot"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("SOURCE_DATE_EPOCH", "1767225600");
    command
}

/// `snowguard-boot` anywhere.
pub fn boot(arguments: &[&str]) -> Output {
    command(Path::new("/"), arguments)
        .output()
        .expect("the program starts")
}

/// What it printed to standard error.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
