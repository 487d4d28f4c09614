//! The firmware stub: built with the plain stable toolchain, which has no UEFI target.
//!
//! A static library for Linux is linked to a position-independent program without any loader, whose
//! segments then become the sections of a PE32+ image. Why this is sound, and what a UEFI toolchain does
//! instead, is in `docs/boot.md`.

mod elf;
mod link;
mod pe;
mod red_zone;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::workspace::Workspace;

/// What the project promises: a stub of at most 100 KB, so that it can stand in every generation.
const SIZE_LIMIT: usize = 100_000;

/// What to do with the stub.
#[derive(Debug, Args)]
pub struct Options {
    /// Build twice, in folders of different names, and compare the bytes
    #[arg(long)]
    pub twice: bool,
}

/// Where the finished stub stands.
pub fn image(workspace: &Workspace) -> PathBuf {
    workspace.target().join("stub/snowguard-stub.efi")
}

/// Builds the stub into `target/stub`, and prints its size and digest.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let work = workspace.target().join("stub");
    let bytes = build(workspace, &work.join("build"))?;
    if bytes.len() > SIZE_LIMIT {
        bail!(
            "the stub has {} bytes, the limit is {SIZE_LIMIT}",
            bytes.len()
        );
    }
    if options.twice {
        let again = build(workspace, &work.join("a-second-build"))?;
        if again != bytes {
            bail!("two builds of the stub differ");
        }
        println!("stub: a second build gives the same bytes");
    }
    let path = image(workspace);
    std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!(
        "stub: {} ({} bytes, sha256 {digest})",
        path.display(),
        bytes.len()
    );
    Ok(())
}

fn build(workspace: &Workspace, folder: &std::path::Path) -> Result<Vec<u8>> {
    let firmware = workspace.root().join("boot/stub/firmware");
    let linked = link::link(workspace.root(), &firmware, folder)?;
    let program = elf::Program::parse(&linked)?;
    let found = red_zone::scan(&program);
    if !found.is_empty() {
        for line in &found {
            eprintln!("stub: {line}");
        }
        bail!(
            "{} instructions use memory below the stack pointer, which an interrupt may overwrite",
            found.len()
        );
    }
    pe::write(&program)
}
