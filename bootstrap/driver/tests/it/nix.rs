//! The graph as Nix derivations, built by a real Nix in its own sandbox, to the recorded hashes.

use std::path::Path;
use std::process::{Command, Output};

use snowguard_nix_formats::Hash;

use crate::world::{DRIVER, err};

/// From the seed to c2: nothing of it comes from a network.
const STEP: &str = "ladder-c2";

/// A program of Nix with a store, a configuration and a home of its own; none where it is missing.
fn nix(folder: &Path, program: &str, arguments: &[&str]) -> Option<Output> {
    let run = Command::new(program)
        .arg("--store")
        .arg(folder.join("root"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.join("home"))
        .env("NIX_CONF_DIR", folder.join("configuration"))
        .output();
    match run {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(
                std::env::var_os("CI").is_none(),
                "{program} is missing; what is exported can't be built"
            );
            eprintln!("{program} is missing: left out");
            None
        }
        Err(error) => panic!("{program} does not start: {error}"),
    }
}

fn line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn nix_builds_the_exported_ladder_to_the_recorded_hash() {
    let rungs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ladder/rungs");
    let folder = tempfile::tempdir().expect("a folder");
    let exported = Command::new(DRIVER)
        .args(["export", STEP, "--nix"])
        .arg(folder.path().join("graph"))
        .arg("--steps")
        .arg(&rungs)
        .arg("--store")
        .arg(folder.path().join("store"))
        .output()
        .expect("the driver starts");
    assert!(exported.status.success(), "{}", err(&exported));

    let attribute = format!("step-{STEP}");
    // The groups of a machine that has Nix's users, and caches elsewhere, must not matter.
    let options = [
        "--option",
        "sandbox",
        "true",
        "--option",
        "build-users-group",
        "",
        "--option",
        "substitute",
        "false",
        "--no-out-link",
    ];
    let mut arguments = vec!["graph", "-A", &attribute];
    arguments.extend(options);
    let Some(built) = nix(folder.path(), "nix-build", &arguments) else {
        return;
    };
    if err(&built).contains("namespaces that are required for sandboxing") {
        eprintln!("left out: Nix has no sandbox here\n{}", err(&built));
        return;
    }
    assert!(built.status.success(), "{}", err(&built));
    let path = line(&built);
    let asked = nix(folder.path(), "nix-store", &["--query", "--hash", &path]);
    let hash: Hash = line(&asked.expect("Nix")).parse().expect("a hash");
    let recorded = std::fs::read_to_string(rungs.join("expected.toml")).expect("hashes");
    let hex = hash.base16();
    assert!(
        recorded.contains(&format!("\"{STEP}\" = \"{hex}\"")),
        "{hex} in\n{recorded}"
    );
    // What Nix made of the steps are derivations, one each.
    let store = std::fs::read_dir(folder.path().join("root/nix/store")).expect("Nix's store");
    let derivations = store
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "drv"));
    assert!(derivations.count() > 5);
    for part in ["root", "store"] {
        let left = snowguard_bootstrap::store::remove_tree(&folder.path().join(part));
        left.expect("removed");
    }
}
