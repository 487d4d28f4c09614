//! The front door, run as a whole against folders of small programs that stand for pillars.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

const FRONT_DOOR: &str = env!("CARGO_BIN_EXE_snowguard");

/// A front door with its own folder, and another folder that stands for `PATH`.
struct Stage {
    root: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        for folder in ["bin", "path"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        std::fs::copy(FRONT_DOOR, root.path().join("bin/snowguard")).expect("a copy");
        Self { root }
    }

    fn program(self, place: &str, script: &str) -> Self {
        self.file(place, &format!("#!/bin/sh\n{script}\n"), 0o755)
    }

    fn file(self, place: &str, content: &str, mode: u32) -> Self {
        let file = self.path(place);
        std::fs::write(&file, content).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    fn path(&self, place: &str) -> PathBuf {
        self.root.path().join(place)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path("bin/snowguard"));
        command
            .env_clear()
            .env("PATH", self.path("path"))
            .current_dir(self.root.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("the front door starts")
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn a_pillar_gets_its_arguments_untouched_and_its_exit_code_passes_through() {
    let stage = Stage::new().program(
        "bin/snowguard-tracker",
        r#"for a in "$@"; do printf '[%s]' "$a"; done; exit 37"#,
    );
    let output = stage.run(&[
        "tracker", "match", "--format", "a b", "$(id)", "", "--help", "-V",
    ]);
    assert_eq!(out(&output), "[match][--format][a b][$(id)][][--help][-V]");
    assert_eq!(output.status.code(), Some(37));
}

#[test]
fn standard_input_and_the_process_itself_are_handed_on() {
    let stage = Stage::new().program("bin/snowguard-scan", "echo $$");
    let child = stage
        .command()
        .arg("scan")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the front door starts");
    let id = child.id();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(out(&output).trim(), id.to_string(), "exec, not a child");
}

#[test]
fn beside_comes_before_path_and_path_is_used() {
    let stage = Stage::new()
        .program("bin/snowguard-tracker", "echo beside")
        .program("path/snowguard-tracker", "echo path")
        .program("path/snowguard-scan", "echo scan from path");
    assert_eq!(out(&stage.run(&["tracker"])), "beside\n");
    assert_eq!(out(&stage.run(&["scan"])), "scan from path\n");
}

#[test]
fn the_folder_one_stands_in_decides_nothing() {
    let stage = Stage::new().program("snowguard-scan", "echo taken over");
    for search_path in ["", ".", ":.:", "./"] {
        let output = stage
            .command()
            .env("PATH", search_path)
            .arg("scan")
            .output()
            .expect("starts");
        assert_eq!(output.status.code(), Some(2), "PATH={search_path:?}");
        assert_eq!(out(&output), "");
    }
}

#[test]
fn help_lists_what_is_there() {
    let stage = Stage::new()
        .program("bin/snowguard-tracker", "exit 0")
        .program("path/snowguard-extra", "exit 0")
        .file("path/snowguard-notes", "not a program", 0o644)
        .file("path/snowguard-tracker.d", "", 0o755);
    for arguments in [["--help"], ["-h"], ["help"]] {
        let output = stage.run(&arguments);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            text.contains("\n  tracker    Which packages of Nixpkgs"),
            "{text}"
        );
        assert!(text.contains("\n  extra\n"), "{text}");
        assert!(
            !text.contains("notes") && !text.contains("tracker.d"),
            "{text}"
        );
        assert!(!text.contains("  boot "), "{text}");
    }
}

#[test]
fn help_of_a_pillar_is_the_pillars_own() {
    let stage = Stage::new().program("bin/snowguard-tracker", r#"echo "$@""#);
    assert_eq!(out(&stage.run(&["help", "tracker"])), "--help\n");
    assert_eq!(
        out(&stage.run(&["help", "tracker", "ingest"])),
        "ingest --help\n"
    );
}

#[test]
fn an_unknown_pillar_is_refused_with_a_suggestion() {
    let stage = Stage::new().program("bin/snowguard-tracker", "exit 0");
    let output = stage.run(&["trakcer", "match"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    let text = err(&output);
    assert!(text.contains("there is no pillar `trakcer`"), "{text}");
    assert!(text.contains("Did you mean tracker?"), "{text}");
    let output = stage.run(&["help", "zzz"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!err(&output).contains("Did you mean"));
}

#[test]
fn a_pillar_is_a_name_and_not_a_path() {
    let stage = Stage::new()
        .program("bin/snowguard-tracker", "echo ran")
        .program("path/evil", "echo evil");
    for word in [
        "../path/evil",
        "/bin/sh",
        "tracker/",
        "TRACKER",
        "\u{1b}[31mx",
        "",
    ] {
        let output = stage.run(&[word]);
        assert_eq!(output.status.code(), Some(2), "{word:?}");
        assert_eq!(out(&output), "", "{word:?}");
        assert!(
            !err(&output).contains('\u{1b}'),
            "control characters stay out of the terminal"
        );
    }
}

#[test]
fn without_a_pillar_help_goes_to_standard_error() {
    let stage = Stage::new();
    let output = stage.run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    assert!(err(&output).contains("none: no program named snowguard-<pillar>"));
}

#[test]
fn a_pillar_that_cannot_start_is_126() {
    let stage = Stage::new().file("bin/snowguard-boot", "#!/nonexistent/interpreter\n", 0o755);
    let output = stage.run(&["boot"]);
    assert_eq!(output.status.code(), Some(126));
    assert!(err(&output).contains("cannot start"));
}

#[test]
fn the_version_is_printed() {
    let output = Stage::new().run(&["--version"]);
    assert_eq!(
        out(&output).trim(),
        format!("snowguard {}", env!("CARGO_PKG_VERSION"))
    );
}
