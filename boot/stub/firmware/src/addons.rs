//! Addons: loaded by firmware, so that Secure Boot verifies them (and PCR 4 has them), but never started.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use snowguard_boot_format::pe::Loaded;
use snowguard_stub::addon::Addon;
use snowguard_stub::companions::{self, ADDONS, File};
use snowguard_stub::refusal::FirmwareStatus;
use uefi::boot::{self, LoadImageSource};
use uefi::proto::loaded_image::LoadedImage;

use crate::companions::Neighbourhood;
use crate::console::say;
use crate::protocol;

/// What an addon adds, kept after it is unloaded.
#[derive(Default)]
pub struct Kept {
    /// File name.
    pub name: String,
    /// Words for the command line.
    pub command_line: String,
    /// Archive for the end of the initrd.
    pub initrd: Vec<u8>,
    /// Microcode for its beginning.
    pub microcode: Vec<u8>,
}

/// Reads all addons, global ones first, each folder in the order of names. What is refused is said and passed over.
pub fn read(neighbourhood: &mut Neighbourhood, version: Option<&str>) -> Vec<Kept> {
    let mut kept = Vec::new();
    for place in ADDONS {
        let mut files = neighbourhood.read(place, &companions::is_addon);
        companions::by_name(&mut files);
        for file in &files {
            match load(file, version) {
                Ok(addon) => kept.push(addon),
                Err(why) => say(&format!("The addon {} is passed over: {why}.", file.name)),
            }
        }
    }
    kept
}

fn load(file: &File, version: Option<&str>) -> Result<Kept, String> {
    let source = LoadImageSource::FromBuffer {
        buffer: &file.bytes,
        file_path: None,
    };
    let handle = boot::load_image(boot::image_handle(), source).map_err(|error| {
        format!(
            "firmware doesn't accept it ({})",
            FirmwareStatus(error.status().0)
        )
    })?;
    let kept = keep(handle, &file.name, version);
    let _lost = boot::unload_image(handle);
    kept
}

fn keep(handle: uefi::Handle, name: &str, version: Option<&str>) -> Result<Kept, String> {
    let unreadable = || String::from("it can't be read");
    let image = protocol::get::<LoadedImage>(handle).map_err(|_| unreadable())?;
    let (base, size) = image.get().ok_or_else(unreadable)?.info();
    let size = usize::try_from(size).map_err(|_| unreadable())?;
    if base.is_null() {
        return Err(unreadable());
    }
    // SAFETY: firmware has loaded the image there, nothing runs that would write to it, and the slice is
    // given up before the image is unloaded.
    let memory = unsafe { core::slice::from_raw_parts(base.cast::<u8>(), size) };
    let loaded = Loaded::parse(memory).map_err(|error| format!("{error}"))?;
    let addon = Addon::read(&loaded, version)?;
    Ok(Kept {
        name: String::from(name),
        command_line: String::from(addon.command_line),
        initrd: addon.initrd.unwrap_or_default().to_vec(),
        microcode: addon.microcode.unwrap_or_default().to_vec(),
    })
}
