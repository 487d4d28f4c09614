//! What the partitions hold, and in what condition.

mod verify;

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use crate::error::Error;
use crate::image::{Forge, Read, Signature};
use crate::loader::{self, LoaderPath};
use crate::naming::{ImageName, Payload, is_remnant};
use crate::partitions::{IMAGES, LOADER_CONF, Partition, Partitions, fixed};
use crate::volume::{Listed, Space, Volume, VolumePath};

/// An image larger than this is damaged: a thin one has some hundred kilobytes.
const LARGEST_IMAGE: u64 = 64 << 20;

/// What was found.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Our images, in boot order.
    pub images: Vec<FoundImage>,
    /// Our kernels and initrds.
    pub payloads: BTreeMap<Payload, FoundPayload>,
    /// What else stands among the images; never touched.
    pub foreign: Vec<String>,
    /// Bytes in the files into which `fsck.fat` has put what no name leads to.
    pub recovered: u64,
    /// What power cuts have left of files of ours.
    pub remnants: Vec<Remnant>,
    /// The boot loader where firmware looks for it.
    pub loaders: Vec<FoundLoader>,
    /// `loader.conf`.
    pub configuration: Option<Vec<u8>>,
    /// Room on [`Partition::Esp`].
    pub esp_space: Space,
    /// Room on [`Partition::Boot`].
    pub boot_space: Space,
    /// Folders that there are.
    pub folders: Vec<(Partition, VolumePath)>,
}

/// One of our images.
#[derive(Debug, Clone)]
pub struct FoundImage {
    /// Its name, as read.
    pub name: ImageName,
    /// Where it stands, as listed.
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    /// What it holds; in words when it can't be read.
    pub read: Result<Read, String>,
}

/// One of our kernels or initrds.
#[derive(Debug, Clone)]
pub struct FoundPayload {
    /// Where it stands, as listed.
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    /// Whether its content is what its name says.
    pub condition: Condition,
}

/// Whether a file is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Not looked at yet.
    Unknown,
    /// Its digest is that of its name.
    Intact,
    /// It isn't, or can't be read; in words.
    Damaged(String),
}

/// A file of ours that has lost its name.
#[derive(Debug, Clone)]
pub struct Remnant {
    /// Where it stands.
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    /// Whether the boot loader may list it.
    pub is_entry: bool,
}

/// The boot loader at one of its places.
#[derive(Debug, Clone)]
pub struct FoundLoader {
    /// Where.
    pub place: LoaderPath,
    /// Bytes; 0 when there is none.
    pub size: u64,
    /// What is there; `None`: nothing.
    pub found: Option<LoaderFound>,
    /// What interrupted replacements left beside it.
    pub leftovers: Vec<Leftover>,
}

/// A copy of a boot loader that was to take its place.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Where it stands.
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    /// Whether its content is that of the boot loader, so that they may share clusters.
    pub is_same: bool,
}

/// What stands where the boot loader goes.
#[derive(Debug, Clone)]
pub struct LoaderFound {
    /// The image, or why it can't be read.
    pub read: Result<Read, String>,
    /// Whether it is systemd-boot, of whatever version and signer.
    pub is_systemd_boot: bool,
    /// Its version, as it says.
    pub version: Option<String>,
}

impl FoundImage {
    /// Whether it boots as far as the image itself goes: whole, ours, signed by us.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        matches!(&self.read, Ok(read) if read.signature == Signature::Ours && read.content.is_some())
    }

    /// The payloads that it names, if it can be trusted to.
    pub fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let read = self.read.as_ref().ok().filter(|_| self.is_sound());
        read.and_then(|read| read.content.as_ref())
            .into_iter()
            .flat_map(|content| content.payloads())
    }

    /// The system that it boots, from its `init=` parameter.
    #[must_use]
    pub fn toplevel(&self) -> Option<&str> {
        let content = self.read.as_ref().ok()?.content.as_ref()?;
        let init = content.command_line.strip_prefix("init=")?;
        init.split_whitespace().next()?.strip_suffix("/init")
    }
}

impl Survey {
    /// Looks at everything but the content of kernels and initrds; see
    /// [`Self::verify_payloads`].
    ///
    /// # Errors
    /// [`Error::Volume`] when a folder can't be listed. A file that can't be read is damaged, which
    /// is no error.
    pub fn take(partitions: &Partitions<'_>, forge: &dyn Forge) -> Result<Self, Error> {
        let boot = partitions.volume(Partition::Boot);
        let (mut images, mut foreign, mut remnants) = (Vec::new(), Vec::new(), Vec::new());
        for listed in list(partitions, Partition::Boot, IMAGES)? {
            let path = fixed(IMAGES).join(&listed.name);
            match (ImageName::parse(&listed.name), path) {
                (Some(name), Some(path)) if !listed.is_folder => {
                    let read = read_image(boot, &path, forge);
                    images.push(FoundImage {
                        name,
                        path,
                        size: listed.size,
                        read,
                    });
                }
                (None, Some(path)) if is_remnant(IMAGES, &listed.name) => {
                    remnants.push(Remnant {
                        path,
                        size: listed.size,
                        is_entry: true,
                    });
                }
                _ => foreign.push(listed.name),
            }
        }
        images.sort_by(|one, other| one.name.boot_order(&other.name));
        foreign.sort();
        let mut payloads = BTreeMap::new();
        for listed in list(partitions, Partition::Boot, Payload::FOLDER)? {
            let Some(path) = fixed(Payload::FOLDER).join(&listed.name) else {
                continue;
            };
            match Payload::parse(&listed.name) {
                _ if listed.is_folder => {}
                Some(payload) => {
                    let found = FoundPayload {
                        path,
                        size: listed.size,
                        condition: Condition::Unknown,
                    };
                    payloads.insert(payload, found);
                }
                None if is_remnant(Payload::FOLDER, &listed.name) => remnants.push(Remnant {
                    path,
                    size: listed.size,
                    is_entry: false,
                }),
                None => {}
            }
        }
        let space = |partition| {
            let room = partitions.volume(partition).space();
            partitions.at(partition, "measure", &VolumePath::default(), room)
        };
        Ok(Self {
            images,
            payloads,
            foreign,
            recovered: recovered(partitions),
            remnants,
            loaders: loader::PLACES
                .into_iter()
                .map(|place| look_at_loader(partitions.esp, place, forge))
                .collect(),
            configuration: read_small(partitions.esp, &fixed(LOADER_CONF)),
            esp_space: space(Partition::Esp)?,
            boot_space: space(Partition::Boot)?,
            folders: present_folders(partitions)?,
        })
    }

    /// Reads these payloads whole, on all processors, and compares them with their names.
    pub fn verify_payloads(&mut self, volume: &dyn Volume, which: impl Fn(&Payload) -> bool) {
        let unknown: Vec<_> = self
            .payloads
            .iter_mut()
            .filter(|(payload, found)| found.condition == Condition::Unknown && which(payload))
            .collect();
        verify::all(volume, unknown);
    }

    /// Whether this payload is there and whole. It must have been verified.
    #[must_use]
    pub fn holds(&self, payload: &Payload) -> bool {
        let found = self.payloads.get(payload);
        found.is_some_and(|found| found.condition == Condition::Intact)
    }

    /// Whether everything that this image needs is there and whole.
    #[must_use]
    pub fn boots(&self, image: &FoundImage) -> bool {
        image.is_sound() && image.payloads().all(|payload| self.holds(payload))
    }
}

/// `FSCK0000.REC` and its like in the root. Where it can't be listed, the rest says so.
fn recovered(partitions: &Partitions<'_>) -> u64 {
    let root = partitions
        .volume(Partition::Boot)
        .list(&VolumePath::default());
    let is_piece = |name: &str| {
        let number = name
            .strip_prefix("FSCK")
            .and_then(|rest| rest.strip_suffix(".REC"));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let pieces = root.unwrap_or_default().into_iter();
    pieces
        .filter(|listed| is_piece(&listed.name.to_ascii_uppercase()))
        .map(|listed| listed.size)
        .sum()
}

/// What stands in a folder; nothing, if there is no such folder.
fn list(
    partitions: &Partitions<'_>,
    partition: Partition,
    folder: &str,
) -> Result<Vec<Listed>, Error> {
    let folder = fixed(folder);
    match partitions.volume(partition).list(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => partitions.at(partition, "list", &folder, listed),
    }
}

/// The folders of ours that there are.
fn present_folders(partitions: &Partitions<'_>) -> Result<Vec<(Partition, VolumePath)>, Error> {
    let mut present = Vec::new();
    for (partition, folder) in crate::loader::folders() {
        let listed = partitions.volume(partition).list(&folder);
        match listed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            listed => {
                partitions.at(partition, "list", &folder, listed)?;
                present.push((partition, folder));
            }
        }
    }
    Ok(present)
}

fn read_image(volume: &dyn Volume, path: &VolumePath, forge: &dyn Forge) -> Result<Read, String> {
    let bytes = read_whole(volume, path).map_err(|error| error.to_string())?;
    forge.read(&bytes).map_err(|error| error.to_string())
}

fn look_at_loader(volume: &dyn Volume, place: LoaderPath, forge: &dyn Forge) -> FoundLoader {
    let path = place.path();
    let bytes = read_whole(volume, &path);
    let found = match &bytes {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(LoaderFound {
            read: Err(error.to_string()),
            is_systemd_boot: false,
            version: None,
        }),
        Ok(bytes) => Some(LoaderFound {
            read: forge.read(bytes).map_err(|error| error.to_string()),
            is_systemd_boot: loader::is_systemd_boot(bytes),
            version: loader::version(bytes).map(str::to_owned),
        }),
    };
    // A folder that can't be listed shows itself elsewhere.
    let beside = volume.list(&path.parent()).unwrap_or_default();
    let leftovers = beside
        .into_iter()
        .filter(|listed| place.is_replacement(&listed.name))
        .filter_map(|listed| {
            let path = path.parent().join(&listed.name)?;
            let content = read_whole(volume, &path).ok();
            Some(Leftover {
                is_same: content.is_some() && content.as_ref() == bytes.as_ref().ok(),
                path,
                size: listed.size,
            })
        })
        .collect();
    FoundLoader {
        place,
        size: bytes.map_or(0, |bytes| bytes.len() as u64),
        found,
        leftovers,
    }
}

fn read_whole(volume: &dyn Volume, path: &VolumePath) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = volume.open(path)?;
    file.take(LARGEST_IMAGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_IMAGE {
        return Err(io::Error::other(format!("over {LARGEST_IMAGE} bytes")));
    }
    Ok(bytes)
}

/// A file that only people and the boot loader read: what can't be read is as good as missing.
fn read_small(volume: &dyn Volume, path: &VolumePath) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = volume.open(path).ok()?;
    file.take(64 << 10).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
