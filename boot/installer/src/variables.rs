//! What firmware and boot loader say about this boot, through efivarfs.
//!
//! Source: systemd's Boot Loader Interface, <https://systemd.io/BOOT_LOADER_INTERFACE/>

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::volume::VolumePath;

/// The boot loader interface's vendor.
const LOADER: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
/// `EFI_GLOBAL_VARIABLE`.
const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// More is refused; those that are read here hold a name, or one byte.
const LARGEST: u64 = 4096;

/// A folder of variables, `/sys/firmware/efi/efivars` on a running machine.
#[derive(Debug, Clone)]
pub struct Variables {
    folder: PathBuf,
}

/// Whether the firmware checks signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecureBoot {
    /// Only what is signed starts.
    On,
    /// Everything starts.
    Off,
    /// No platform key is enrolled: everything starts, and whoever comes first enrols one.
    SetupMode,
    /// There are no variables to read: not booted by UEFI.
    Unknown,
}

impl Variables {
    /// Takes the folder; it need not be there.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The image that was started, by the name under which the boot loader counted it; `None` when it
    /// counted nothing.
    ///
    /// # Errors
    /// [`Error::Variable`] when the variable can't be read or isn't a path.
    pub fn boot_count_path(&self) -> Result<Option<VolumePath>, Error> {
        const NAME: &str = "LoaderBootCountPath";
        self.text(NAME)?
            .map(|path| {
                VolumePath::parse(&path).ok_or_else(|| failed(NAME, "not a path of plain names"))
            })
            .transpose()
    }

    /// The entry that was started, as the boot loader calls it.
    ///
    /// # Errors
    /// [`Error::Variable`] when the variable can't be read.
    pub fn selected_entry(&self) -> Result<Option<String>, Error> {
        self.text("LoaderEntrySelected")
    }

    /// Whether Secure Boot is on.
    ///
    /// # Errors
    /// [`Error::Variable`] when a variable can't be read.
    pub fn secure_boot(&self) -> Result<SecureBoot, Error> {
        let flag = |name| {
            self.read(name, GLOBAL)
                .map(|value| value.map(|value| value == [1]))
        };
        Ok(match (flag("SetupMode")?, flag("SecureBoot")?) {
            (Some(true), _) => SecureBoot::SetupMode,
            (_, Some(true)) => SecureBoot::On,
            (_, Some(false)) => SecureBoot::Off,
            (_, None) => SecureBoot::Unknown,
        })
    }

    /// A text: UTF-16, ended by NUL.
    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.read(name, LOADER)? else {
            return Ok(None);
        };
        let units: Vec<u16> = value
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let text = match units.split_last() {
            Some((0, text)) if value.len() % 2 == 0 && !text.contains(&0) => text,
            _ => return Err(failed(name, "not UTF-16 ended by NUL")),
        };
        String::from_utf16(text)
            .map(Some)
            .map_err(|_| failed(name, "not UTF-16"))
    }

    /// The value without the four bytes of attributes that efivarfs puts before it.
    fn read(&self, name: &str, vendor: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.folder.join(format!("{name}-{vendor}"));
        let mut bytes = Vec::new();
        match std::fs::File::open(&path) {
            Ok(file) => file
                .take(LARGEST + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| failed(name, &error.to_string()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(name, &error.to_string())),
        };
        if bytes.len() < 4 || bytes.len() as u64 > LARGEST {
            return Err(failed(name, &format!("{} bytes", bytes.len())));
        }
        Ok(Some(bytes.split_off(4)))
    }
}

fn failed(name: &str, reason: &str) -> Error {
    Error::Variable {
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}
