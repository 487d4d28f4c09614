//! Copies of files and folders into the root, in a fixed order and with fixed times.
//!
//! A file system of the machine lists a folder in an order of its own (ext4's depends on a secret
//! of that file system). In the root, which is memory, the order is that of making. So folders are
//! laid entry by entry; large files are bound from where they are instead of copied.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use crate::error::{SandboxError, Stage};
use crate::{EPOCH, Order};

/// Files from this size on are bound.
const BIND_FROM: u64 = 1 << 20;
/// No tree is deeper.
const MAX_DEPTH: usize = 128;

/// Lays the file or folder `host` at `to`, whose parent exists; the files to bind are added to
/// `binds` as (from, to).
pub(crate) fn lay(
    host: &Path,
    to: &Path,
    order: Order,
    binds: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), SandboxError> {
    entry(host, to, order, binds, 0)
}

/// Copies one file to `to`, by whatever name the machine has it.
pub(crate) fn lay_file(host: &Path, to: &Path, executable: bool) -> Result<(), SandboxError> {
    let mode = if executable { 0o555 } else { 0o444 };
    copy(host, to, mode).stage(|| format!("lay {}", to.display()))
}

fn entry(
    host: &Path,
    to: &Path,
    order: Order,
    binds: &mut Vec<(PathBuf, PathBuf)>,
    depth: usize,
) -> Result<(), SandboxError> {
    let look = || format!("lay {}", host.display());
    let meta = fs::symlink_metadata(host).stage(look)?;
    let kind = meta.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(host).stage(look)?, to).stage(look)?;
        return time_of(to).stage(look);
    }
    if kind.is_file() {
        return file(host, to, &meta, binds).stage(look);
    }
    if !kind.is_dir() {
        return Err(SandboxError::setup(look(), "neither file, folder nor link"));
    }
    if depth > MAX_DEPTH {
        return Err(SandboxError::setup(look(), "too many folders deep"));
    }
    fs::create_dir(to).stage(look)?;
    for name in names(host, order).stage(look)? {
        entry(&host.join(&name), &to.join(&name), order, binds, depth + 1)?;
    }
    fs::set_permissions(to, Permissions::from_mode(0o555)).stage(look)?;
    time_of(to).stage(look)
}

fn names(folder: &Path, order: Order) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<Vec<OsString>>>()?;
    names.sort();
    if let Order::Shuffled(seed) = order {
        shuffle(&mut names, seed);
    }
    Ok(names)
}

fn file(
    host: &Path,
    to: &Path,
    meta: &fs::Metadata,
    binds: &mut Vec<(PathBuf, PathBuf)>,
) -> io::Result<()> {
    let mode = if meta.mode() & 0o111 == 0 {
        0o444
    } else {
        0o555
    };
    // A bound file shows its own mode and time; only one that has the right ones may be bound.
    let as_laid = meta.mtime() == EPOCH
        && meta.mtime_nsec() == 0
        && matches!(meta.mode() & 0o7777, 0o444 | 0o555);
    if meta.len() >= BIND_FROM && as_laid {
        File::create_new(to)?;
        binds.push((host.to_path_buf(), to.to_path_buf()));
        return Ok(());
    }
    copy(host, to, mode)
}

fn copy(host: &Path, to: &Path, mode: u32) -> io::Result<()> {
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(to)?;
    io::copy(&mut File::open(host)?, &mut copy)?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH.unsigned_abs());
    copy.set_times(FileTimes::new().set_accessed(time).set_modified(time))
}

/// Sets the fixed time on a folder or link.
fn time_of(path: &Path) -> io::Result<()> {
    let time = TimeSpec::new(EPOCH, 0);
    utimensat(
        nix::fcntl::AT_FDCWD,
        path,
        &time,
        &time,
        UtimensatFlags::NoFollowSymlink,
    )
    .map_err(io::Error::from)
}

/// Fisher and Yates' shuffle over splitmix64: no secret is needed, only another order.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let other = mixed % (last as u64 + 1);
        items.swap(last, usize::try_from(other).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_every_item_and_changes_the_order() {
        let sorted: Vec<u32> = (0..100).collect();
        let mut items = sorted.clone();
        shuffle(&mut items, 7);
        assert_ne!(items, sorted);
        let mut again = sorted.clone();
        shuffle(&mut again, 7);
        assert_eq!(items, again);
        items.sort_unstable();
        assert_eq!(items, sorted);
    }
}
