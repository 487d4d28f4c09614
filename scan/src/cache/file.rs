//! The files of the cache: whole or as good as not there, their owner's alone, few.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Makes the folder, for its owner alone.
pub(super) fn prepare(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Half of a digest in hexadecimal, as a file's name.
pub(super) fn name_of(digest: Sha256) -> String {
    digest.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What tells one build of this program from another: another build may judge otherwise.
pub(super) fn program() -> Vec<u8> {
    let mut text = format!("{} ", env!("CARGO_PKG_VERSION"));
    if let Ok(exe) = std::env::current_exe() {
        text.push_str(&exe.to_string_lossy());
        if let Ok(found) = fs::metadata(&exe) {
            let times = (found.len(), found.mtime(), found.mtime_nsec(), found.ino());
            text.push_str(&format!(" {times:?}"));
        }
    }
    text.into_bytes()
}

/// What stands behind magic and digest; `None` where anything is not as it was written.
pub(super) fn read(path: &Path, magic: &[u8; 8], largest: u64) -> Option<Vec<u8>> {
    let found = fs::metadata(path).ok()?;
    if found.len() > largest {
        return None;
    }
    let mut bytes = fs::read(path).ok()?;
    let rest = bytes.strip_prefix(magic)?;
    let (digest, rest) = rest.split_at_checked(32)?;
    if Sha256::digest(rest).as_slice() != digest {
        return None;
    }
    bytes.drain(..magic.len() + 32);
    Some(bytes)
}

/// Writes a file whole and at once, and keeps the newest few beside it.
pub(super) fn write(path: &Path, magic: &[u8; 8], rest: &[u8], kept: usize) -> std::io::Result<()> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    prepare(folder)?;
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| {
            file.write_all(magic)?;
            file.write_all(&Sha256::digest(rest))?;
            file.write_all(rest)
        })
        .and_then(|()| fs::rename(&part, path));
    if let Err(error) = written {
        // The first error is the one to report.
        let _gone = fs::remove_file(&part);
        return Err(error);
    }
    tidy(folder, kept)
}

/// Keeps the newest few files.
fn tidy(folder: &Path, kept: usize) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_file() {
            files.push((found.modified()?, entry.path()));
        }
    }
    files.sort_unstable();
    let old = files.len().saturating_sub(kept);
    for (_, path) in files.into_iter().take(old) {
        fs::remove_file(path)?;
    }
    Ok(())
}
