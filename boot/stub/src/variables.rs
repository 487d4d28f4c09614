//! What the operating system learns from the stub, as firmware variables.
//!
//! All stand under [`VENDOR`], volatile, readable at run time. Text is UTF-16 with NUL; PCR numbers are
//! decimal text; feature bits are a 64-bit little-endian number.
//!
//! Source: systemd-stub(7); <https://systemd.io/BOOT_LOADER_INTERFACE/>

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::{utf16_bytes, utf16_nul};

/// The GUID of the boot loader interface.
pub const VENDOR: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// What the stub can do; `bootctl status` prints it.
///
/// Source: systemd, `src/fundamental/efivars-fundamental.h` (numbers of the bits).
pub const FEATURES: u64 = REPORT_PARTITION
    | CREDENTIALS
    | SYSTEM_EXTENSIONS
    | THREE_PCRS
    | COMMAND_LINE_ADDONS
    | CONFIGURATION_EXTENSIONS
    | PROFILES
    | REPORT_STUB_PARTITION;

const REPORT_PARTITION: u64 = 1;
const CREDENTIALS: u64 = 1 << 1;
const SYSTEM_EXTENSIONS: u64 = 1 << 2;
const THREE_PCRS: u64 = 1 << 3;
const COMMAND_LINE_ADDONS: u64 = 1 << 5;
const CONFIGURATION_EXTENSIONS: u64 = 1 << 8;
const PROFILES: u64 = 1 << 9;
const REPORT_STUB_PARTITION: u64 = 1 << 10;

/// A variable to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its bytes.
    pub value: Vec<u8>,
    /// Left as it is where a boot loader has set it already.
    pub keep: bool,
}

impl Variable {
    fn text(name: &'static str, text: &str, keep: bool) -> Self {
        Self {
            name,
            value: utf16_bytes(&utf16_nul(text)),
            keep,
        }
    }
}

/// What the stub knows of where it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The GPT identifier of the partition, as 16 bytes in the order of the partition table.
    pub partition: Option<[u8; 16]>,
    /// The image's path on that partition.
    pub image_path: Option<String>,
    /// The firmware's maker and version.
    pub firmware: String,
    /// The version of UEFI.
    pub firmware_type: String,
    /// The chosen profile, from 0.
    pub profile: usize,
}

/// What was measured successfully.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// PCR 11 holds the image's sections.
    pub image: bool,
    /// PCR 12 holds a command line or credentials.
    pub parameters: bool,
    /// PCR 12 holds configuration extensions.
    pub configuration: bool,
    /// PCR 13 holds system extensions.
    pub extensions: bool,
}

/// The variables that say where and by what the machine was booted.
pub fn about(surroundings: &Surroundings) -> Vec<Variable> {
    let mut out = Vec::new();
    if let Some(partition) = surroundings.partition.map(partition_text) {
        out.push(Variable::text("LoaderDevicePartUUID", &partition, true));
        out.push(Variable::text("StubDevicePartUUID", &partition, false));
    }
    if let Some(path) = &surroundings.image_path {
        out.push(Variable::text("LoaderImageIdentifier", path, true));
        out.push(Variable::text("StubImageIdentifier", path, false));
    }
    out.push(Variable::text(
        "LoaderFirmwareInfo",
        &surroundings.firmware,
        true,
    ));
    out.push(Variable::text(
        "LoaderFirmwareType",
        &surroundings.firmware_type,
        true,
    ));
    let info = concat!("snowguard-stub ", env!("CARGO_PKG_VERSION"));
    out.push(Variable::text("StubInfo", info, false));
    let profile = alloc::format!("{}", surroundings.profile);
    out.push(Variable::text("StubProfile", &profile, false));
    out.push(Variable {
        name: "StubFeatures",
        value: FEATURES.to_le_bytes().to_vec(),
        keep: false,
    });
    out
}

/// The variables that say which PCRs hold something.
pub fn measured(measured: Measured) -> Vec<Variable> {
    [
        (measured.image, "StubPcrKernelImage", "11"),
        (measured.parameters, "StubPcrKernelParameters", "12"),
        (measured.configuration, "StubPcrInitRDConfExts", "12"),
        (measured.extensions, "StubPcrInitRDSysExts", "13"),
    ]
    .into_iter()
    .filter(|(happened, ..)| *happened)
    .map(|(_, name, register)| Variable::text(name, register, false))
    .collect()
}

/// As udev writes it under `/dev/disk/by-partuuid`: the first three groups are little-endian.
fn partition_text(guid: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = guid;
    let mut out = String::with_capacity(36);
    for (place, byte) in [d, c, b, a, f, e, h, g].into_iter().chain(rest).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 0xf] {
            out.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(variable: &Variable) -> String {
        let units: Vec<u16> = variable
            .value
            .chunks(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
            .collect();
        assert_eq!(units.last(), Some(&0));
        String::from_utf16(&units[..units.len() - 1]).unwrap()
    }

    #[test]
    fn a_partition_is_written_as_udev_does() {
        let guid = [
            0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e,
            0xc9, 0x3b,
        ];
        assert_eq!(partition_text(guid), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    }

    #[test]
    fn types_are_those_of_the_interface() {
        let surroundings = Surroundings {
            partition: Some([0; 16]),
            image_path: Some("\\EFI\\Linux\\a.efi".into()),
            ..Surroundings::default()
        };
        let variables = about(&surroundings);
        let find = |name: &str| {
            variables
                .iter()
                .find(|variable| variable.name == name)
                .unwrap()
        };
        assert_eq!(find("StubFeatures").value.len(), 8);
        assert!(text(find("StubInfo")).starts_with("snowguard-stub "));
        assert!(find("LoaderImageIdentifier").keep && !find("StubImageIdentifier").keep);
        assert_eq!(text(find("StubProfile")), "0");
    }

    #[test]
    fn only_what_was_measured_is_said() {
        assert!(measured(Measured::default()).is_empty());
        let some = measured(Measured {
            image: true,
            extensions: true,
            ..Measured::default()
        });
        assert_eq!(some.iter().map(text).collect::<Vec<_>>(), ["11", "13"]);
    }
}
