//! At a terminal, which `script` of util-linux plays.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::stage::{Stage, digest, text};

/// What a person sees who runs the program at a terminal.
fn at_terminal(stage: &Stage, variables: &[(&str, &str)]) -> Option<String> {
    if let Err(error) = Command::new("script").arg("--version").output() {
        assert!(std::env::var_os("CI").is_none(), "script is missing");
        println!("left out: a terminal: script: {error}");
        return None;
    }
    let key = stage.key.public().to_string();
    let program = env!("CARGO_BIN_EXE_snowguard-scan");
    let line = format!("'{program}' --db advisories --trusted-key '{key}' list");
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("HOME", stage.folder.path())
        .envs(variables.iter().copied())
        .current_dir(stage.folder.path())
        .output()
        .unwrap();
    let (out, err, code) = text(&output);
    assert_eq!(code, Some(1), "{out}{err}");
    Some(out)
}

#[test]
fn text_goes_through_the_pager_and_in_colour() {
    let stage = Stage::new();
    stage.put("list", &format!("{}-openssl-3.0.13\n", digest('a')));
    let pager = stage.put("pager", "#!/bin/sh\necho \"paged $1 $LESS\"\nexec cat\n");
    std::fs::set_permissions(&pager, std::fs::Permissions::from_mode(0o700)).unwrap();
    let Some(seen) = at_terminal(&stage, &[("PAGER", "./pager -x")]) else {
        return;
    };
    assert!(seen.contains("paged -x FRX"), "{seen}");
    assert!(seen.contains("CVE-2024-1001"), "{seen}");
    assert!(seen.contains("\u{1b}[1;31m"), "{seen}");
    let variables = [
        ("PAGER", "./pager"),
        ("SNOWGUARD_PAGER", "cat"),
        ("NO_COLOR", "1"),
    ];
    let seen = at_terminal(&stage, &variables).unwrap();
    assert!(!seen.contains("paged"), "{seen}");
    assert!(
        seen.contains("CVE-2024-1001") && !seen.contains("\u{1b}[1;31m"),
        "{seen}"
    );
    // A pager that is not there hides nothing.
    let seen = at_terminal(&stage, &[("PAGER", "./no-such-pager")]).unwrap();
    assert!(seen.contains("CVE-2024-1001"), "{seen}");
}
