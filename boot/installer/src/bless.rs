//! Telling the boot loader that an entry came up well.
//!
//! systemd-boot counts in the entry's name, and says in `LoaderBootCountPath` under which name it
//! started it. Blessing takes the counter out of the name. The image is copied to its new name before
//! the old one goes: a rename on FAT may lose both.
//!
//! Source: <https://systemd.io/AUTOMATIC_BOOT_ASSESSMENT/>

use std::io::{self, Read as _};

use serde::Serialize;

use crate::error::Error;
use crate::headless;
use crate::naming::ImageName;
use crate::partitions::{IMAGES, Partition, Partitions, fixed};
use crate::volume::{Volume, VolumePath};

/// What became of the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "entry")]
pub enum Blessing {
    /// It has no counter any more.
    Blessed(ImageName),
    /// It had none.
    NotCounted,
    /// The entry isn't one of ours.
    NotOurs,
}

/// Blesses the entry that was started under this path.
///
/// # Errors
/// [`Error::Volume`]; the entry then still has its counter, and can be blessed again.
pub fn bless(partitions: &Partitions<'_>, started: &VolumePath) -> Result<Blessing, Error> {
    let Some(name) = ImageName::parse(started.name()) else {
        return Ok(Blessing::NotOurs);
    };
    if started.parent().clashes_with(&fixed(IMAGES)) {
        Run { partitions }.bless(&name)
    } else {
        Ok(Blessing::NotOurs)
    }
}

struct Run<'r> {
    partitions: &'r Partitions<'r>,
}

impl Run<'_> {
    fn bless(&self, name: &ImageName) -> Result<Blessing, Error> {
        let folder = fixed(IMAGES);
        let volume = self.partitions.volume(Partition::Boot);
        let blessed = name.with_counter(None);
        let target = folder
            .join(&blessed.to_string())
            .expect("a name of ours has plain characters");
        let listed = self.at("list", &folder, volume.list(&folder))?;
        let is_counted = |other: ImageName| other.is_same_image(name) && other.counter.is_some();
        let counted: Vec<(VolumePath, u64)> = listed
            .iter()
            .filter(|listed| ImageName::parse(&listed.name).is_some_and(is_counted))
            .filter_map(|listed| Some((folder.join(&listed.name)?, listed.size)))
            .collect();
        let Some((source, _)) = counted.first() else {
            return Ok(Blessing::NotCounted);
        };
        let image = self.at("read", source, read(volume, source))?;
        let is_there = read(volume, &target).is_ok_and(|present| present == image);
        if !is_there {
            // What an interrupted blessing left, if anything.
            if listed
                .iter()
                .any(|listed| listed.name.eq_ignore_ascii_case(target.name()))
            {
                self.at("remove", &target, volume.remove(&target))?;
                self.at("synchronise", &folder, volume.sync_folder(&folder))?;
            }
            self.at("create", &target, volume.create(&target))?;
            self.at("synchronise", &folder, volume.sync_folder(&folder))?;
            self.at("write", &target, headless::write(volume, &target, &image))?;
            self.at(
                "write",
                &target,
                headless::put_head(volume, &target, &image),
            )?;
        }
        for (old, size) in &counted {
            self.at("write", old, headless::behead(volume, old, *size))?;
            self.at("remove", old, volume.remove(old))?;
        }
        self.at("synchronise", &folder, volume.sync_folder(&folder))?;
        Ok(Blessing::Blessed(blessed))
    }

    fn at<T>(
        &self,
        operation: &'static str,
        path: &VolumePath,
        result: io::Result<T>,
    ) -> Result<T, Error> {
        self.partitions.at(Partition::Boot, operation, path, result)
    }
}

fn read(volume: &dyn Volume, path: &VolumePath) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    volume.open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
