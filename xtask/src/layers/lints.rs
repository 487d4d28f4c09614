//! The rules on lints: a crate takes the workspace's, or it is one of the few that talk to firmware
//! or the kernel and carries a stricter copy that lifts `unsafe_code` from `forbid` to `deny`.

use std::path::Path;

use anyhow::{Context, Result};

use super::graph::Graph;
use super::rules::Violation;

/// Crates that may hold `unsafe` blocks, each block behind an `allow` with its reason.
const UNSAFE_CRATES: [&str; 4] = [
    "boot/stub",
    "boot/stub/firmware",
    "bootstrap/sandbox",
    "scan",
];

/// What a crate that carries its own lints has to say besides.
const DEMANDED: [&str; 2] = [
    "unsafe_code=\"deny\"",
    "undocumented_unsafe_blocks=\"deny\"",
];

/// Each crate has to take the workspace's lints: without the two lines, `unsafe` is allowed in it.
///
/// # Errors
/// When a manifest cannot be read.
pub fn check(graph: &Graph, root: &Path) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for (name, member) in &graph.crates {
        let manifest = root.join(&member.folder).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        violations.extend(judge(name, &member.folder, &text));
    }
    Ok(violations)
}

fn judge(name: &str, folder: &str, manifest: &str) -> Vec<Violation> {
    if inherits(manifest) {
        return Vec::new();
    }
    if !UNSAFE_CRATES.contains(&folder) {
        let what = "its Cargo.toml lacks `[lints] workspace = true`";
        return vec![Violation::new(name, what)];
    }
    let said: Vec<String> = manifest.lines().map(|line| line.replace(' ', "")).collect();
    DEMANDED
        .iter()
        .filter(|demanded| !said.iter().any(|line| line == *demanded))
        .map(|demanded| Violation::new(name, format!("its own lints lack `{demanded}`")))
        .collect()
}

fn inherits(manifest: &str) -> bool {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[lints]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .any(|line| line.replace(' ', "") == "workspace=true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_have_to_be_inherited() {
        for good in [
            "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n",
            "[lints]\nworkspace=true",
        ] {
            assert!(judge("x", "tracker/x", good).is_empty());
        }
        for bad in [
            "[package]\nversion.workspace = true\n",
            "[lints]\n[dependencies]\nworkspace = true\n",
            "[lints.rust]\nunsafe_code = \"allow\"\n",
        ] {
            assert_eq!(judge("x", "tracker/x", bad).len(), 1);
        }
    }

    #[test]
    fn a_crate_at_the_kernel_carries_its_own_and_they_are_strict() {
        let own = "[lints.rust]\nunsafe_code = \"deny\"\n[lints.clippy]\nundocumented_unsafe_blocks = \"deny\"\n";
        assert!(judge("x", "bootstrap/sandbox", own).is_empty());
        assert_eq!(judge("x", "bootstrap/driver", own).len(), 1);
        let lax = "[lints.rust]\nunsafe_code = \"allow\"\n";
        assert_eq!(judge("x", "bootstrap/sandbox", lax).len(), 2);
    }
}
