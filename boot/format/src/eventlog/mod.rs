//! The log of what firmware and boot loaders measured.
//!
//! The first event says which form follows: with "Spec ID Event03" as its data, each event has a
//! digest per bank (crypto-agile); else each has one of SHA-1 (legacy).
//!
//! Source: TCG PC Client Platform Firmware Profile 1.06, section 10.

mod details;
mod parse;

pub use details::{ImageLoad, VariableData};
pub use parse::{Event, EventLog, LogError};

/// What kind of event it is. Source: section 10.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventType(pub u32);

impl EventType {
    /// Not measured, tells about the log.
    pub const NO_ACTION: Self = Self(3);
    /// The line between firmware and what it starts.
    pub const SEPARATOR: Self = Self(4);
    /// Used by boot loaders and stubs.
    pub const IPL: Self = Self(13);
    /// A variable that decides about booting, e.g. db.
    pub const VARIABLE_DRIVER_CONFIG: Self = Self(0x8000_0001);
    /// A program that was started.
    pub const BOOT_SERVICES_APPLICATION: Self = Self(0x8000_0003);
    /// A driver that was loaded.
    pub const BOOT_SERVICES_DRIVER: Self = Self(0x8000_0004);
    /// A driver that stays.
    pub const RUNTIME_SERVICES_DRIVER: Self = Self(0x8000_0005);
    /// An entry of db that allowed an image.
    pub const VARIABLE_AUTHORITY: Self = Self(0x8000_00e0);

    /// The specification's name.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "EV_PREBOOT_CERT",
            1 => "EV_POST_CODE",
            3 => "EV_NO_ACTION",
            4 => "EV_SEPARATOR",
            5 => "EV_ACTION",
            6 => "EV_EVENT_TAG",
            7 => "EV_S_CRTM_CONTENTS",
            8 => "EV_S_CRTM_VERSION",
            9 => "EV_CPU_MICROCODE",
            10 => "EV_PLATFORM_CONFIG_FLAGS",
            11 => "EV_TABLE_OF_DEVICES",
            12 => "EV_COMPACT_HASH",
            13 => "EV_IPL",
            14 => "EV_IPL_PARTITION_DATA",
            15 => "EV_NONHOST_CODE",
            16 => "EV_NONHOST_CONFIG",
            17 => "EV_NONHOST_INFO",
            18 => "EV_OMIT_BOOT_DEVICE_EVENTS",
            0x8000_0001 => "EV_EFI_VARIABLE_DRIVER_CONFIG",
            0x8000_0002 => "EV_EFI_VARIABLE_BOOT",
            0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
            0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
            0x8000_0005 => "EV_EFI_RUNTIME_SERVICES_DRIVER",
            0x8000_0006 => "EV_EFI_GPT_EVENT",
            0x8000_0007 => "EV_EFI_ACTION",
            0x8000_0008 => "EV_EFI_PLATFORM_FIRMWARE_BLOB",
            0x8000_0009 => "EV_EFI_HANDOFF_TABLES",
            0x8000_000a => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
            0x8000_000b => "EV_EFI_HANDOFF_TABLES2",
            0x8000_000c => "EV_EFI_VARIABLE_BOOT2",
            0x8000_0010 => "EV_EFI_HCRTM_EVENT",
            0x8000_00e0 => "EV_EFI_VARIABLE_AUTHORITY",
            0x8000_00e1 => "EV_EFI_SPDM_FIRMWARE_BLOB",
            0x8000_00e2 => "EV_EFI_SPDM_FIRMWARE_CONFIG",
            _ => return None,
        })
    }
}
