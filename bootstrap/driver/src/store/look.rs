//! How the files of an object look from outside: enough to see that somebody touched them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::graph::Digest;

/// A digest over kind, mode, size, owner, inode and times of everything in a tree.
///
/// The time of change (ctime) is set by the kernel on every write, rename and change of mode, and no
/// program can set it back; so content that was changed by hand looks different. It says nothing about a
/// disk that forgot what was written.
///
/// # Errors
/// When something can't be looked at.
pub fn look(path: &Path) -> std::io::Result<Digest> {
    let mut hasher = Sha256::new();
    entry(path, &mut hasher)?;
    Ok(Digest::new(hasher.finalize().into()))
}

fn entry(path: &Path, hasher: &mut Sha256) -> std::io::Result<()> {
    let meta = path.symlink_metadata()?;
    for number in [
        u64::from(meta.mode()),
        meta.size() * u64::from(!meta.is_dir()),
        meta.ino(),
        meta.uid().into(),
        meta.mtime().cast_unsigned(),
        meta.mtime_nsec().cast_unsigned(),
        meta.ctime().cast_unsigned(),
        meta.ctime_nsec().cast_unsigned(),
    ] {
        hasher.update(number.to_le_bytes());
    }
    if meta.is_dir() {
        let mut names = fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            hasher.update(name.as_bytes());
            hasher.update([0]);
            entry(&path.join(&name), hasher)?;
        }
    }
    Ok(())
}
