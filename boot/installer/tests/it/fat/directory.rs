//! The file system's structure: table, chains, folders.

use std::io;

use super::disk::{Disk, Owner, SECTOR};
use super::entry::{self, ENTRY, FREE, Raw};

const END: u32 = 0x0fff_ffff;
const MASK: u32 = 0x0fff_ffff;

/// A mounted FAT32.
pub struct Structure {
    pub disk: Disk,
    reserved: u32,
    table: u32,
    tables: u32,
    per_cluster: u32,
    pub clusters: u32,
    pub root: u32,
    /// The table, as it is in memory.
    next: Vec<u32>,
    /// No cluster below is free.
    lowest: u32,
}

/// A file or folder, where it is described.
#[derive(Clone)]
pub struct Found {
    pub name: String,
    pub raw: Raw,
    /// Sector and offset of each of its entries; the short one last.
    pub slots: Vec<(u32, usize)>,
}

impl Structure {
    pub fn mount(disk: Disk) -> Self {
        let boot = disk.read(0);
        let half = |at: usize| u32::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let word = |at: usize| u32::from_le_bytes(boot[at..at + 4].try_into().unwrap());
        assert_eq!(half(11) as usize, SECTOR);
        let (reserved, tables, table) = (half(14), u32::from(boot[16]), word(36));
        let per_cluster = u32::from(boot[13]);
        let data = reserved + tables * table;
        let clusters = (word(32) - data) / per_cluster;
        let next = (0..(clusters + 2).div_ceil(128))
            .flat_map(|sector| {
                let sector = disk.read(reserved + sector);
                let words = sector
                    .chunks_exact(4)
                    .map(|word| u32::from_le_bytes(word.try_into().unwrap()) & MASK);
                words.collect::<Vec<_>>()
            })
            .collect();
        Self {
            reserved,
            table,
            tables,
            per_cluster,
            clusters,
            root: word(44),
            next,
            lowest: 2,
            disk,
        }
    }

    pub fn cluster_bytes(&self) -> usize {
        self.per_cluster as usize * SECTOR
    }

    pub fn sectors(&self, cluster: u32) -> impl Iterator<Item = u32> + use<> {
        let first = self.reserved + self.tables * self.table + (cluster - 2) * self.per_cluster;
        first..first + self.per_cluster
    }

    fn next(&self, cluster: u32) -> u32 {
        self.next[cluster as usize]
    }

    fn set_next(&mut self, cluster: u32, next: u32) {
        self.next[cluster as usize] = next;
        for copy in 0..self.tables {
            let number = self.reserved + copy * self.table + cluster / 128;
            let mut sector = self.disk.read(number);
            let at = (cluster % 128) as usize * 4;
            sector[at..at + 4].copy_from_slice(&next.to_le_bytes());
            self.disk.write(number, sector, Owner::Table);
        }
    }

    /// The clusters of a chain. What Linux calls an invalid chain is an I/O error.
    pub fn chain(&self, first: u32) -> io::Result<Vec<u32>> {
        let mut chain = Vec::new();
        let mut cluster = first;
        while cluster != 0 && cluster < 0x0fff_fff8 {
            if cluster < 2 || cluster >= self.clusters + 2 || chain.len() > self.clusters as usize {
                return Err(io::Error::from_raw_os_error(5));
            }
            chain.push(cluster);
            cluster = match self.next(cluster) {
                0 => return Err(io::Error::from_raw_os_error(5)),
                next => next,
            };
        }
        Ok(chain)
    }

    /// Takes the lowest free cluster: what was freed is overwritten as soon as can be.
    pub fn allocate(&mut self, after: Option<u32>) -> io::Result<u32> {
        let free = (self.lowest..self.clusters + 2).find(|&cluster| self.next(cluster) == 0);
        let cluster = free.ok_or(io::ErrorKind::StorageFull)?;
        self.lowest = cluster + 1;
        self.set_next(cluster, END);
        if let Some(last) = after {
            self.set_next(last, cluster);
        }
        Ok(cluster)
    }

    pub fn free(&mut self, first: u32) -> io::Result<()> {
        for cluster in self.chain(first)? {
            self.set_next(cluster, 0);
            self.lowest = self.lowest.min(cluster);
        }
        Ok(())
    }

    pub fn free_clusters(&self) -> u64 {
        (2..self.clusters + 2)
            .filter(|&cluster| self.next(cluster) == 0)
            .count() as u64
    }

    pub fn entries(&self, folder: u32) -> io::Result<Vec<Found>> {
        let (mut found, mut longs) = (Vec::new(), Vec::new());
        for (sector, at, raw) in self.slots(folder)? {
            match raw[0] {
                // Firmware stops at the first that was never used; Linux goes on (`fat_get_entry`).
                0 | FREE => longs.clear(),
                _ if entry::is_long(&raw) => {
                    // The first of a name; before it may lie what is left of another.
                    if raw[0] & entry::LAST_LONG != 0 {
                        longs.clear();
                    }
                    longs.push((sector, at, raw));
                }
                // The volume's label.
                _ if raw[11] & 0x08 != 0 => longs.clear(),
                _ => {
                    let raws: Vec<Raw> = longs.iter().map(|(_, _, raw)| *raw).collect();
                    let long = entry::long_name(&raws, &raw);
                    let places = std::mem::take(&mut longs)
                        .into_iter()
                        .map(|(sector, at, _)| (sector, at));
                    let mut slots: Vec<_> = if long.is_some() {
                        places.collect()
                    } else {
                        Vec::new()
                    };
                    slots.push((sector, at));
                    let name = long.unwrap_or_else(|| entry::short_name(&raw));
                    if name != "." && name != ".." {
                        found.push(Found { name, raw, slots });
                    }
                }
            }
        }
        Ok(found)
    }

    fn slots(&self, folder: u32) -> io::Result<Vec<(u32, usize, Raw)>> {
        let mut slots = Vec::new();
        for cluster in self.chain(folder)? {
            for number in self.sectors(cluster) {
                let sector = self.disk.read(number);
                for at in (0..SECTOR).step_by(ENTRY) {
                    slots.push((number, at, sector[at..at + ENTRY].try_into().unwrap()));
                }
            }
        }
        Ok(slots)
    }

    /// Writes entries into the first run of free slots; grows the folder if there is none.
    pub fn add(&mut self, folder: u32, raws: &[Raw]) -> io::Result<()> {
        loop {
            let slots = self.slots(folder)?;
            let mut run = Vec::new();
            for (sector, at, raw) in slots {
                if raw[0] == 0 || raw[0] == FREE {
                    run.push((sector, at));
                } else {
                    run.clear();
                }
                if run.len() == raws.len() {
                    for (&(sector, at), raw) in run.iter().zip(raws) {
                        self.put(folder, sector, at, raw);
                    }
                    return Ok(());
                }
            }
            let last = *self.chain(folder)?.last().unwrap();
            let cluster = self.allocate(Some(last))?;
            for sector in self.sectors(cluster) {
                self.disk.write(sector, [0; SECTOR], Owner::Folder(folder));
            }
        }
    }

    pub fn put(&mut self, folder: u32, sector: u32, at: usize, raw: &Raw) {
        let mut data = self.disk.read(sector);
        data[at..at + ENTRY].copy_from_slice(raw);
        self.disk.write(sector, data, Owner::Folder(folder));
    }

    pub fn erase(&mut self, folder: u32, found: &Found) {
        for &(sector, at) in &found.slots {
            let mut data = self.disk.read(sector);
            data[at] = FREE;
            self.disk.write(sector, data, Owner::Folder(folder));
        }
    }
}
