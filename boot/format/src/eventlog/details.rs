//! What the data of some events says.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::{Event, EventType};
use crate::bytes::{slice, u16_at, u64_at};
use crate::guid::Guid;

/// An image that was loaded: UEFI_IMAGE_LOAD_EVENT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLoad {
    /// Bytes in memory, as firmware says.
    pub length: u64,
    /// Where it came from, as the nodes of a device path: `PciRoot … \EFI\BOOT\BOOTX64.EFI`.
    pub device_path: String,
}

/// A variable that was measured: UEFI_VARIABLE_DATA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableData {
    /// Its vendor.
    pub vendor: Guid,
    /// Its name.
    pub name: String,
    /// Its content; for an authority, one EFI_SIGNATURE_DATA: owner, then certificate or digest.
    pub content: Vec<u8>,
}

impl Event {
    /// The image that this event tells of.
    pub fn image_load(&self) -> Option<ImageLoad> {
        let tells = [
            EventType::BOOT_SERVICES_APPLICATION,
            EventType::BOOT_SERVICES_DRIVER,
            EventType::RUNTIME_SERVICES_DRIVER,
        ];
        if !tells.contains(&self.kind) {
            return None;
        }
        let length = u64_at(&self.data, 8)?;
        let path_length = usize::try_from(u64_at(&self.data, 24)?).ok()?;
        let path = slice(&self.data, 32, path_length)?;
        Some(ImageLoad {
            length,
            device_path: device_path(path),
        })
    }

    /// The variable that this event tells of.
    pub fn variable(&self) -> Option<VariableData> {
        let tells = [
            EventType::VARIABLE_DRIVER_CONFIG,
            EventType::VARIABLE_AUTHORITY,
        ];
        if !tells.contains(&self.kind) {
            return None;
        }
        let name_length = usize::try_from(u64_at(&self.data, 16)?).ok()?;
        let content_length = usize::try_from(u64_at(&self.data, 24)?).ok()?;
        let name = slice(&self.data, 32, name_length.checked_mul(2)?)?;
        let at = 32_usize.checked_add(name.len())?;
        Some(VariableData {
            vendor: Guid::read(&self.data, 0)?,
            name: utf16(name),
            content: slice(&self.data, at, content_length)?.to_vec(),
        })
    }

    /// The data as text, where it is text: UTF-16 or ASCII, NUL at the end left out.
    pub fn text(&self) -> Option<String> {
        let data = self.data.strip_suffix(&[0]).unwrap_or(&self.data);
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        if let Ok(text) = core::str::from_utf8(data)
            && plain(text)
        {
            return Some(text.into());
        }
        let wide = utf16(&self.data);
        (self.data.len().is_multiple_of(2) && plain(&wide) && wide.is_ascii()).then_some(wide)
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16_at(pair, 0).unwrap_or(0));
    let text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim_end_matches('\0').into()
}

/// The nodes that people know: PCI places, file paths, firmware files; others by their numbers.
fn device_path(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    // Each node takes at least four bytes off, so this ends.
    while let [kind, subkind, low, high, ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (Some(node), true) = (bytes.get(..length), length >= 4) else {
            break;
        };
        let content = node.get(4..).unwrap_or_default();
        let at = |place: usize| content.get(place).copied().unwrap_or_default();
        if !text.is_empty() && (*kind, *subkind) != (0x7f, 0xff) {
            text.push('/');
        }
        let written = match (*kind, *subkind) {
            (0x7f, _) => Ok(()),
            (1, 1) => write!(text, "Pci({:#x},{:#x})", at(1), at(0)),
            (2, 1) => write!(text, "PciRoot({:#x})", at(4)),
            (4, 4) => write!(text, "{}", utf16(content).replace(char::is_control, "?")),
            (4, 6) => match Guid::read(content, 0) {
                Some(guid) => write!(text, "FvFile({guid})"),
                None => write!(text, "FvFile"),
            },
            (4, 7) => match Guid::read(content, 0) {
                Some(guid) => write!(text, "Fv({guid})"),
                None => write!(text, "Fv"),
            },
            (4, 8) => write!(
                text,
                "Offset({:#x},{:#x})",
                u64_at(content, 4).unwrap_or_default(),
                u64_at(content, 12).unwrap_or_default()
            ),
            (4, 1) => write!(text, "HD({})", at(0)),
            (kind, subkind) => write!(text, "Path({kind},{subkind})"),
        };
        // Writing to a string cannot fail.
        if written.is_err() || *kind == 0x7f {
            break;
        }
        bytes = bytes.get(length..).unwrap_or_default();
    }
    text
}
