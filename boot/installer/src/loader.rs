//! systemd-boot and its configuration.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::digest::Digest;
use crate::naming::Payload;
use crate::partitions::{IMAGES, Partition, fixed};
use crate::volume::{SECTOR, VolumePath};

/// By this systemd-boot is known, and its version follows.
/// Source: systemd, `src/boot`, the section `.sdmagic`.
const MAGIC: &[u8] = b"#### LoaderInfo: systemd-boot ";
/// From this version on, `preferred` in `loader.conf` passes over entries that failed too often.
const KNOWS_PREFERRED: u32 = 260;

/// Digits of a digest in the name of a replacement.
const REPLACEMENT_MARK: usize = 8;

/// Where firmware looks for the boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoaderPath {
    /// Where the firmware's own boot entry points to.
    Named(Machine),
    /// What firmware starts when no entry of its own works: removable media, a reset board.
    Fallback(Machine),
}

/// The machine type of a boot loader, which names its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Machine {
    /// x86-64.
    X64,
    /// AArch64.
    Aa64,
}

/// Both places on each machine.
pub const PLACES: [LoaderPath; 4] = [
    LoaderPath::Named(Machine::X64),
    LoaderPath::Fallback(Machine::X64),
    LoaderPath::Named(Machine::Aa64),
    LoaderPath::Fallback(Machine::Aa64),
];

impl LoaderPath {
    /// Where it is on the ESP.
    #[must_use]
    pub fn path(self) -> VolumePath {
        fixed(match self {
            Self::Named(Machine::X64) => "EFI/systemd/systemd-bootx64.efi",
            Self::Named(Machine::Aa64) => "EFI/systemd/systemd-bootaa64.efi",
            Self::Fallback(Machine::X64) => "EFI/BOOT/BOOTX64.EFI",
            Self::Fallback(Machine::Aa64) => "EFI/BOOT/BOOTAA64.EFI",
        })
    }

    /// The name under which these bytes are written before they take its place.
    #[must_use]
    pub fn replacement(path: &VolumePath, bytes: &[u8]) -> Option<VolumePath> {
        let mark = &Digest::of(bytes).to_string()[..REPLACEMENT_MARK];
        path.parent().join(&format!("{}.{mark}", path.name()))
    }

    /// Whether this is such a name.
    #[must_use]
    pub fn is_replacement(self, name: &str) -> bool {
        let path = self.path();
        let own = path.name();
        let mark = name
            .get(..own.len())
            .filter(|start| start.eq_ignore_ascii_case(own))
            .and_then(|_| name[own.len()..].strip_prefix('.'));
        mark.is_some_and(|mark| {
            mark.len() == REPLACEMENT_MARK && mark.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }

    /// Whose boot loader goes there.
    #[must_use]
    pub fn machine(self) -> Machine {
        match self {
            Self::Named(machine) | Self::Fallback(machine) => machine,
        }
    }
}

impl Machine {
    /// The machine that a PE image is for.
    /// Source: Microsoft PE format, "COFF File Header".
    #[must_use]
    pub fn of_image(image: &[u8]) -> Option<Self> {
        let header = u32::from_le_bytes(image.get(0x3c..0x40)?.try_into().ok()?) as usize;
        let coff = image.get(header..)?.strip_prefix(b"PE\0\0")?;
        match coff.get(..2)? {
            [0x64, 0x86] => Some(Self::X64),
            [0x64, 0xaa] => Some(Self::Aa64),
            _ => None,
        }
    }
}

/// Whether these bytes are systemd-boot.
#[must_use]
pub fn is_systemd_boot(image: &[u8]) -> bool {
    version(image).is_some()
}

/// The version that systemd-boot says it has, such as `252.39-1~deb12u1`.
#[must_use]
pub fn version(image: &[u8]) -> Option<&str> {
    /// No version is longer.
    const LONGEST: usize = 64;
    let start = image
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)?
        + MAGIC.len();
    let rest = &image[start..image.len().min(start + LONGEST)];
    let end = rest.iter().position(|&byte| byte == b' ')?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// What the person who runs the machine decides about the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Seconds until the default boots; `None` waits for ever.
    pub timeout: Option<u32>,
    /// Whether the menu lets people edit the command line. The stub refuses an edited one under
    /// Secure Boot all the same.
    pub editor: bool,
    /// The screen's resolution.
    pub console_mode: ConsoleMode,
}

/// The resolution of the boot menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleMode {
    /// What the firmware chose.
    Keep,
    /// The largest there is.
    Max,
    /// What systemd-boot thinks best.
    Auto,
    /// A mode of the firmware, by number.
    Mode(u8),
}

impl FromStr for ConsoleMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "keep" => Self::Keep,
            "max" => Self::Max,
            "auto" => Self::Auto,
            number => Self::Mode(number.parse().map_err(|_| {
                format!("{number:?} is none of keep, max, auto, and no number up to 255")
            })?),
        })
    }
}

impl fmt::Display for ConsoleMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Max => f.write_str("max"),
            Self::Auto => f.write_str("auto"),
            Self::Mode(number) => write!(f, "{number}"),
        }
    }
}

/// `loader.conf`, always of the same length and within one sector, so that it can be overwritten
/// in place in one piece.
#[must_use]
pub fn configuration(menu: &Menu, default: DefaultEntry, version: Option<&str>) -> Vec<u8> {
    // Until some version, systemd-boot compares with names that still have their counters, so nothing may be said of
    // how they end. Its order puts the newest generation first, and behind all of them specialisations, which have a
    // sort key of their own, and what failed too often.
    const ANY: &str = "nixos-generation-*";
    let mut text = String::from("# Written by snowguard boot install; changes are overwritten.\n");
    match default {
        DefaultEntry::Newest => text += &format!("default {ANY}\n"),
        DefaultEntry::Generation(number) => {
            // A digit of a digest, where a specialisation has a letter beyond.
            let one = format!("nixos-generation-{number}-[0-9a-f]*");
            if version
                .and_then(major)
                .is_some_and(|major| major >= KNOWS_PREFERRED)
            {
                text += &format!("preferred {one}\ndefault {ANY}\n");
            } else {
                text += &format!("default {one}\n");
            }
        }
    }
    let timeout = menu
        .timeout
        .map_or("menu-force".to_owned(), |seconds| seconds.to_string());
    let editor = if menu.editor { "yes" } else { "no" };
    text += &format!("timeout {timeout}\neditor {editor}\n");
    text += &format!("console-mode {}\n", menu.console_mode);
    let mut bytes = text.into_bytes();
    debug_assert!(bytes.len() < SECTOR, "numbers and fixed words only");
    bytes.resize(SECTOR - 1, b'#');
    bytes.push(b'\n');
    bytes
}

/// What boots when nobody chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultEntry {
    /// The newest generation that didn't fail too often.
    Newest,
    /// This generation, which is not the newest.
    Generation(u64),
}

/// All folders that we need, parents first.
pub(crate) fn folders() -> Vec<(Partition, VolumePath)> {
    [
        (Partition::Esp, "EFI"),
        (Partition::Esp, "EFI/systemd"),
        (Partition::Esp, "EFI/BOOT"),
        (Partition::Esp, "loader"),
        (Partition::Boot, "EFI"),
        (Partition::Boot, IMAGES),
        (Partition::Boot, Payload::FOLDER),
    ]
    .map(|(partition, path)| (partition, fixed(path)))
    .into()
}

fn major(version: &str) -> Option<u32> {
    let digits = version.find(|c: char| !c.is_ascii_digit());
    version[..digits.unwrap_or(version.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_one_sector_and_knows_versions() {
        let menu = Menu {
            timeout: Some(3),
            editor: false,
            console_mode: ConsoleMode::Keep,
        };
        let text = |default, version| {
            let bytes = configuration(&menu, default, version);
            assert_eq!(bytes.len(), SECTOR);
            String::from_utf8(bytes).expect("text")
        };
        let newest = text(DefaultEntry::Newest, Some("252.39-1~deb12u1"));
        assert!(newest.contains("\ndefault nixos-generation-*\n"));
        assert!(newest.contains("\ntimeout 3\neditor no\n"));
        let older = text(DefaultEntry::Generation(7), Some("252.39-1~deb12u1"));
        assert!(older.contains("\ndefault nixos-generation-7-[0-9a-f]*\n"));
        let older = text(DefaultEntry::Generation(7), Some("260.1"));
        assert!(older.contains("\npreferred nixos-generation-7-[0-9a-f]*\n"));
        assert!(older.contains("\ndefault nixos-generation-*\n"));
    }

    #[test]
    fn systemd_boot_is_told_by_its_magic() {
        let image = b"xx#### LoaderInfo: systemd-boot 252.39-1~deb12u1 ####\0";
        assert_eq!(version(image), Some("252.39-1~deb12u1"));
        assert_eq!(version(b"#### LoaderInfo: systemd-boot "), None);
        assert!(!is_systemd_boot(b"#### LoaderInfo: systemd-stub 252 ####"));
    }
}
