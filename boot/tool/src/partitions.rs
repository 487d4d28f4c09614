//! Which partitions and variables the command line names.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::variables::Variables;
use snowguard_boot_installer::volume::{Mounted, Volume};

/// Where the boot partitions are mounted.
#[derive(Debug, Args)]
pub struct PartitionOptions {
    /// Where the EFI system partition is mounted
    #[arg(long, value_name = "FOLDER", default_value = "/boot")]
    pub esp: PathBuf,
    /// Where the extended boot loader partition is mounted, if there is one
    #[arg(long, value_name = "FOLDER")]
    pub xbootldr: Option<PathBuf>,
    /// Take a folder that is no FAT file system, to build an image from it
    #[arg(long)]
    pub any_file_system: bool,
}

impl PartitionOptions {
    /// A partition for looking at it. What is no FAT file system is most likely not mounted, which is said.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn read(&self, path: &Path) -> Result<Mounted> {
        let volume = Mounted::read(path)?;
        if !volume.is_fat() && !self.any_file_system {
            tracing::warn!(
                "{}: not a FAT file system, which firmware could read; is the partition mounted?",
                path.display()
            );
        }
        Ok(volume)
    }
}

/// Where the firmware's variables are.
#[derive(Debug, Args)]
pub struct VariableOptions {
    /// A folder of EFI variables
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "/sys/firmware/efi/efivars"
    )]
    efivars: PathBuf,
}

impl VariableOptions {
    /// The variables; they need not be there.
    pub fn open(&self) -> Variables {
        Variables::at(&self.efivars)
    }
}

/// The partitions, for writing.
pub struct Locked {
    esp: Mounted,
    xbootldr: Option<Mounted>,
}

impl Locked {
    /// Locks them against other runs.
    ///
    /// # Errors
    /// When one isn't there, isn't FAT, or is locked.
    pub fn open(options: &PartitionOptions) -> Result<Self> {
        let open = |path: &Path| -> Result<Mounted> {
            let volume = Mounted::lock(path)?;
            if !volume.is_fat() && !options.any_file_system {
                bail!(
                    "{}: not a FAT file system, which firmware could read; is the partition mounted? \
                     (--any-file-system takes it all the same)",
                    path.display()
                );
            }
            if volume.is_fat() && !volume.is_private() {
                tracing::warn!(
                    "{}: everybody may read it, and an initrd may hold secrets; mount it with umask=0077",
                    path.display()
                );
            }
            Ok(volume)
        };
        Ok(Self {
            esp: open(&options.esp)?,
            xbootldr: options.xbootldr.as_deref().map(open).transpose()?,
        })
    }

    /// For the installer.
    pub fn partitions(&self) -> Partitions<'_> {
        Partitions {
            esp: &self.esp,
            xbootldr: self.xbootldr.as_ref().map(|volume| volume as &dyn Volume),
        }
    }
}
