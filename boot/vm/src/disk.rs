//! A disk with one partition: a GPT and a FAT file system, as firmware boots from.

use std::io::{Cursor, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context, Result};
use fatfs::{
    Date, DateTime, FatType, FileSystem, FormatVolumeOptions, FsOptions, Time, TimeProvider,
};

const SECTOR: usize = 512;
/// First sector of the partition: one mebibyte.
const FIRST: usize = 2048;
/// Sectors at the end for the second partition table.
const TAIL: usize = 34;
/// The partition's own id.
pub const PARTITION: &str = "5a0b1c2d-3e4f-4051-8263-748596a7b8c9";
const PARTITION_GUID: [u8; 16] = [
    0x2d, 0x1c, 0x0b, 0x5a, 0x4f, 0x3e, 0x51, 0x40, 0x82, 0x63, 0x74, 0x85, 0x96, 0xa7, 0xb8, 0xc9,
];
/// EFI system partition, c12a7328-f81f-11d2-ba4b-00a0c93ec93b.
const SYSTEM_PARTITION: [u8; 16] = [
    0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
];

/// Files have a day of their own: without one `fatfs` writes month 0, and firmware then refuses to rename
/// the file, which is how systemd-boot counts.
static CLOCK: Clock = Clock;

#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn get_current_date(&self) -> Date {
        Date {
            year: 2026,
            month: 1,
            day: 1,
        }
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime {
            date: self.get_current_date(),
            time: Time {
                hour: 0,
                min: 0,
                sec: 0,
                millis: 0,
            },
        }
    }
}

/// A disk in memory.
#[derive(Debug, Clone)]
pub struct Disk {
    bytes: Vec<u8>,
}

impl Disk {
    /// An empty disk of this many mebibytes.
    ///
    /// # Errors
    /// When the file system can't be made.
    pub fn new(mebibytes: usize) -> Result<Self> {
        let mut disk = Self {
            bytes: vec![0; mebibytes << 20],
        };
        disk.write_tables()?;
        let options = FormatVolumeOptions::new()
            .fat_type(FatType::Fat32)
            .volume_label(*b"SNOWGUARD  ");
        let mut partition = disk.partition();
        fatfs::format_volume(Cursor::new(&mut partition), options)?;
        disk.put_partition(&partition);
        Ok(disk)
    }

    /// Adds files; folders on their way are made. Paths have slashes.
    ///
    /// # Errors
    /// When they don't fit.
    pub fn with(mut self, files: &[(&str, &[u8])]) -> Result<Self> {
        let mut partition = self.partition();
        {
            let system = FileSystem::new(
                Cursor::new(&mut partition),
                FsOptions::new().time_provider(&CLOCK),
            )?;
            let root = system.root_dir();
            for (path, bytes) in files {
                for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
                    root.create_dir(&path[..at])?;
                }
                let mut file = root.create_file(path)?;
                file.truncate()?;
                file.write_all(bytes)
                    .with_context(|| format!("no room for {path}"))?;
            }
            drop(root);
            system.unmount()?;
        }
        self.put_partition(&partition);
        Ok(self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        let mut partition = self.partition();
        let system = FileSystem::new(Cursor::new(&mut partition), FsOptions::new())?;
        let mut bytes = Vec::new();
        let mut file = system.root_dir().open_file(path)?;
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Names in a folder.
    ///
    /// # Errors
    /// When it is not there.
    pub fn list(&self, path: &str) -> Result<Vec<String>> {
        let mut partition = self.partition();
        let system = FileSystem::new(Cursor::new(&mut partition), FsOptions::new())?;
        let folder = system.root_dir().open_dir(path)?;
        let names: Result<Vec<String>, _> = folder
            .iter()
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect();
        Ok(names?
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect())
    }

    /// A disk as a file has it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { bytes })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn partition(&self) -> Vec<u8> {
        self.bytes[FIRST * SECTOR..self.bytes.len() - TAIL * SECTOR].to_vec()
    }

    fn put_partition(&mut self, partition: &[u8]) {
        self.bytes[FIRST * SECTOR..][..partition.len()].copy_from_slice(partition);
    }

    /// Source: UEFI 2.10, 5.3 (GUID partition table).
    fn write_tables(&mut self) -> Result<()> {
        let sectors = self.bytes.len() / SECTOR;
        let last = sectors - TAIL;
        // The protective MBR: one partition of type 0xee over the whole disk.
        self.bytes[450] = 0xee;
        self.bytes[454..458].copy_from_slice(&1u32.to_le_bytes());
        self.bytes[458..462].copy_from_slice(&u32::try_from(sectors - 1)?.to_le_bytes());
        self.bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
        let mut entries = vec![0; 128 * 128];
        entries[..16].copy_from_slice(&SYSTEM_PARTITION);
        entries[16..32].copy_from_slice(&PARTITION_GUID);
        entries[32..40].copy_from_slice(&(FIRST as u64).to_le_bytes());
        entries[40..48].copy_from_slice(&(last as u64 - 1).to_le_bytes());
        for (own, other, table) in [(1, sectors - 1, 2), (sectors - 1, 1, sectors - 33)] {
            let mut header = Vec::with_capacity(92);
            header.extend_from_slice(b"EFI PART\0\0\x01\0");
            header.extend(92u32.to_le_bytes());
            header.extend([0; 8]);
            for place in [own, other, FIRST, last - 1] {
                header.extend((place as u64).to_le_bytes());
            }
            // The disk's id: any.
            header.extend(PARTITION_GUID.map(|byte| !byte));
            header.extend((table as u64).to_le_bytes());
            header.extend(128u32.to_le_bytes());
            header.extend(128u32.to_le_bytes());
            header.extend(crc32fast::hash(&entries).to_le_bytes());
            let sum = crc32fast::hash(&header).to_le_bytes();
            header[16..20].copy_from_slice(&sum);
            self.bytes[own * SECTOR..][..header.len()].copy_from_slice(&header);
            self.bytes[table * SECTOR..][..entries.len()].copy_from_slice(&entries);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back() {
        let long = "EFI/nixos/kernel-0123456789abcdef0123456789abcdef.efi";
        let disk = Disk::new(40)
            .unwrap()
            .with(&[(long, b"abc"), ("loader/x", b"")])
            .unwrap();
        assert_eq!(disk.read(long).unwrap(), b"abc");
        assert_eq!(disk.list("EFI/nixos").unwrap().len(), 1);
        assert!(disk.read("none").is_err());
    }
}
