//! The NixOS module, evaluated by Nix: with a stand-in for nixpkgs' `lib` (`nix/tests/lib.nix`), and where somebody
//! has nixpkgs, in a whole NixOS. What it tells NixOS to run must be what the program understands.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::program::{Place, complaint};

#[test]
fn what_the_module_runs_is_understood_by_the_program() {
    let all = json!({
        "enable": true,
        "stub": "/nix/store/stub.efi",
        "extendedBootLoaderPartition": "/boot-extended",
        "configurationLimit": 7,
        "editor": true,
        "consoleMode": "max",
        "pcrPolicy": {"keyFile": "/keys/p.key", "certificateFile": "/keys/p.pem"},
    });
    for settings in [json!({"enable": true}), all] {
        let Some(module) = evaluate(&settings) else {
            return;
        };
        assert_eq!(module["failed"], json!([]));
        for command in ["install", "bless"] {
            // As NixOS splits it.
            let line = module[command].as_str().expect("a string");
            let mut words = line.split_whitespace();
            let program = words.next().expect("a program");
            assert!(program.ends_with("/bin/snowguard-boot"), "{program}");
            let mut arguments: Vec<&str> = words.collect();
            if command == "install" {
                arguments.push("/nix/store/00000000000000000000000000000000-nixos-system");
            }
            // 2 would say that the command line was not understood. What it names isn't there,
            // except that a machine which counts no boots has nothing to bless.
            let output = Place::new().run(&arguments);
            let expected = if command == "install" {
                Some(3)
            } else {
                Some(0)
            };
            let told = complaint(&output);
            assert_eq!(output.status.code(), expected, "{line}: {told}");
            if command == "install" {
                assert!(
                    told.contains("/var/lib/snowguard/secure-boot/keys/db/db.key"),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn the_module_refuses_what_a_shell_would_split_and_keys_in_the_store() {
    let settings = json!({
        "enable": true,
        "stub": "/nix/store/stub.efi",
        "efiSystemPartition": "/my boot",
        "signer": {"keyFile": "/nix/store/k", "certificateFile": null},
        "pcrPolicy": {"keyFile": "/nix/store/p"},
    });
    let Some(module) = evaluate(&settings) else {
        return;
    };
    let failed = module["failed"].to_string();
    for part in [
        "/my boot",
        "signer: a key needs its certificate",
        "signer.keyFile is in the Nix store",
        "pcrPolicy: a key needs its certificate",
        "pcrPolicy.keyFile is in the Nix store",
    ] {
        assert!(failed.contains(part), "{failed}");
    }
    assert_eq!(evaluate(&json!({})), Some(Value::Null));
}

#[test]
fn every_nix_file_parses() {
    for file in [
        "default.nix",
        "overlay.nix",
        "package.nix",
        "stub.nix",
        "modules/boot.nix",
    ] {
        let Some(output) = instantiate(&["--parse", &nix(file)]) else {
            return;
        };
        assert!(output.status.success(), "{file}: {}", complaint(&output));
    }
}

fn evaluate(settings: &Value) -> Option<Value> {
    let file = nix("tests/evaluate.nix");
    let settings = settings.to_string();
    let arguments = [
        "--eval", "--strict", "--json", &file, "--argstr", "settings", &settings,
    ];
    let output = instantiate(&arguments)?;
    assert!(output.status.success(), "{}", complaint(&output));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn nix(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix");
    folder.join(file).display().to_string()
}

/// `nix-instantiate` with nothing but a temporary folder; `None`, said aloud, where it isn't installed.
fn instantiate(arguments: &[&str]) -> Option<Output> {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("nix-instantiate")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("NIX_STORE_DIR", "/nix/store")
        .env("NIX_STATE_DIR", folder.path().join("state"))
        .env("NIX_LOG_DIR", folder.path().join("log"))
        .env("NIX_CONF_DIR", folder.path().join("conf"))
        .arg("--readonly-mode")
        .args(arguments)
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(
                std::env::var_os("CI").is_none(),
                "nix-instantiate is missing"
            );
            eprintln!("left out: the NixOS module, since nix-instantiate is not installed");
            None
        }
        Err(error) => panic!("nix-instantiate does not start: {error}"),
    }
}

/// With nixpkgs' own `lib`, whose folder `SNOWGUARD_NIXPKGS_LIB` names: it isn't fetched for this.
#[test]
fn the_module_has_the_types_that_it_says() {
    let Some(lib) = std::env::var_os("SNOWGUARD_NIXPKGS_LIB") else {
        eprintln!(
            "left out: the module's types, since SNOWGUARD_NIXPKGS_LIB names no lib of nixpkgs"
        );
        return;
    };
    let file = nix("tests/modules.nix");
    let lib = lib.to_str().expect("text");
    let evaluate = |settings: Value| {
        let settings = settings.to_string();
        let arguments = ["--eval", "--strict", "--json", &file, "--arg", "lib", lib];
        instantiate(&[&arguments[..], &["--argstr", "settings", &settings]].concat())
    };
    let Some(output) = evaluate(json!({"enable": true})) else {
        return;
    };
    assert!(output.status.success(), "{}", complaint(&output));
    let module: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(module["failed"], json!([]));
    assert_eq!(
        module["loaders"],
        json!([false, false]),
        "no other boot loader"
    );
    for wrong in [
        json!({"enable": true, "configurationLimit": 0}),
        json!({"enable": true, "bootCounting": {"tries": "3"}}),
        json!({"enable": true, "noSuchOption": 1}),
    ] {
        let output = evaluate(wrong.clone()).expect("as before");
        assert!(!output.status.success(), "{wrong} was taken");
    }
}

/// In a whole NixOS of the nixpkgs whose folder `SNOWGUARD_NIXPKGS` names: it isn't fetched for this.
#[test]
fn the_module_is_part_of_a_whole_nixos() {
    let Some(nixpkgs) = std::env::var_os("SNOWGUARD_NIXPKGS") else {
        eprintln!("left out: a whole NixOS, since SNOWGUARD_NIXPKGS names no nixpkgs");
        return;
    };
    let file = nix("tests/nixos.nix");
    let arguments = [
        &["--eval", "--strict", "--json", &file][..],
        &["--argstr", "nixpkgs", nixpkgs.to_str().expect("text")],
        &["--argstr", "settings", r#"{"enable": true}"#],
    ];
    let Some(output) = instantiate(&arguments.concat()) else {
        return;
    };
    assert!(output.status.success(), "{}", complaint(&output));
    let system: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(system["failed"], json!([]));
    assert_eq!(system["others"], json!([false, false, false]));
    for (command, words) in [
        ("install", "install --esp /boot"),
        ("bless", "bless --esp /boot"),
    ] {
        let line = system[command].as_str().expect("a string");
        let program = format!("-snowguard-0.1.0/bin/snowguard-boot {words}");
        assert!(line.contains(&program), "{line}");
    }
    let unit = system["unit"].as_str().expect("a unit");
    assert!(unit.contains("ConditionPathExists=/sys/firmware/efi/efivars/LoaderBootCountPath-"));
    let package = system["package"].as_str().expect("a derivation");
    assert!(package.ends_with("-snowguard-0.1.0.drv"), "{package}");
}
