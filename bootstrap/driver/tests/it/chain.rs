//! `bootstrap/chain` as far as the first shell and make, against its recorded hashes: sources of the Debian archive in,
//! two foreign compilers that must meet in the same bytes, the fixed point, and the first tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::DRIVER;

fn chain() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain")
}

/// Outputs and sources are kept in the target folder, so that only what changed is built again.
fn store() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("chain")
}

#[test]
fn two_compilers_meet_in_one_tcc_and_the_first_tools_have_their_recorded_hashes() {
    let built = Command::new(DRIVER)
        .args(["build", "--fetch", "--steps"])
        .arg(chain())
        .arg("--store")
        .arg(store())
        .args(["tcc-tests", "make"])
        .output()
        .expect("the driver starts");
    let told = String::from_utf8_lossy(&built.stderr);
    let unreachable = told.contains("cannot fetch") || told.contains("the connection broke");
    if !built.status.success() && unreachable {
        eprintln!(
            "left out: the Debian archive can't be reached for the sources of the chain\n{told}"
        );
        return;
    }
    assert!(built.status.success(), "{told}");

    let listed = String::from_utf8_lossy(&built.stdout);
    let hash = |step: &str| {
        listed
            .lines()
            .find_map(|line| line.strip_suffix(step)?.strip_suffix("  "))
            .unwrap_or_else(|| panic!("no output {step} in\n{listed}"))
    };
    assert_eq!(hash("tcc-1-gcc"), hash("tcc-1-clang"));
    assert_eq!(hash("tcc"), hash("tcc-1-gcc"));
    // The first compilers differ: the comparison is of two, not of one with itself.
    assert_ne!(hash("tcc-0-gcc"), hash("tcc-0-clang"));

    let recorded = std::fs::read_to_string(chain().join("expected.toml")).expect("recorded hashes");
    for step in ["tcc", "tcc-tests", "busybox", "make"] {
        let line = format!("\"{step}\" = \"{}\"", hash(step));
        assert!(recorded.contains(&line), "not recorded: {line}");
    }
}

#[test]
fn every_patch_of_the_chain_begins_with_its_reason_and_is_used() {
    let mut steps = String::new();
    for file in std::fs::read_dir(chain()).expect("the chain") {
        let path = file.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            steps.push_str(&std::fs::read_to_string(path).expect("a step file"));
        }
    }
    let mut patches = 0;
    for folder in std::fs::read_dir(chain().join("patches")).expect("patches") {
        for file in std::fs::read_dir(folder.expect("a folder").path()).expect("patches") {
            let path = file.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a patch");
            let reason = text.split("\n--- ").next().unwrap_or_default();
            assert!(
                reason.len() > 20 && !reason.starts_with("---"),
                "{} says no reason",
                path.display()
            );
            let named = path.strip_prefix(chain()).expect("below the chain");
            assert!(
                steps.contains(&format!("\"{}\"", named.display())),
                "{} is used by no step",
                path.display()
            );
            patches += 1;
        }
    }
    assert!(patches >= 10, "only {patches} patches were looked at");
}
