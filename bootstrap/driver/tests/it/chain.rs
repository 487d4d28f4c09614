//! The chain from the seed as far as the first shell and make, against its recorded hashes: sources of the Debian archive in, the
//! ladder and two foreign compilers that must meet in the same bytes, the fixed point, and the first tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use snowguard_bootstrap::graph::Name;
use snowguard_bootstrap::graph::schema::Trust;

use crate::world::DRIVER;

fn chain() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain")
}

/// Outputs and sources are kept in the target folder, so that only what changed is built again.
fn store() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("chain")
}

#[test]
fn the_ladder_and_two_compilers_meet_in_one_tcc_and_the_first_tools_have_their_recorded_hashes() {
    // As a user calls it: the shipped graph is the default in a checkout.
    let built = Command::new(DRIVER)
        .current_dir(chain().join("../.."))
        .args(["build", "--fetch", "--store"])
        .arg(store())
        .args(["tcc-tests", "tcc-agreement", "make"])
        .output()
        .expect("the driver starts");
    let told = String::from_utf8_lossy(&built.stderr);
    if !built.status.success() && told.contains("cannot be fetched: ") {
        eprintln!("left out: no mirror of the Debian archive gives a source of the chain\n{told}");
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
    for maker in ["ladder", "gcc", "clang"] {
        assert_eq!(hash(&format!("tcc-1-{maker}")), hash("tcc"));
    }
    // The first compilers differ: the comparison is of three, not of one with itself.
    assert_ne!(hash("tcc-0-gcc"), hash("tcc-0-clang"));
    assert_ne!(hash("tcc-0-gcc"), hash("tcc-0-ladder"));
    assert_ne!(hash("tcc-0-clang"), hash("tcc-0-ladder"));

    let recorded = std::fs::read_to_string(chain().join("expected.toml")).expect("recorded hashes");
    for step in ["tcc", "tcc-agreement", "tcc-tests", "busybox", "make"] {
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

#[test]
fn nothing_of_the_chain_is_made_of_a_foreign_binary() {
    let folders = ["../ladder/rungs", "../ladder/tcc", "../chain"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let graph = snowguard_bootstrap::graph::load(&folders, "x86_64").expect("the shipped graph");
    let trust = |step: &str| {
        let wanted = Name::try_from(step.to_owned()).expect("a name");
        let steps = graph.needed(&[wanted]).expect("a step");
        steps
            .into_iter()
            .flat_map(|step| &step.sources)
            .map(|source| graph.sources[source].trust)
            .filter(|trust| *trust != Trust::Source)
            .collect::<Vec<_>>()
    };
    assert_eq!(trust("gcc-10"), [Trust::Seed]);
    let checked = trust("tcc-agreement");
    assert!(checked.contains(&Trust::StandIn) && checked.contains(&Trust::Seed));
    // Of what stand-ins make only the check is made.
    for step in graph.steps.keys() {
        let known = [
            "debian-",
            "tcc-0-gcc",
            "tcc-0-clang",
            "tcc-1-",
            "tcc-agreement",
        ];
        assert!(
            known.iter().any(|known| step.as_str().starts_with(known))
                || !trust(step.as_str()).contains(&Trust::StandIn),
            "{step}"
        );
    }
}
