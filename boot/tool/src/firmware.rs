//! The variables of Secure Boot: this machine's through efivarfs, or a virtual machine's in a file.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::fs::IFlags;
use snowguard_boot_format::guid::Guid;
use snowguard_boot_format::variable::{
    Attributes, AuthenticatedVariable, GLOBAL, SignatureLists, StoreError, VariableName,
    VariableStore,
};

use crate::files;
use crate::outcome::Failure;

/// `gEfiSecureBootEnableDisableGuid`: the vendor of the switch that EDK II keeps.
const ENABLE: Guid = Guid::from_bytes([
    0xc7, 0x0b, 0xa3, 0xf0, 0x08, 0xaf, 0x56, 0x45, 0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a, 0x44,
]);

/// Whose variables.
#[derive(Debug, Clone, Args)]
pub struct FirmwareOptions {
    /// Folder of efivarfs
    #[arg(long, value_name = "DIR", conflicts_with = "variables")]
    efivars: Option<PathBuf>,
    /// Variable store of a virtual machine (EDK II, e.g. OVMF_VARS_4M.fd)
    #[arg(long, value_name = "FILE")]
    variables: Option<PathBuf>,
}

impl FirmwareOptions {
    /// Whether one is named.
    pub fn is_given(&self) -> bool {
        self.efivars.is_some() || self.variables.is_some()
    }
}

/// Where variables are read from and written to.
#[derive(Debug)]
pub enum Firmware {
    /// This machine.
    Efivarfs(PathBuf),
    /// A file.
    Store(PathBuf, Box<VariableStore>),
}

impl Firmware {
    /// The one that is named, else this machine's.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(options: &FirmwareOptions) -> Result<Self> {
        if let Some(path) = &options.variables {
            let bytes = files::read(path, files::MAX_SMALL)?;
            let store = VariableStore::parse(bytes)
                .with_context(|| format!("cannot use {}", path.display()))?;
            return Ok(Self::Store(path.clone(), Box::new(store)));
        }
        let folder = options
            .efivars
            .clone()
            .unwrap_or_else(|| PathBuf::from("/sys/firmware/efi/efivars"));
        if !folder.is_dir() {
            bail!(
                "{} is not there: this machine was not started by EFI, or efivarfs is not mounted",
                folder.display()
            );
        }
        Ok(Self::Efivarfs(folder))
    }

    /// A variable's content; `None` when it isn't there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str, vendor: Guid) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Store(_, store) => Ok(store
                .get(name, vendor)
                .map(|variable| variable.content.clone())),
            Self::Efivarfs(folder) => {
                let path = folder.join(format!("{name}-{vendor}"));
                if !path.exists() {
                    return Ok(None);
                }
                let bytes = files::read(&path, files::MAX_SMALL)?;
                match bytes.split_at_checked(4) {
                    Some((_attributes, content)) => Ok(Some(content.to_vec())),
                    None => bail!("{} has no attributes", path.display()),
                }
            }
        }
    }

    /// A variable of signature lists; empty when it isn't there.
    ///
    /// # Errors
    /// When it cannot be read or is malformed.
    pub fn lists(&self, variable: VariableName) -> Result<SignatureLists> {
        let content = self
            .read(variable.name(), variable.vendor())?
            .unwrap_or_default();
        SignatureLists::parse(&content)
            .with_context(|| format!("the variable {} is malformed", variable.name()))
    }

    /// The firmware's own list: what `dbDefault` and the like hold.
    ///
    /// # Errors
    /// When it cannot be read or is malformed.
    pub fn default_lists(&self, variable: VariableName) -> Result<SignatureLists> {
        let name = format!("{}Default", variable.name());
        let content = self.read(&name, GLOBAL)?.unwrap_or_default();
        SignatureLists::parse(&content).with_context(|| format!("the variable {name} is malformed"))
    }

    /// Whether no platform key is set, so that anyone may write the others.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn in_setup_mode(&self) -> Result<bool> {
        match self {
            Self::Store(..) => Ok(self.read("PK", GLOBAL)?.is_none()),
            Self::Efivarfs(_) => Ok(self.read("SetupMode", GLOBAL)?.as_deref() == Some(&[1])),
        }
    }

    /// Whether Secure Boot is on.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_enforcing(&self) -> Result<bool> {
        match self {
            Self::Store(..) => Ok(!self.in_setup_mode()?
                && self.read("SecureBootEnable", ENABLE)?.as_deref() == Some(&[1])),
            Self::Efivarfs(_) => Ok(self.read("SecureBoot", GLOBAL)?.as_deref() == Some(&[1])),
        }
    }

    /// Writes a variable with its authorisation, which firmware checks.
    ///
    /// # Errors
    /// With [`Failure::Effect`].
    pub fn write(
        &mut self,
        variable: VariableName,
        attributes: Attributes,
        signed: &AuthenticatedVariable,
    ) -> Result<()> {
        match self {
            Self::Efivarfs(folder) => {
                let mut bytes = attributes.0.to_le_bytes().to_vec();
                bytes.extend(signed.to_bytes());
                write_efivar(&folder.join(variable.file_name()), &bytes)
            }
            Self::Store(_, store) => {
                let mut lists = SignatureLists::parse(&signed.content)?;
                if attributes == Attributes::APPEND {
                    let there = store.get(variable.name(), variable.vendor());
                    let there = there
                        .map(|variable| variable.content.clone())
                        .unwrap_or_default();
                    let mut all = SignatureLists::parse(&there)?;
                    all.merge(&lists);
                    lists = all;
                }
                let descriptor = signed.to_bytes();
                let time = descriptor.first_chunk::<16>().copied().unwrap_or_default();
                store.set(
                    variable.name(),
                    variable.vendor(),
                    Attributes::SECURE_BOOT,
                    &lists.to_bytes(),
                    time,
                );
                if variable == VariableName::Pk {
                    let on: &[u8] = if lists.is_empty() { &[] } else { &[1] };
                    store.set("SecureBootEnable", ENABLE, Attributes(3), on, [0; 16]);
                }
                Ok(())
            }
        }
    }

    /// Makes what was written to a store durable; nothing to do for efivarfs.
    ///
    /// # Errors
    /// With [`Failure::Effect`].
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Efivarfs(_) => Ok(()),
            Self::Store(path, store) => {
                let bytes = store.to_bytes().map_err(|error: StoreError| {
                    anyhow::Error::new(error).context(Failure::Effect)
                })?;
                files::replace(&path, &bytes, 0o644)
            }
        }
    }
}

/// One write is one SetVariable. The kernel marks variables that a machine may need to start as
/// immutable, so the mark is taken off first.
fn write_efivar(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let write = || -> Result<()> {
        match std::fs::File::open(path) {
            Ok(file) => take_off_immutable(&file)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let mut file = std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let written = file.write(bytes)?;
        if written != bytes.len() {
            bail!("firmware took {written} of {} bytes", bytes.len());
        }
        Ok(())
    };
    write()
        .with_context(|| format!("firmware refused the new content of {}", path.display()))
        .context(Failure::Effect)
}

fn take_off_immutable(file: &std::fs::File) -> Result<()> {
    let flags = match rustix::fs::ioctl_getflags(file.as_fd()) {
        Ok(flags) => flags,
        // A file system without such marks has nothing to take off.
        Err(rustix::io::Errno::NOTTY | rustix::io::Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error).context("cannot read the file's flags"),
    };
    if flags.contains(IFlags::IMMUTABLE) {
        rustix::fs::ioctl_setflags(file.as_fd(), flags - IFlags::IMMUTABLE)
            .context("cannot take the immutable mark off")?;
    }
    Ok(())
}
