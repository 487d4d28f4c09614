//! A folder with a graph and a store, and the programs run against them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const DRIVER: &str = env!("CARGO_BIN_EXE_snowguard-bootstrap");
pub const RUNNER: &str = env!("CARGO_BIN_EXE_snowguard-step");

/// A static program with a shell; Debian's `busybox-static`.
const BUSYBOX: &str = "/bin/busybox";

/// A graph's folder, a store and a folder of sources.
pub struct World {
    root: tempfile::TempDir,
}

impl World {
    /// With one step file.
    pub fn new(steps: &str) -> Self {
        assert!(Path::new(RUNNER).is_file());
        let world = Self {
            root: tempfile::tempdir().expect("a temporary folder"),
        };
        for folder in ["steps", "sources"] {
            std::fs::create_dir(world.path(folder)).expect("a folder");
        }
        world.write("steps/steps.toml", steps);
        world
    }

    /// A step `box` whose output has a shell and small programs, for steps that need them; none where
    /// busybox is missing.
    pub fn with_box(steps: &str) -> Option<Self> {
        if !Path::new(BUSYBOX).is_file() {
            assert!(
                std::env::var_os("CI").is_none(),
                "busybox-static is missing; steps that run programs can't be tested"
            );
            eprintln!("busybox-static is missing: left out");
            return None;
        }
        let world = Self::new(&format!("{BOX}{steps}"));
        std::fs::copy(BUSYBOX, world.path("steps/busybox")).expect("a copy");
        Some(world)
    }

    pub fn path(&self, place: &str) -> PathBuf {
        self.root.path().join(place)
    }

    pub fn write(&self, place: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(place), text).expect("a file");
    }

    pub fn driver(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the driver starts")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(DRIVER);
        command
            .env_clear()
            .env("SNOWGUARD_BOOTSTRAP_STEPS", self.path("steps"))
            .env("SNOWGUARD_BOOTSTRAP_STORE", self.path("store"))
            .args(arguments);
        command
    }

    /// Builds everything; hash by name.
    pub fn build(&self) -> std::collections::BTreeMap<String, String> {
        let output = self.driver(&["build"]);
        assert!(output.status.success(), "{}", err(&output));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
            .collect()
    }

    /// What a step's output holds.
    pub fn output(&self, hash: &str, file: &str) -> String {
        let path = self.path("store/objects").join(hash).join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Outputs are read-only, also for their owner.
        let _left = snowguard_bootstrap::store::remove_tree(&self.path("store"));
    }
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const BOX: &str = r#"
format = 1

[[step]]
name = "box"
description = "A shell."
files = ["busybox"]

[[step.action]]
copy = { from = "/src/busybox", to = "/out/bin/busybox" }
[[step.action]]
executable = { paths = "/out/bin/busybox" }
[[step.action]]
link = { at = "/out/bin/sh", target = "busybox" }
"#;

/// A step that runs a script of busybox's shell; `busybox NAME` runs its small programs.
pub fn script(name: &str, script: &str) -> String {
    format!(
        r#"
[[step]]
name = "{name}"
description = "A test."
inputs = ["box"]
env = {{ PATH = "/in/box/bin" }}
limits = {{ seconds = 20, memory_mib = 256, files_mib = 64, processes = 32, jobs = 4 }}
[[step.action]]
run = {{ argv = ["/in/box/bin/sh", "-euc", '''
{script}
'''] }}
"#
    )
}
