//! Loading and entering the kernel.

use alloc::vec::Vec;
use snowguard_stub::kernel::{self, Permissions};
use snowguard_stub::refusal::{FirmwareStatus, Refusal};
use uefi::Status;
use uefi::boot::{self, AllocateType, PAGE_SIZE};
use uefi::mem::memory_map::{MemoryAttribute, MemoryType};
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::security::MemoryProtection;

use crate::{enter, protocol};

/// Loads the checked bytes of the kernel and enters it with `options` (UTF-16 with NUL). Comes back only if
/// the kernel's EFI stub gives up.
///
/// # Errors
/// [`Refusal`] when it can't be loaded.
pub fn start(bytes: &[u8], options: &[u16]) -> Result<Status, Refusal> {
    let size = kernel::size(bytes)?;
    let short = || Refusal::Memory {
        what: "the kernel",
        size,
    };
    let pages = size.div_ceil(PAGE_SIZE);
    let length = pages.checked_mul(PAGE_SIZE).ok_or_else(short)?;
    let memory = boot::allocate_pages(AllocateType::AnyPages, MemoryType::LOADER_CODE, pages)
        .map_err(|_| short())?;
    let base = memory.as_ptr();
    // SAFETY: the pages are fresh, and this is the only reference to them. They hold what firmware or an earlier
    // program has left there, which is bytes of some value; `load` writes every one before anything is read.
    let slice = unsafe { core::slice::from_raw_parts_mut(base, length) };
    let address = u64::try_from(base.addr()).unwrap_or(u64::MAX);
    let result = kernel::load(bytes, slice, address).and_then(|kernel| {
        protect(address, &kernel.permissions)?;
        let entry = slice.get(kernel.entry..).map(<[u8]>::as_ptr);
        let entry = entry.ok_or(Refusal::KernelEntry(u32::MAX))?;
        run(entry, base, length, options)
    });
    unprotect(address, length);
    // SAFETY: the kernel gave up, or was never entered; nothing refers to the pages.
    let _lost = unsafe { boot::free_pages(memory, pages) };
    result
}

/// Code that can't be written and data that can't run, where firmware can do that and the kernel is made for it.
fn protect(base: u64, sections: &[Permissions]) -> Result<(), Refusal> {
    let Some(protection) = protocol::find::<MemoryProtection>() else {
        return Ok(());
    };
    let Some(protection) = protection.get() else {
        return Ok(());
    };
    for section in sections {
        let start = base.saturating_add(u64::from(section.offset));
        let region = start..start.saturating_add(u64::from(section.size));
        let mut set = MemoryAttribute::empty();
        set.set(MemoryAttribute::READ_ONLY, !section.write);
        set.set(MemoryAttribute::EXECUTE_PROTECT, !section.execute);
        let all = MemoryAttribute::READ_ONLY | MemoryAttribute::EXECUTE_PROTECT;
        let cleared = all.difference(set);
        let done =
            [(false, set), (true, cleared)]
                .into_iter()
                .try_for_each(|(clear, attributes)| {
                    if attributes.is_empty() {
                        return Ok(());
                    }
                    match clear {
                        true => protection.clear_memory_attributes(region.clone(), attributes),
                        false => protection.set_memory_attributes(region.clone(), attributes),
                    }
                });
        done.map_err(|error| Refusal::Firmware {
            doing: "setting the permissions of the kernel's memory",
            cause: FirmwareStatus(error.status().0),
        })?;
    }
    Ok(())
}

/// Firmware gets its memory back as it was.
fn unprotect(base: u64, length: usize) {
    let found = protocol::find::<MemoryProtection>();
    let length = u64::try_from(length).unwrap_or_default();
    if let Some(protection) = found.as_ref().and_then(|protection| protection.get()) {
        let all = MemoryAttribute::READ_ONLY | MemoryAttribute::EXECUTE_PROTECT;
        let _lost = protection.clear_memory_attributes(base..base.saturating_add(length), all);
    }
}

/// Runs the kernel on this image's handle, the only one that firmware has made for it.
fn run(entry: *const u8, base: *mut u8, length: usize, options: &[u16]) -> Result<Status, Refusal> {
    let failed = |cause: Status| Refusal::Firmware {
        doing: "entering the kernel",
        cause: FirmwareStatus(cause.0),
    };
    let mut image = protocol::get::<LoadedImage>(boot::image_handle())
        .map_err(|error| failed(error.status()))?;
    let image = image.get_mut().ok_or(failed(Status::UNSUPPORTED))?;
    let table = uefi::table::system_table_raw().ok_or(failed(Status::UNSUPPORTED))?;
    // Copied to where nothing can move: the kernel reads it later.
    let options: Vec<u16> = options.to_vec();
    let options_size = options
        .len()
        .checked_mul(2)
        .and_then(|size| u32::try_from(size).ok());
    let options_size = options_size.ok_or(failed(Status::BAD_BUFFER_SIZE))?;
    let (own_base, own_size) = image.info();
    let image_size = u64::try_from(length).unwrap_or(u64::MAX);
    // SAFETY: the options live until this function returns, and are taken away before.
    unsafe { image.set_load_options(options.as_ptr().cast(), options_size) };
    // SAFETY: the kernel's memory lives longer than the call; the own values are put back after it.
    unsafe { image.set_image(base.cast_const().cast(), image_size) };
    // SAFETY: `entry` is the entry point that the checked kernel's header names, inside its code, which is laid out
    // as its headers say; it gets what UEFI promises an image.
    let status = unsafe { enter::enter(entry, boot::image_handle().as_ptr(), table.as_ptr()) };
    // SAFETY: what firmware had set.
    unsafe { image.set_image(own_base, own_size) };
    // SAFETY: no address and no bytes: nothing points to the options that end here.
    unsafe { image.set_load_options(core::ptr::null(), 0) };
    Ok(status)
}
