//! Carrying out a plan so that a power cut at any moment leaves something that boots.
//!
//! 1. Everything that has to be signed is signed: a signer that fails does so before the first write.
//! 2. Folders; then damaged files are removed. Each is synchronised before anything else happens.
//! 3. All new names are made, empty, and synchronised. Directories grow here and nowhere else, and no
//!    long name is torn later.
//! 4. Kernels and initrds are written, each compared with its digest on the way, and synchronised.
//! 5. Images are written with a first sector of zeros, which no boot loader takes for an image, and
//!    synchronised. Then that one sector is put in place: the switch.
//! 6. `loader.conf` (one sector, in place), then the boot loader itself.
//! 7. Garbage: first the images, which lose their first sector before they are removed, then what they
//!    named.
//!
//! If a step up to 4 fails, what was begun is taken back.

mod taken_back;

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::error::Error;
use crate::headless;
use crate::image::Forge;
use crate::loader::LoaderPath;
use crate::naming::{Payload, filler};
use crate::partitions::{IMAGES, LOADER_CONF, Partition, Partitions, fixed};
use crate::plan::{NewLoader, NewPayload, Plan, Removal};
use crate::volume::VolumePath;

use taken_back::Begun;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Files written.
    pub written: usize,
    /// Bytes in them.
    pub bytes: u64,
    /// Files removed.
    pub removed: usize,
}

/// More slots than a torn name leaves unused.
const FILLERS: u32 = 32;

/// Carries out a plan.
///
/// # Errors
/// [`Error::Image`] before anything is written; [`Error::Volume`], [`Error::Source`] at any moment.
pub fn carry_out(
    plan: &Plan,
    partitions: &Partitions<'_>,
    forge: &dyn Forge,
) -> Result<Summary, Error> {
    let run = Run { partitions };
    let images = sign_images(plan, forge)?;
    let loaders = sign_loaders(plan, forge)?;
    let mut summary = Summary::default();

    run.make_folders(&plan.folders)?;
    run.remove(&plan.clear, &mut summary)?;
    let mut begun = Begun::default();
    let switched = run
        .reserve(plan, &images, &loaders, &mut begun)
        .and_then(|()| run.write_payloads(&plan.payloads, &mut summary))
        .and_then(|()| run.write_headless(&images, &mut summary));
    if let Err(error) = switched {
        begun.take_back(partitions);
        return Err(error);
    }
    run.put_heads(&images)?;
    if let Some(configuration) = &plan.configuration {
        run.write_configuration(configuration, &mut summary)?;
    }
    for loader in &loaders {
        run.write_loader(loader, &mut summary)?;
    }
    run.remove(&plan.collect, &mut summary)?;
    Ok(summary)
}

/// A file that is written whole.
struct Signed {
    path: VolumePath,
    bytes: Vec<u8>,
    /// What it takes the place of.
    replaces: Option<VolumePath>,
}

fn sign_images(plan: &Plan, forge: &dyn Forge) -> Result<Vec<Signed>, Error> {
    plan.images
        .iter()
        .map(|image| {
            let bytes = forge
                .finish(&image.unsigned)
                .map_err(|source| Error::Image {
                    what: image.title.clone(),
                    source,
                })?;
            Ok(Signed {
                path: fixed(IMAGES)
                    .join(&image.name.to_string())
                    .expect("a name of ours has plain characters"),
                bytes,
                replaces: None,
            })
        })
        .collect()
}

fn sign_loaders(plan: &Plan, forge: &dyn Forge) -> Result<Vec<Signed>, Error> {
    let Some(first) = plan.loaders.first() else {
        return Ok(Vec::new());
    };
    let signed = forge.sign(&first.unsigned).map_err(|source| Error::Image {
        what: first.path.to_string(),
        source,
    })?;
    let place = |loader: &NewLoader| {
        let own = loader.path.clone();
        if !loader.replaces {
            return (own, None);
        }
        let replacement = LoaderPath::replacement(&own, &signed);
        (
            replacement.expect("a plain name and hexadecimal digits"),
            Some(own),
        )
    };
    Ok(plan
        .loaders
        .iter()
        .map(|loader| {
            let (path, replaces) = place(loader);
            Signed {
                path,
                bytes: signed.clone(),
                replaces,
            }
        })
        .collect())
}

struct Run<'r> {
    partitions: &'r Partitions<'r>,
}

impl Run<'_> {
    fn make_folders(&self, folders: &[(Partition, VolumePath)]) -> Result<(), Error> {
        for (partition, folder) in folders {
            let volume = self.partitions.volume(*partition);
            self.at(
                *partition,
                "make the folder",
                folder,
                volume.create_folder(folder),
            )?;
            let parent = folder.parent();
            self.at(
                *partition,
                "synchronise",
                folder,
                volume.sync_folder(folder),
            )?;
            self.at(
                *partition,
                "synchronise",
                &parent,
                volume.sync_folder(&parent),
            )?;
        }
        Ok(())
    }

    /// Entries first, and synchronised, so that none is left without its kernel.
    fn remove(&self, removals: &[Removal], summary: &mut Summary) -> Result<(), Error> {
        for entries in [true, false] {
            let mut folders = Vec::new();
            for removal in removals
                .iter()
                .filter(|removal| removal.is_entry == entries)
            {
                let volume = self.partitions.volume(removal.partition);
                if entries && let Err(error) = headless::behead(volume, &removal.path, removal.size)
                {
                    // A damaged one may have no first sector to write; it boots nothing either.
                    tracing::debug!("{}: {error}", removal.path);
                }
                self.at(
                    removal.partition,
                    "remove",
                    &removal.path,
                    volume.remove(&removal.path),
                )?;
                summary.removed += 1;
                folders.push((removal.partition, removal.path.parent()));
            }
            self.sync_folders(folders)?;
        }
        Ok(())
    }

    fn reserve(
        &self,
        plan: &Plan,
        images: &[Signed],
        loaders: &[Signed],
        begun: &mut Begun,
    ) -> Result<(), Error> {
        let payloads = plan
            .payloads
            .iter()
            .map(|new| (Partition::Boot, new.payload.path()));
        let images = images
            .iter()
            .map(|image| (Partition::Boot, image.path.clone()));
        let loaders = loaders
            .iter()
            .map(|loader| (Partition::Esp, loader.path.clone()));
        let mut folders = Vec::new();
        for (partition, path) in payloads.chain(images).chain(loaders) {
            let volume = self.partitions.volume(partition);
            self.at(partition, "create", &path, volume.create(&path))?;
            folders.push((partition, path.parent()));
            begun.add(partition, path);
        }
        for folder in [IMAGES, Payload::FOLDER].map(fixed) {
            if folders.contains(&(Partition::Boot, folder.clone())) {
                self.use_every_slot(&folder)?;
            }
        }
        self.sync_folders(folders)
    }

    /// Makes and removes files of one slot each, so that no slot of the folder before the new names is one that was
    /// never used: firmware stops reading there, and Linux does not. A power cut leaves such slots when of a long
    /// name only the part in a later sector has reached the disk.
    fn use_every_slot(&self, folder: &VolumePath) -> Result<(), Error> {
        let volume = self.partitions.volume(Partition::Boot);
        let mut made = Vec::new();
        for number in 0..FILLERS {
            let path = folder.join(&filler(number)).expect("letters and digits");
            match volume.create(&path) {
                Ok(()) => made.push(path),
                // The folder is full, and with it every slot used.
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => return self.at(Partition::Boot, "create", &path, Err(error)),
            }
        }
        for path in made {
            self.at(Partition::Boot, "remove", &path, volume.remove(&path))?;
        }
        Ok(())
    }

    fn write_payloads(&self, payloads: &[NewPayload], summary: &mut Summary) -> Result<(), Error> {
        let volume = self.partitions.volume(Partition::Boot);
        for new in payloads {
            let path = new.payload.path();
            let from = |source| Error::Source {
                path: new.source.describe(),
                source,
            };
            let mut content = Hashing {
                from: new.source.open().map_err(from)?,
                hash: Sha256::new(),
                failed: None,
            };
            let filled = volume.fill(&path, &mut content);
            if let Some(error) = content.failed {
                return Err(from(error));
            }
            self.at(Partition::Boot, "write", &path, filled)?;
            if Digest::from_bytes(content.hash.finalize().into()) != new.payload.digest {
                return Err(from(io::Error::other(
                    "its content changed, or differs from what was signed; check the store \
                     (nix-store --verify --check-contents)",
                )));
            }
            self.at(
                Partition::Boot,
                "synchronise",
                &path,
                volume.sync_file(&path),
            )?;
            summary.written += 1;
            summary.bytes += new.size;
        }
        Ok(())
    }

    fn write_headless(&self, images: &[Signed], summary: &mut Summary) -> Result<(), Error> {
        for image in images {
            self.write_one_headless(Partition::Boot, image)?;
            summary.written += 1;
            summary.bytes += image.bytes.len() as u64;
        }
        Ok(())
    }

    fn write_one_headless(&self, partition: Partition, file: &Signed) -> Result<(), Error> {
        let volume = self.partitions.volume(partition);
        let written = headless::write(volume, &file.path, &file.bytes);
        self.at(partition, "write", &file.path, written)
    }

    fn put_heads(&self, images: &[Signed]) -> Result<(), Error> {
        images
            .iter()
            .try_for_each(|image| self.put_head(Partition::Boot, image))
    }

    fn put_head(&self, partition: Partition, file: &Signed) -> Result<(), Error> {
        let volume = self.partitions.volume(partition);
        let put = headless::put_head(volume, &file.path, &file.bytes);
        self.at(partition, "write", &file.path, put)
    }

    fn write_configuration(&self, bytes: &[u8], summary: &mut Summary) -> Result<(), Error> {
        let path = fixed(LOADER_CONF);
        let volume = self.partitions.volume(Partition::Esp);
        let listed = self.at(
            Partition::Esp,
            "list",
            &path.parent(),
            volume.list(&path.parent()),
        )?;
        let found = listed
            .iter()
            .find(|listed| listed.name.eq_ignore_ascii_case(path.name()));
        let act = |operation, result| self.at(Partition::Esp, operation, &path, result);
        match found {
            Some(found) if found.size == bytes.len() as u64 => {
                act("write", volume.overwrite_head(&path, bytes))?;
            }
            // Without it, or with half of it, systemd-boot takes the newest entry.
            found => {
                if found.is_some() {
                    act("remove", volume.remove(&path))?;
                    act("synchronise", volume.sync_folder(&path.parent()))?;
                }
                act("create", volume.create(&path))?;
                act("synchronise", volume.sync_folder(&path.parent()))?;
                act("write", volume.fill(&path, &mut &bytes[..]))?;
            }
        }
        summary.written += 1;
        summary.bytes += bytes.len() as u64;
        act("synchronise", volume.sync_file(&path))
    }

    fn write_loader(&self, loader: &Signed, summary: &mut Summary) -> Result<(), Error> {
        self.write_one_headless(Partition::Esp, loader)?;
        self.put_head(Partition::Esp, loader)?;
        if let Some(old) = &loader.replaces {
            let volume = self.partitions.volume(Partition::Esp);
            self.at(
                Partition::Esp,
                "replace",
                old,
                volume.replace(&loader.path, old),
            )?;
        }
        summary.written += 1;
        summary.bytes += loader.bytes.len() as u64;
        Ok(())
    }

    fn sync_folders(&self, mut folders: Vec<(Partition, VolumePath)>) -> Result<(), Error> {
        folders.sort();
        folders.dedup();
        folders.iter().try_for_each(|(partition, folder)| {
            let volume = self.partitions.volume(*partition);
            self.at(
                *partition,
                "synchronise",
                folder,
                volume.sync_folder(folder),
            )
        })
    }

    fn at<T>(
        &self,
        partition: Partition,
        operation: &'static str,
        path: &VolumePath,
        result: io::Result<T>,
    ) -> Result<T, Error> {
        self.partitions.at(partition, operation, path, result)
    }
}

/// Hashes what passes, and keeps an error of the source apart from one of the volume.
struct Hashing<'s> {
    from: Box<dyn Read + 's>,
    hash: Sha256,
    failed: Option<io::Error>,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.from.read(buffer) {
            Ok(read) => {
                self.hash.update(&buffer[..read]);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let shown = io::Error::other("the source failed");
                self.failed = Some(error);
                Err(shown)
            }
        }
    }
}
