//! Sectors, and what became of them.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use snowguard_boot_installer::digest::Digest;

pub const SECTOR: usize = 512;
pub type Sector = [u8; SECTOR];

/// Something that happened to the disk.
pub enum Event {
    Write(u32, Box<Sector>),
    /// These sectors last.
    Sync(Vec<u32>),
}

/// Whose sector it is; decides which sync covers it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Table,
    /// A folder, by its first cluster.
    Folder(u32),
    /// A file's data, by its first cluster.
    Data(u32),
}

/// A disk with everything that was written to it since it was opened.
pub struct Disk {
    base: Arc<Vec<u8>>,
    now: HashMap<u32, Box<Sector>>,
    dirty: BTreeMap<u32, Owner>,
    pub events: Vec<Event>,
}

impl Disk {
    pub fn new(base: Arc<Vec<u8>>) -> Self {
        Self {
            base,
            now: HashMap::new(),
            dirty: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub fn read(&self, sector: u32) -> Sector {
        match self.now.get(&sector) {
            Some(data) => **data,
            None => from_base(&self.base, sector),
        }
    }

    pub fn write(&mut self, sector: u32, data: Sector, owner: Owner) {
        if self.read(sector) == data {
            // Nothing new, but whoever writes it waits for it.
            if let Some(writer) = self.dirty.get_mut(&sector) {
                *writer = owner;
            }
            return;
        }
        self.events.push(Event::Write(sector, Box::new(data)));
        self.now.insert(sector, Box::new(data));
        self.dirty.insert(sector, owner);
    }

    /// Makes last what the choice covers.
    pub fn sync(&mut self, covers: impl Fn(u32, Owner) -> bool) {
        let covered: Vec<u32> = self
            .dirty
            .iter()
            .filter(|&(&sector, &owner)| covers(sector, owner))
            .map(|(&sector, _)| sector)
            .collect();
        for sector in &covered {
            self.dirty.remove(sector);
        }
        self.events.push(Event::Sync(covered));
    }

    /// Everything that is written and not synchronised, in sectors.
    pub fn unsynced(&self) -> usize {
        self.dirty.len()
    }

    /// What stands on the disk if the power goes after the first `cut` events. `choose(n)` picks one
    /// of `n`: for each sector its lasting version or any later one.
    pub fn cut(&self, cut: usize, mut choose: impl FnMut(usize) -> usize) -> View {
        let mut lasting: HashMap<u32, Sector> = HashMap::new();
        let mut pending: BTreeMap<u32, Vec<&Sector>> = BTreeMap::new();
        for event in &self.events[..cut] {
            match event {
                Event::Write(sector, data) => pending.entry(*sector).or_default().push(data),
                Event::Sync(sectors) => {
                    for sector in sectors {
                        if let Some(last) =
                            pending.remove(sector).and_then(|all| all.last().copied())
                        {
                            lasting.insert(*sector, *last);
                        }
                    }
                }
            }
        }
        for (sector, versions) in pending {
            match choose(versions.len() + 1) {
                0 => {}
                version => {
                    lasting.insert(sector, *versions[version - 1]);
                }
            }
        }
        View {
            base: Arc::clone(&self.base),
            over: lasting,
            position: 0,
        }
    }

    /// An event, for people.
    pub fn describe(&self, event: usize) -> String {
        match &self.events[event] {
            Event::Write(sector, data) => {
                let text: String = data[..40]
                    .iter()
                    .map(|&byte| char::from(byte))
                    .filter(char::is_ascii_graphic)
                    .collect();
                format!("write {sector}: {text}")
            }
            Event::Sync(sectors) => format!("sync {sectors:?}"),
        }
    }

    /// The disk as it is.
    pub fn view(&self) -> View {
        View {
            base: Arc::clone(&self.base),
            over: self
                .now
                .iter()
                .map(|(sector, data)| (*sector, **data))
                .collect(),
            position: 0,
        }
    }
}

fn from_base(base: &[u8], sector: u32) -> Sector {
    let start = sector as usize * SECTOR;
    base[start..start + SECTOR].try_into().unwrap()
}

/// A disk at one moment, for readers that know nothing of the model.
pub struct View {
    base: Arc<Vec<u8>>,
    over: HashMap<u32, Sector>,
    position: u64,
}

impl View {
    /// All bytes.
    pub fn flatten(&self) -> Vec<u8> {
        let mut bytes = (*self.base).clone();
        for (sector, data) in &self.over {
            let start = *sector as usize * SECTOR;
            bytes[start..start + SECTOR].copy_from_slice(data);
        }
        bytes
    }

    /// Two views of one disk with the same digest hold the same bytes.
    pub fn digest(&self) -> Digest {
        let mut sectors: Vec<_> = self
            .over
            .iter()
            .filter(|(sector, data)| **data != from_base(&self.base, **sector))
            .collect();
        sectors.sort_unstable_by_key(|(sector, _)| **sector);
        let mut bytes = Vec::with_capacity(sectors.len() * (SECTOR + 4));
        for (sector, data) in sectors {
            bytes.extend(sector.to_le_bytes());
            bytes.extend(data);
        }
        Digest::of(&bytes)
    }

    fn sector(&self, sector: u32) -> Sector {
        self.over
            .get(&sector)
            .copied()
            .unwrap_or_else(|| from_base(&self.base, sector))
    }
}

impl Read for View {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.base.len() as u64 - self.position.min(self.base.len() as u64);
        let within = self.position as usize % SECTOR;
        let count = buffer.len().min(SECTOR - within).min(rest as usize);
        if count > 0 {
            let sector = self.sector((self.position / SECTOR as u64) as u32);
            buffer[..count].copy_from_slice(&sector[within..within + count]);
            self.position += count as u64;
        }
        Ok(count)
    }
}

impl Write for View {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let number = (self.position / SECTOR as u64) as u32;
        let within = self.position as usize % SECTOR;
        let count = buffer.len().min(SECTOR - within);
        let mut sector = self.sector(number);
        sector[within..within + count].copy_from_slice(&buffer[..count]);
        self.over.insert(number, sector);
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => (self.base.len() as u64).checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
