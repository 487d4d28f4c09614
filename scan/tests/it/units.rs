//! The NixOS module's units: what they run, and how they are confined.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::stage::{Stage, text};

/// What the module runs is understood by the program.
#[test]
fn the_module_s_command_lines_are_understood() {
    let settings = json!({
        "enable": true,
        "url": "https://tracker.example.org/advisories",
        "trustedKeys": ["a-1:SJtGnAJoxH91hmuPibtwf2z80FEgWHb2Pkeo+8BmiSE="],
        "suppressions": ["/etc/rules.toml"],
        "watch": {"webhook": {"url": "https://hook.example.org/x", "secretFile": "/run/secret"}},
    });
    let Some(module) = evaluate(&settings) else {
        return;
    };
    assert_eq!(module["failed"], json!([]));
    let stage = Stage::new();
    for (service, code) in [("update", 4), ("watch", 3)] {
        let line = module[service]["ExecStart"].as_str().unwrap();
        let mut words = line.split_whitespace();
        assert!(
            words.next().unwrap().ends_with("/bin/snowguard-scan"),
            "{line}"
        );
        let arguments: Vec<&str> = words.collect();
        // What it names is not there, or no key is trusted; 2 would say that it was not understood.
        let output = stage
            .command(stage.folder.path())
            .args(arguments)
            .arg(if service == "watch" {
                "--once"
            } else {
                "file:///nowhere"
            })
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{line}: {:?}",
            text(&output)
        );
    }
    assert_eq!(module["watch"]["PrivateNetwork"], false);
    let settings = json!({
        "enable": true,
        "url": "https://tracker.example.org/advisories",
        "trustedKeys": [],
        "watch": {"command": "/my program", "webhook": {"secretFile": "/nix/store/s"}},
    });
    let failed = evaluate(&settings).unwrap()["failed"].to_string();
    for part in ["/my program", "without a key", "in the Nix store"] {
        assert!(failed.contains(part), "{failed}");
    }
}

fn evaluate(settings: &Value) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nix/tests/evaluate-scan.nix");
    let output = Command::new("nix-instantiate")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("NIX_STORE_DIR", "/nix/store")
        .env("NIX_STATE_DIR", folder.path().join("state"))
        .env("NIX_LOG_DIR", folder.path().join("log"))
        .env("NIX_CONF_DIR", folder.path().join("conf"))
        .args(["--readonly-mode", "--eval", "--strict", "--json"])
        .arg(file)
        .args(["--argstr", "settings", &settings.to_string()])
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{:?}", text(&output));
            Some(serde_json::from_slice(&output.stdout).unwrap())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(
                std::env::var_os("CI").is_none(),
                "nix-instantiate is missing"
            );
            println!("left out: the NixOS module, since nix-instantiate is not installed");
            None
        }
        Err(error) => panic!("nix-instantiate does not start: {error}"),
    }
}

/// A section of a unit, as NixOS writes it.
fn section(name: &str, settings: &Value) -> String {
    let mut out = format!("[{name}]\n");
    for (key, value) in settings.as_object().unwrap() {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), |some| some);
        for value in values {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            writeln!(out, "{key}={value}").unwrap();
        }
    }
    out
}

/// `systemd-analyze`, or nothing where it is not installed.
fn analyze(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let output = Command::new("systemd-analyze")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(folder)
        .args(arguments)
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(
                std::env::var_os("CI").is_none(),
                "systemd-analyze is missing"
            );
            println!("left out: the units, since systemd-analyze is not installed");
            None
        }
        Err(error) => panic!("systemd-analyze does not start: {error}"),
    }
}

/// systemd understands every line of the units, and finds little that a service could still do.
#[test]
fn systemd_understands_the_units_and_finds_them_confined() {
    const UNITS: [&str; 3] = [
        "snowguard-scan-watch.service",
        "snowguard-scan-update.service",
        "snowguard-scan-update.timer",
    ];
    let stage = Stage::new();
    let folder = stage.folder.path();
    fs::create_dir(folder.join("bin")).unwrap();
    symlink(
        env!("CARGO_BIN_EXE_snowguard-scan"),
        folder.join("bin/snowguard-scan"),
    )
    .unwrap();
    let hook = json!({"url": "https://hook.example.org/x", "secretFile": "/run/secret"});
    // Of ten. What the network costs is most of what is left.
    for (hook, watch) in [(json!({}), 0.2), (hook, 1.1)] {
        let Some(module) = evaluate(&json!({
            "enable": true,
            "package": folder,
            "url": "https://tracker.example.org/advisories",
            "trustedKeys": ["a-1:SJtGnAJoxH91hmuPibtwf2z80FEgWHb2Pkeo+8BmiSE="],
            "watch": {"webhook": hook},
        })) else {
            return;
        };
        for (unit, name, part) in [
            (UNITS[0], "Service", "watch"),
            (UNITS[1], "Service", "update"),
            (UNITS[2], "Timer", "timer"),
        ] {
            let head = format!("[Unit]\nDescription={part}\n");
            fs::write(folder.join(unit), head + &section(name, &module[part])).unwrap();
        }
        let verify = [&["verify", "--man=no", "--recursive-errors=no"][..], &UNITS].concat();
        let paths: Vec<String> = verify
            .iter()
            .map(|word| {
                let is_unit = UNITS.contains(word);
                let place = if is_unit { "./" } else { "" };
                format!("{place}{word}")
            })
            .collect();
        let words: Vec<&str> = paths.iter().map(String::as_str).collect();
        let Some(verified) = analyze(folder, &words) else {
            return;
        };
        let (out, err, code) = text(&verified);
        assert_eq!((code, out + &err), (Some(0), String::new()));
        for (unit, most) in [(UNITS[0], watch), (UNITS[1], 1.1)] {
            let unit = format!("./{unit}");
            let found = analyze(folder, &["security", "--offline=true", "--no-pager", &unit]);
            let (out, err, _) = text(&found.unwrap());
            let exposure = out
                .rsplit_once(".service: ")
                .and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<f64>().ok());
            let exposure = exposure.unwrap_or_else(|| panic!("{out}{err}"));
            assert!(exposure <= most, "{unit}: {exposure}\n{out}");
        }
    }
}
