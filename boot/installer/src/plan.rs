//! What has to change, as plain data.
//!
//! [`Plan::make`] decides and touches nothing. What it refuses is never begun. The order of the
//! fields is the order in which [`crate::transaction`] carries them out.

mod decide;
mod loaders;
mod room;
mod select;
mod show;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::digest::Digest;
use crate::error::{Error, Refusal};
use crate::gather::{Failed, Source};
use crate::image::Forge;
use crate::loader::{DefaultEntry, Menu};
use crate::naming::{ImageName, Payload};
use crate::partitions::{Partition, Partitions};
use crate::profile::{Profile, Skipped};
use crate::volume::VolumePath;

pub use room::Room;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The profile's generations.
    pub profile: &'r Profile,
    /// The system that is to boot: a generation of the profile.
    pub default: &'r Path,
    /// What runs now.
    pub booted: Booted<'r>,
    /// systemd-boot, unsigned.
    pub boot_loader: &'r [u8],
    /// What the configuration says.
    pub settings: &'r Settings,
}

/// What the machine runs now, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Booted<'r> {
    /// The system in the store.
    pub toplevel: Option<&'r Path>,
    /// The entry that the boot loader chose.
    pub entry: Option<&'r ImageName>,
}

/// What the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many generations to keep, newest first; all if `None`. What is to boot, what is booted and
    /// what was last good stay besides.
    pub limit: Option<usize>,
    /// How often a new entry is tried before the boot loader falls back; never counted if `None`.
    pub tries: Option<u32>,
    /// The boot menu.
    pub menu: Menu,
}

/// What has to change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Folders to make, parents first.
    pub folders: Vec<(Partition, VolumePath)>,
    /// Files to remove before anything is written: damaged ones, what an interrupted run left, and,
    /// if there is no other room, what nobody needs any more.
    pub clear: Vec<Removal>,
    /// Kernels and initrds to write.
    pub payloads: Vec<NewPayload>,
    /// Images to write. With them the new generations can be booted.
    pub images: Vec<NewImage>,
    /// The new `loader.conf`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text")]
    pub configuration: Option<Vec<u8>>,
    /// Boot loaders to write.
    pub loaders: Vec<NewLoader>,
    /// Files to remove at the end.
    pub collect: Vec<Removal>,
    /// What the boot menu lists afterwards, its choice first.
    pub boots: Vec<Entry>,
    /// What boots when nobody chooses.
    pub default: DefaultEntry,
    /// Bytes, for each partition.
    pub room: Vec<Room>,
    /// Generations that were left out.
    pub skipped: Vec<Skipped>,
    /// Systems that were left out.
    pub failed: Vec<Failed>,
    /// What somebody should know.
    pub notes: Vec<String>,
}

/// A file to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// On which partition.
    pub partition: Partition,
    /// Which file.
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    /// Why, in words.
    pub why: String,
    /// Whether the boot loader lists it. Such files go first.
    pub is_entry: bool,
}

/// A kernel or initrd to write.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPayload {
    /// Which; names the file.
    pub payload: Payload,
    /// Bytes.
    pub size: u64,
    /// Where its content comes from.
    #[serde(serialize_with = "show::source")]
    pub source: Source,
}

/// An image to write.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewImage {
    /// Its name, with the counter.
    pub name: ImageName,
    /// The image, to be signed.
    #[serde(skip)]
    pub unsigned: Arc<[u8]>,
    /// For people.
    pub title: String,
}

/// A boot loader to write.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLoader {
    /// Where.
    pub path: VolumePath,
    /// Whether there is one that has to be replaced in one piece.
    pub replaces: bool,
    /// The boot loader, to be signed.
    #[serde(skip)]
    pub unsigned: Arc<[u8]>,
}

/// An entry of the boot menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The image.
    pub name: ImageName,
    /// For people.
    pub title: String,
    /// The system in the store.
    pub toplevel: String,
    /// Whether it is written now.
    pub is_new: bool,
    /// Why it stays although the profile or the limit doesn't ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<&'static str>,
    /// PCR 11 (SHA-256 bank) when its kernel starts. A secret that is sealed to this value, or to a
    /// policy that is signed for it, unlocks.
    pub pcr11: Digest,
}

impl Plan {
    /// Looks at the partitions and decides.
    ///
    /// Reads the store for what is new and hashes every file on the partitions that stays.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever keeps it from reading.
    pub fn make(
        request: &Request<'_>,
        partitions: &Partitions<'_>,
        forge: &dyn Forge,
    ) -> Result<Self, Error> {
        decide::decide(request, partitions, forge)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
            && self.clear.is_empty()
            && self.payloads.is_empty()
            && self.images.is_empty()
            && self.configuration.is_none()
            && self.loaders.is_empty()
            && self.collect.is_empty()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
