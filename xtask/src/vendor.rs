//! `cargo xtask vendor`: files of others that are part of the program, as their packages have them.
//!
//! Each comes from a package whose digest is pinned here, byte for byte, with its licence beside it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use sha2::{Digest, Sha512};

use crate::workspace::Workspace;

/// What to do.
#[derive(Debug, Args)]
pub struct Options {
    /// Only compare; fails when a file is not as its package has it
    #[arg(long)]
    check: bool,
}

/// A package of npm's registry.
struct Package {
    name: &'static str,
    version: &'static str,
    /// SHA-512 of the packed package.
    digest: &'static str,
    /// Path in the package, path in the project.
    files: &'static [(&'static str, &'static str)],
}

const PACKAGES: [Package; 1] = [Package {
    name: "htmx.org",
    version: "2.0.11",
    digest: "4e1c7f5ada5e390a92aea042c3f0357301891a0e14ad56b7fac5b41a6accde9e202603bcf5e707e2ab5b9f2cc30d616f053aa39c83028042d336deb7e9db5a98",
    files: &[
        (
            "package/dist/htmx.min.js",
            "tracker/web/src/assets/htmx.min.js",
        ),
        ("package/LICENSE", "tracker/web/src/assets/htmx.LICENSE"),
    ],
}];

/// Writes the files, or compares them.
///
/// # Errors
/// Without npm or its registry, when a package is not the pinned one, or when a file differs.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let folder = workspace.target().join("vendor");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for package in &PACKAGES {
        let archive = fetch(package, &folder)?;
        for (inside, place) in package.files {
            let file = unpack(&archive, inside)?;
            let path = workspace.root().join(place);
            if options.check {
                let here = std::fs::read(&path).with_context(|| format!("reading {place}"))?;
                ensure!(here == file, "{place} is not {inside} of {}", package.name);
            } else {
                std::fs::write(&path, file).with_context(|| format!("writing {place}"))?;
            }
            println!("{place}: {} {}", package.name, package.version);
        }
    }
    Ok(())
}

/// The package's archive; fetched once.
fn fetch(package: &Package, folder: &Path) -> Result<std::path::PathBuf> {
    let Package { name, version, .. } = package;
    let archive = folder.join(format!("{name}-{version}.tgz"));
    if !archive.is_file() {
        let fetched = Command::new("npm")
            .args(["pack", "--silent", &format!("{name}@{version}")])
            .current_dir(folder)
            .output()
            .context("npm is not here")?;
        ensure!(
            fetched.status.success(),
            "npm has no {name} {version}: {}",
            String::from_utf8_lossy(&fetched.stderr).trim()
        );
    }
    let bytes =
        std::fs::read(&archive).with_context(|| format!("reading {}", archive.display()))?;
    let digest = Sha512::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != package.digest {
        std::fs::remove_file(&archive).context("removing the archive")?;
        bail!("{name} {version} has the digest {digest}, not the pinned one");
    }
    Ok(archive)
}

fn unpack(archive: &Path, inside: &str) -> Result<Vec<u8>> {
    let unpacked = Command::new("tar")
        .arg("-xzOf")
        .arg(archive)
        .arg(inside)
        .output()
        .context("tar is not here")?;
    ensure!(
        unpacked.status.success() && !unpacked.stdout.is_empty(),
        "{} has no {inside}",
        archive.display()
    );
    Ok(unpacked.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_files_are_those_of_their_packages() {
        let workspace = Workspace::find().unwrap();
        match run(&workspace, &Options { check: true }) {
            Ok(()) => {}
            Err(error) if format!("{error:#}").contains("npm ") => {
                println!("LEFT OUT: {error:#}");
            }
            Err(error) => panic!("{error:#}"),
        }
    }

    #[test]
    fn a_package_with_another_digest_is_refused_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("htmx.org-2.0.11.tgz");
        std::fs::write(&archive, b"something else").unwrap();
        let refused = fetch(&PACKAGES[0], folder.path()).unwrap_err();
        assert!(
            refused.to_string().contains("not the pinned one"),
            "{refused}"
        );
        assert!(!archive.exists());
    }
}
