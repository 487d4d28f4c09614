//! The installer's volume on top of the structure.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard};

use snowguard_boot_installer::volume::{Listed, Space, Volume, VolumePath};

use super::directory::{Found, Structure};
use super::disk::{Disk, Owner, SECTOR, View};
use super::entry::{self, ENTRY, FOLDER};

/// A FAT file system whose every write is recorded.
pub struct Fat(Mutex<Structure>);

impl Fat {
    /// Opens an image; what it holds already lasts.
    pub fn open(image: Vec<u8>) -> Self {
        Self(Mutex::new(Structure::mount(Disk::new(Arc::new(image)))))
    }

    /// An empty FAT32 of the smallest size there is, made by somebody else's program.
    pub fn format() -> Vec<u8> {
        const SIZE: usize = 34 << 20;
        let mut image = Cursor::new(vec![0; SIZE]);
        let options = fatfs::FormatVolumeOptions::new()
            .fat_type(fatfs::FatType::Fat32)
            .bytes_per_cluster(SECTOR as u32);
        fatfs::format_volume(&mut image, options).unwrap();
        image.into_inner()
    }

    /// The disk as it is now.
    pub fn view(&self) -> View {
        self.lock().disk.view()
    }

    /// The files in a folder.
    pub fn paths(&self, folder: &str) -> Vec<VolumePath> {
        let folder = VolumePath::parse(folder).unwrap_or_default();
        let listed = self.list(&folder).unwrap();
        listed
            .iter()
            .map(|listed| folder.join(&listed.name).unwrap())
            .collect()
    }

    pub fn into_disk(self) -> Disk {
        self.0.into_inner().unwrap().disk
    }

    /// Puts a file there that nobody of ours wrote, and lets it last.
    pub fn plant(&self, path: &VolumePath, content: &[u8]) {
        let mut folder = VolumePath::default();
        for name in path.parent().components() {
            folder = folder.join(name).unwrap();
            let _ = self.create_folder(&folder);
        }
        let _ = self.remove(path);
        self.create(path).unwrap();
        self.fill(path, &mut &content[..]).unwrap();
        self.lock().disk.sync(|_, _| true);
    }

    /// Leaves only so many free clusters.
    pub fn fill_up(&self, leave: u64) {
        let space = self.space().unwrap();
        let size = (space.free - leave) * space.cluster;
        self.plant(
            &VolumePath::parse("FILLER").unwrap(),
            &vec![0x55; size as usize],
        );
    }

    fn lock(&self) -> MutexGuard<'_, Structure> {
        self.0.lock().unwrap()
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Structure {
    fn folder(&self, path: &VolumePath) -> io::Result<u32> {
        path.components().try_fold(self.root, |folder, name| {
            let found = self.look_up(folder, name)?;
            match entry::cluster(&found.raw) {
                cluster if found.raw[11] & FOLDER != 0 => Ok(cluster),
                _ => Err(io::ErrorKind::NotADirectory.into()),
            }
        })
    }

    fn look_up(&self, folder: u32, name: &str) -> io::Result<Found> {
        self.entries(folder)?
            .into_iter()
            .find(|found| found.name.eq_ignore_ascii_case(name))
            .ok_or_else(not_found)
    }

    fn find(&self, path: &VolumePath) -> io::Result<(u32, Found)> {
        let folder = self.folder(&path.parent())?;
        Ok((folder, self.look_up(folder, path.name())?))
    }

    fn add_named(&mut self, path: &VolumePath, attributes: u8, cluster: u32) -> io::Result<()> {
        let folder = match self.folder(&path.parent())? {
            0 => self.give_cluster(&path.parent())?,
            folder => folder,
        };
        let present = self.entries(folder)?;
        if present
            .iter()
            .any(|found| found.name.eq_ignore_ascii_case(path.name()))
        {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let taken = |alias: &[u8; 11]| present.iter().any(|found| found.raw[..11] == *alias);
        let mut raws = entry::entries(path.name(), attributes, taken);
        entry::set(raws.last_mut().unwrap(), cluster, 0);
        self.add(folder, &raws)
    }

    /// A check of the file system takes away a folder's cluster that was lost, and leaves the folder; Linux gives it
    /// one when something is put into it (`fat_add_entries`, `fat_chain_add`).
    fn give_cluster(&mut self, folder: &VolumePath) -> io::Result<u32> {
        let (parent, mut found) = self.find(folder)?;
        let cluster = self.allocate(None)?;
        for sector in self.sectors(cluster) {
            self.disk.write(sector, [0; SECTOR], Owner::Folder(cluster));
        }
        self.write_inode(parent, &mut found, cluster, 0);
        Ok(cluster)
    }

    fn read_all(&self, found: &Found) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for cluster in self.chain(entry::cluster(&found.raw))? {
            for sector in self.sectors(cluster) {
                bytes.extend(self.disk.read(sector));
            }
        }
        let size = entry::size(&found.raw) as usize;
        if bytes.len() < size {
            return Err(io::Error::from_raw_os_error(5));
        }
        bytes.truncate(size);
        Ok(bytes)
    }

    /// Writes the entry as an inode is written: the sector with the short entry.
    fn write_inode(&mut self, folder: u32, found: &mut Found, cluster: u32, size: u32) {
        entry::set(&mut found.raw, cluster, size);
        let &(sector, at) = found.slots.last().unwrap();
        self.put(folder, sector, at, &found.raw);
    }

    fn sync_folder(&mut self, folder: u32) {
        self.disk
            .sync(|_, owner| owner == Owner::Table || owner == Owner::Folder(folder));
    }

    fn sync_found(&mut self, found: &Found) {
        let data = Owner::Data(entry::cluster(&found.raw));
        let &(short, _) = found.slots.last().unwrap();
        self.disk
            .sync(|sector, owner| owner == Owner::Table || owner == data || sector == short);
    }
}

impl Volume for Fat {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Listed>> {
        let structure = self.lock();
        let folder = structure.folder(folder)?;
        Ok(structure
            .entries(folder)?
            .into_iter()
            .map(|found| Listed {
                size: entry::size(&found.raw).into(),
                is_folder: found.raw[11] & FOLDER != 0,
                name: found.name,
            })
            .collect())
    }

    fn open(&self, file: &VolumePath) -> io::Result<Box<dyn Read + '_>> {
        let structure = self.lock();
        let (_, found) = structure.find(file)?;
        Ok(Box::new(Cursor::new(structure.read_all(&found)?)))
    }

    fn create_folder(&self, folder: &VolumePath) -> io::Result<()> {
        let mut structure = self.lock();
        let parent = structure.folder(&folder.parent())?;
        if structure.look_up(parent, folder.name()).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let cluster = structure.allocate(None)?;
        for sector in structure.sectors(cluster) {
            structure
                .disk
                .write(sector, [0; SECTOR], Owner::Folder(cluster));
        }
        let first = structure.sectors(cluster).next().unwrap();
        for (place, name) in [b".          ", b"..         "].into_iter().enumerate() {
            let mut raw = [0; ENTRY];
            raw[..11].copy_from_slice(name);
            raw[11] = FOLDER;
            let target = [cluster, if parent == structure.root { 0 } else { parent }][place];
            entry::set(&mut raw, target, 0);
            structure.put(cluster, first, place * ENTRY, &raw);
        }
        structure.add_named(folder, FOLDER, cluster)
    }

    fn create(&self, file: &VolumePath) -> io::Result<()> {
        self.lock().add_named(file, 0x20, 0)
    }

    fn fill(&self, file: &VolumePath, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let mut structure = self.lock();
        let (folder, mut found) = structure.find(file)?;
        assert_eq!(entry::size(&found.raw), 0, "{file} is filled twice");
        let (mut first, mut last, mut written) = (0, None, 0);
        let mut outcome = Ok(());
        for chunk in bytes.chunks(structure.cluster_bytes()) {
            let cluster = match structure.allocate(last) {
                Ok(cluster) => cluster,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            };
            first = if first == 0 { cluster } else { first };
            last = Some(cluster);
            for (sector, data) in structure.sectors(cluster).zip(chunk.chunks(SECTOR)) {
                let mut whole = [0; SECTOR];
                whole[..data.len()].copy_from_slice(data);
                structure.disk.write(sector, whole, Owner::Data(first));
            }
            written += chunk.len() as u32;
        }
        // Linux may write the inode at any time; the earliest is the worst.
        structure.write_inode(folder, &mut found, first, written);
        outcome
    }

    fn overwrite_head(&self, file: &VolumePath, head: &[u8]) -> io::Result<()> {
        assert!(
            head.len() <= SECTOR,
            "more than a sector is not all or nothing"
        );
        let mut structure = self.lock();
        let (_, found) = structure.find(file)?;
        assert!(entry::size(&found.raw) as usize >= head.len());
        let cluster = entry::cluster(&found.raw);
        let sector = structure.sectors(cluster).next().unwrap();
        let mut data = structure.disk.read(sector);
        data[..head.len()].copy_from_slice(head);
        structure.disk.write(sector, data, Owner::Data(cluster));
        Ok(())
    }

    fn sync_file(&self, file: &VolumePath) -> io::Result<()> {
        let mut structure = self.lock();
        let (_, found) = structure.find(file)?;
        structure.sync_found(&found);
        Ok(())
    }

    fn sync_folder(&self, folder: &VolumePath) -> io::Result<()> {
        let mut structure = self.lock();
        let folder = structure.folder(folder)?;
        structure.sync_folder(folder);
        Ok(())
    }

    /// The steps of `Mounted::replace` as Linux carries them out: the old file is held open, so that
    /// its clusters stay until the end.
    fn replace(&self, new: &VolumePath, old: &VolumePath) -> io::Result<()> {
        let mut structure = self.lock();
        let (folder, from) = structure.find(new)?;
        let (_, mut to) = structure.find(old)?;
        let held = entry::cluster(&to.raw);
        structure.erase(folder, &from);
        structure.sync_folder(folder);
        let (cluster, size) = (entry::cluster(&from.raw), entry::size(&from.raw));
        structure.write_inode(folder, &mut to, cluster, size);
        structure.sync_found(&to);
        if held != 0 {
            structure.free(held)?;
        }
        structure.sync_folder(folder);
        Ok(())
    }

    fn remove(&self, file: &VolumePath) -> io::Result<()> {
        let mut structure = self.lock();
        let (folder, found) = structure.find(file)?;
        structure.erase(folder, &found);
        match entry::cluster(&found.raw) {
            0 => Ok(()),
            cluster => structure.free(cluster),
        }
    }

    fn space(&self) -> io::Result<Space> {
        let structure = self.lock();
        Ok(Space {
            cluster: structure.cluster_bytes() as u64,
            free: structure.free_clusters(),
            total: structure.clusters.into(),
        })
    }
}
