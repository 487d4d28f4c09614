//! The one or two partitions that boot, and where things stand on them.

use std::io;

use crate::error::Error;
use crate::volume::{Volume, VolumePath};

/// The partitions of a machine.
#[derive(Clone, Copy)]
pub struct Partitions<'v> {
    /// The EFI system partition: boot loader and its configuration.
    pub esp: &'v dyn Volume,
    /// The extended boot loader partition, where images, kernels and initrds go if there is one.
    pub xbootldr: Option<&'v dyn Volume>,
}

/// Which partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// The EFI system partition.
    Esp,
    /// The partition of images, kernels and initrds: XBOOTLDR, or else the ESP.
    Boot,
}

impl<'v> Partitions<'v> {
    /// Only an EFI system partition.
    #[must_use]
    pub fn esp_only(esp: &'v dyn Volume) -> Self {
        Self {
            esp,
            xbootldr: None,
        }
    }

    /// The partition's volume.
    #[must_use]
    pub fn volume(&self, partition: Partition) -> &'v dyn Volume {
        match partition {
            Partition::Esp => self.esp,
            Partition::Boot => self.xbootldr.unwrap_or(self.esp),
        }
    }

    /// What people call the partition.
    #[must_use]
    pub fn name(&self, partition: Partition) -> &'static str {
        match (partition, self.xbootldr) {
            (Partition::Boot, Some(_)) => "XBOOTLDR",
            _ => "ESP",
        }
    }

    /// Whether both are one volume.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.xbootldr.is_none()
    }

    pub(crate) fn at<T>(
        &self,
        partition: Partition,
        operation: &'static str,
        path: &VolumePath,
        result: io::Result<T>,
    ) -> Result<T, Error> {
        result.map_err(|source| Error::Volume {
            partition: self.name(partition),
            operation,
            path: path.clone(),
            source,
        })
    }
}

/// Where boot images stand, on the partition [`Partition::Boot`].
pub(crate) const IMAGES: &str = "EFI/Linux";
/// The boot loader's configuration, on the ESP.
pub(crate) const LOADER_CONF: &str = "loader/loader.conf";

/// A path of ours, written out in the source.
pub(crate) fn fixed(path: &str) -> VolumePath {
    VolumePath::parse(path).expect("a path written in the source is plain")
}
