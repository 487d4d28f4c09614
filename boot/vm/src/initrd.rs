//! The initial ramdisk of test machines.

use anyhow::{Result, anyhow};
use snowguard_stub::cpio::Archive;

/// An initrd with the first process and kernel modules: those that are always loaded, and those for the disk; each
/// in the order given.
pub fn build(init: &[u8], modules: &[Vec<u8>], disk: &[Vec<u8>]) -> Result<Vec<u8>> {
    let failed = |refusal| anyhow!("{refusal}");
    let mut archive = Archive::default();
    for folder in [
        "dev",
        "proc",
        "sys",
        "tmp",
        "run",
        "boot",
        "modules",
        "disk-modules",
    ] {
        archive.directory(folder, 0o755).map_err(failed)?;
    }
    archive.file("init", 0o755, init).map_err(failed)?;
    for (folder, modules) in [("modules", modules), ("disk-modules", disk)] {
        for (place, module) in modules.iter().enumerate() {
            let name = format!("{folder}/{place:02}.ko");
            archive.file(&name, 0o644, module).map_err(failed)?;
        }
    }
    archive.finish().map_err(failed)
}
