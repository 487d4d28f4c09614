//! A boot partition, as far as the transaction needs it.
//!
//! FAT has no journal, and what was not synchronised may reach the disk in any order or not at
//! all. The trait therefore says for each operation what holds after a power cut; the transaction
//! relies on nothing else. `docs/boot-install.md` has the reasoning, and the crash tests run the
//! same transaction over a model of Linux's vfat that loses what it may lose.

mod mounted;
mod path;

use std::io::{self, Read};

pub use mounted::Mounted;
pub use path::VolumePath;

/// A file or folder, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, as stored.
    pub name: String,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Room on a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Space {
    /// Bytes in a cluster, the unit in which FAT hands out room.
    pub cluster: u64,
    /// Free clusters.
    pub free: u64,
    /// All clusters.
    pub total: u64,
}

/// A file system that holds what firmware and boot loader read.
pub trait Volume: Sync {
    /// What a folder holds, in no order.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder.
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Listed>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// `NotFound` when there is no such file.
    fn open(&self, file: &VolumePath) -> io::Result<Box<dyn Read + '_>>;

    /// Makes a folder. Lasts once its parent is synchronised.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the file system says.
    fn create_folder(&self, folder: &VolumePath) -> io::Result<()>;

    /// Makes an empty file. Its name lasts once the folder is synchronised.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the file system says.
    fn create(&self, file: &VolumePath) -> io::Result<()>;

    /// Writes the content of an empty file. Lasts once the file is synchronised; until then any
    /// part of it may be there.
    ///
    /// # Errors
    /// `StorageFull`, or what the file system or the source says.
    fn fill(&self, file: &VolumePath, content: &mut dyn Read) -> io::Result<()>;

    /// Overwrites the first bytes of a file, which is at least as long, in place: no cluster and
    /// no directory entry changes. Up to [`SECTOR`] bytes it is all or nothing, whenever it comes.
    ///
    /// # Errors
    /// What the file system says.
    fn overwrite_head(&self, file: &VolumePath, head: &[u8]) -> io::Result<()>;

    /// Returns when content and size of a file last. Its name may still not; see
    /// [`Self::sync_folder`].
    ///
    /// # Errors
    /// What the file system says.
    fn sync_file(&self, file: &VolumePath) -> io::Result<()>;

    /// Returns when the names in a folder last, and what was removed stays so.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_folder(&self, folder: &VolumePath) -> io::Result<()>;

    /// Puts `new`, whose content lasts, in place of `old`, in the same folder. After a cut `old` is
    /// what it was or what `new` was, whole; it lasts on return.
    ///
    /// # Errors
    /// What the file system says.
    fn replace(&self, new: &VolumePath, old: &VolumePath) -> io::Result<()>;

    /// Removes a file. Its clusters must not be taken again before the folder is synchronised.
    ///
    /// # Errors
    /// What the file system says.
    fn remove(&self, file: &VolumePath) -> io::Result<()>;

    /// How much room there is.
    ///
    /// # Errors
    /// What the file system says.
    fn space(&self) -> io::Result<Space>;
}

/// Bytes that a disk writes wholly or not at all.
pub const SECTOR: usize = 512;

impl Space {
    /// Bytes that a file of this size takes, in whole clusters.
    #[must_use]
    pub fn taken_by(&self, size: u64) -> u64 {
        size.div_ceil(self.cluster.max(1)) * self.cluster
    }

    /// Free bytes.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.free.saturating_mul(self.cluster)
    }
}
