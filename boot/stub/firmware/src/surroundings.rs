//! Where this image was started from, and by what.

use alloc::format;
use alloc::string::String;

use snowguard_stub::variables::Surroundings;
use uefi::proto::device_path::DevicePath;
use uefi::proto::device_path::media::{FilePath, HardDrive, PartitionSignature};
use uefi::proto::loaded_image::LoadedImage;

use crate::protocol;

/// Asks firmware; what it doesn't know stays empty.
pub fn look(image: &LoadedImage, profile: usize) -> Surroundings {
    let revision = uefi::system::firmware_revision();
    let version = uefi::system::uefi_revision();
    Surroundings {
        partition: image.device().and_then(partition),
        image_path: image.file_path().and_then(path),
        firmware: format!(
            "{} {}.{:02}",
            uefi::system::firmware_vendor(),
            revision >> 16,
            revision & 0xffff
        ),
        firmware_type: format!("UEFI {}.{:02}", version.major(), version.minor()),
        profile,
    }
}

fn partition(device: uefi::Handle) -> Option<[u8; 16]> {
    let device = protocol::get::<DevicePath>(device).ok()?;
    let guids = device.get()?.node_iter().filter_map(|node| {
        let drive = <&HardDrive>::try_from(node).ok()?;
        match drive.partition_signature() {
            PartitionSignature::Guid(guid) => Some(guid.to_bytes()),
            _ => None,
        }
    });
    guids.last()
}

/// The file path nodes joined; `None` for an image that was not started from a file.
fn path(path: &DevicePath) -> Option<String> {
    let mut out = String::new();
    for node in path.node_iter() {
        let Ok(node) = <&FilePath>::try_from(node) else {
            continue;
        };
        let units = node.path_name();
        let name = units.iter().take_while(|unit| *unit != 0);
        let name: String = char::decode_utf16(name)
            .map(|c| c.unwrap_or('\u{fffd}'))
            .collect();
        if !name.starts_with('\\') && !out.ends_with('\\') {
            out.push('\\');
        }
        out.push_str(&name);
    }
    (out.len() > 1).then_some(out)
}
