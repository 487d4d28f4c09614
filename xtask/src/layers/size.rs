//! The rule on size: what git keeps is small, for a clone carries it for ever. Data that a command can
//! make again, images and databases don't belong there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::rules::Violation;

/// The largest file that may be kept, in bytes. The sample of CVE records has 1.5 MB.
const MAX_BYTES: u64 = 2 << 20;

/// Every file that git keeps under `root` is at most [`MAX_BYTES`] long. Outside of a checkout (a
/// source archive) there is nothing to keep, so nothing to check.
///
/// # Errors
/// When git cannot be started in a checkout.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    if !root.join(".git").exists() {
        return Ok(Vec::new());
    }
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .context("cannot start git to list the files that it keeps")?;
    let names = String::from_utf8_lossy(&listed.stdout);
    let sizes = names.split('\0').filter(|name| !name.is_empty());
    Ok(sizes
        .filter_map(|name| {
            let bytes = std::fs::symlink_metadata(root.join(name)).ok()?.len();
            too_large(name, bytes)
        })
        .collect())
}

fn too_large(name: &str, bytes: u64) -> Option<Violation> {
    (bytes > MAX_BYTES).then(|| {
        let what = format!("has {bytes} bytes; git keeps files of at most {MAX_BYTES}");
        Violation::new(name, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_refused_above_the_limit() {
        assert!(too_large("a", MAX_BYTES).is_none());
        assert!(too_large("a", MAX_BYTES + 1).is_some());
    }

    #[test]
    fn what_git_keeps_is_looked_at_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let large = vec![0; usize::try_from(MAX_BYTES).unwrap() + 1];
        std::fs::write(root.path().join("kept"), &large).unwrap();
        std::fs::write(root.path().join("beside"), &large).unwrap();
        assert!(check(root.path()).unwrap().is_empty(), "not a checkout");
        for words in [&["init", "--quiet"][..], &["add", "kept"][..]] {
            let git = Command::new("git")
                .args(words)
                .current_dir(root.path())
                .status()
                .unwrap();
            assert!(git.success());
        }
        let told = check(root.path()).unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].place, "kept");
    }
}
