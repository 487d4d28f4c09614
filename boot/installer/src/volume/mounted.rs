//! A volume that the operating system has mounted.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Listed, Space, Volume, VolumePath};
use crate::error::Error;

/// `statfs` calls FAT so (`MSDOS_SUPER_MAGIC`).
const FAT: i128 = 0x4d44;

/// A mounted volume, locked against other runs for as long as it lives.
#[derive(Debug)]
pub struct Mounted {
    root: PathBuf,
    /// Holds the lock; let go when dropped.
    _lock: File,
    is_fat: bool,
    is_private: bool,
}

impl Mounted {
    /// Takes the volume at this mount point for writing.
    ///
    /// # Errors
    /// [`Error::Partition`] when there is no such folder, [`Error::Locked`] when another run has
    /// it.
    pub fn lock(mount_point: &Path) -> Result<Self, Error> {
        let volume = Self::open_root(mount_point)?;
        match volume._lock.try_lock() {
            Ok(()) => Ok(volume),
            Err(TryLockError::WouldBlock) => Err(Error::Locked {
                path: mount_point.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(unusable(mount_point, &error)),
        }
    }

    /// Takes the volume for reading only, without a lock.
    ///
    /// # Errors
    /// [`Error::Partition`] when there is no such folder.
    pub fn read(mount_point: &Path) -> Result<Self, Error> {
        Self::open_root(mount_point)
    }

    fn open_root(mount_point: &Path) -> Result<Self, Error> {
        let failed = |error: io::Error| unusable(mount_point, &error);
        let root = mount_point.canonicalize().map_err(failed)?;
        let folder = File::open(&root).map_err(failed)?;
        let metadata = folder.metadata().map_err(failed)?;
        if !metadata.is_dir() {
            return Err(Error::Partition {
                path: mount_point.display().to_string(),
                reason: "not a folder; give the mount point of the boot partition".to_owned(),
            });
        }
        let kind = rustix::fs::fstatfs(&folder).map_err(|error| failed(error.into()))?;
        let is_private = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o007 == 0;
        Ok(Self {
            root,
            _lock: folder,
            is_fat: i128::from(kind.f_type) == FAT,
            is_private,
        })
    }

    /// Whether it is FAT, the one file system that firmware must read.
    #[must_use]
    pub fn is_fat(&self) -> bool {
        self.is_fat
    }

    /// Whether only its owner and group get in. FAT keeps no permissions, so the mount options
    /// (`umask=0077`) decide about every file on it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    fn at(&self, path: &VolumePath) -> PathBuf {
        path.below(&self.root)
    }
}

impl Volume for Mounted {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in std::fs::read_dir(self.at(folder))? {
            let entry = entry?;
            // A name that isn't UTF-8 is none of ours, and nobody else's is touched.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let metadata = entry.metadata()?;
            listed.push(Listed {
                name,
                size: if metadata.is_dir() { 0 } else { metadata.len() },
                is_folder: metadata.is_dir(),
            });
        }
        Ok(listed)
    }

    fn open(&self, file: &VolumePath) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(self.at(file))?))
    }

    fn create_folder(&self, folder: &VolumePath) -> io::Result<()> {
        std::fs::create_dir(self.at(folder))
    }

    fn create(&self, file: &VolumePath) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.at(file))
            .map(drop)
    }

    fn fill(&self, file: &VolumePath, content: &mut dyn Read) -> io::Result<()> {
        let mut to = OpenOptions::new().write(true).open(self.at(file))?;
        io::copy(content, &mut to).map(drop)
    }

    fn overwrite_head(&self, file: &VolumePath, head: &[u8]) -> io::Result<()> {
        let mut to = OpenOptions::new().write(true).open(self.at(file))?;
        to.write_all(head)
    }

    fn sync_file(&self, file: &VolumePath) -> io::Result<()> {
        File::open(self.at(file))?.sync_all()
    }

    fn sync_folder(&self, folder: &VolumePath) -> io::Result<()> {
        File::open(self.at(folder))?.sync_all()
    }

    fn replace(&self, new: &VolumePath, old: &VolumePath) -> io::Result<()> {
        let (from, to) = (self.at(new), self.at(old));
        // While somebody holds the old file its clusters aren't freed, so that the old entry stays
        // whole until the new one is on the disk.
        let held = File::open(&to)?;
        let replacement = File::open(&from)?;
        std::fs::rename(&from, &to)?;
        // First that the new file's first name is gone: were both names on the disk, both would
        // own the same clusters. Linux writes the entry that is taken over only with the file.
        File::open(self.at(&old.parent()))?.sync_all()?;
        replacement.sync_all()?;
        drop(held);
        File::open(self.at(&old.parent()))?.sync_all()
    }

    fn remove(&self, file: &VolumePath) -> io::Result<()> {
        std::fs::remove_file(self.at(file))
    }

    fn space(&self) -> io::Result<Space> {
        let room = rustix::fs::statvfs(&self.root)?;
        Ok(Space {
            cluster: room.f_frsize.max(1),
            free: room.f_bavail,
            total: room.f_blocks,
        })
    }
}

fn unusable(mount_point: &Path, error: &io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such folder; is the boot partition mounted?".to_owned()
        }
        _ => error.to_string(),
    };
    Error::Partition {
        path: mount_point.display().to_string(),
        reason,
    }
}
