//! A file takes its place whole and for good: it is written beside it, synced, renamed, and then its folder is synced.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where a file is written before it takes its place; nothing for a path that names no file.
#[must_use]
pub fn part_of(to: &Path) -> Option<PathBuf> {
    let mut part = std::ffi::OsString::from(".");
    part.push(to.file_name()?);
    part.push(".part");
    Some(to.with_file_name(part))
}

/// Writes a file whole. Readers see the old one or the new one, never a half, also after the power was cut.
///
/// # Errors
/// Those of the file system; what was written beside it is removed.
pub fn replace_file(to: &Path, bytes: &[u8]) -> io::Result<()> {
    replaced(to, |part| {
        let mut file = File::create(part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        settle(part, to)
    })
}

/// As [`replace_file`] for one of very many: it is there for good only after [`sync_file_system`].
///
/// # Errors
/// Those of the file system; what was written beside it is removed.
pub fn replace_one_of_many(to: &Path, bytes: &[u8]) -> io::Result<()> {
    replaced(to, |part| {
        fs::write(part, bytes)?;
        fs::rename(part, to)
    })
}

fn replaced(to: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let part = part_of(to).ok_or_else(|| io::Error::other("it names no file"))?;
    write(&part).inspect_err(|_| {
        // The first error is the one to report.
        let _gone = fs::remove_file(&part);
    })
}

/// Syncs all that was written to the file system of a folder: one wait, where each file would cost one.
///
/// # Errors
/// Those of the file system.
pub fn sync_file_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// Gives a synced file its name, and syncs the folder.
///
/// # Errors
/// Those of the file system.
pub fn settle(part: &Path, to: &Path) -> io::Result<()> {
    fs::rename(part, to)?;
    sync_folder_of(to)
}

/// Syncs the folder in which a file stands: names that came and went stay so.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("a");
        replace_file(&to, b"one").unwrap();
        replace_file(&to, b"two").unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"two");
        replace_one_of_many(&to, b"three").unwrap();
        sync_file_system(folder.path()).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"three");
        let taken = folder.path().join("folder");
        fs::create_dir_all(taken.join("full")).unwrap();
        assert!(replace_file(&taken, b"x").is_err());
        assert!(replace_one_of_many(&taken, b"x").is_err());
        assert!(replace_file(Path::new("/"), b"x").is_err());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing is left beside them: {left:?}");
    }
}
