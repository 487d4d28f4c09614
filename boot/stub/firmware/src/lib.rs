//! The firmware stub: the program over UEFI's services.
//!
//! It fetches bytes, asks `snowguard-stub` what to do with them, and acts. What it does and in which order
//! stands in `boot`; how it fails, in `efi_main`.

#![no_std]

extern crate alloc;

mod addons;
mod allocator;
mod boot;
mod companions;
mod console;
mod enter;
mod files;
mod hand_over;
mod protocol;
mod runtime;
mod splash;
mod start;
mod surroundings;
mod tpm;
mod variables;

use core::ffi::c_void;
use core::time::Duration;

use snowguard_stub::refusal::{FirmwareStatus, Refusal};
use uefi::{Handle, Status};
use uefi_raw::table::system::SystemTable;

/// How long a message stays before firmware goes on to the next boot entry.
const READING_TIME: Duration = Duration::from_secs(3);

/// Called by firmware. Returns only when nothing was booted.
///
/// # Safety
/// `image` is the handle of this program, `table` the system table, as UEFI 2.10, 4.1 has it.
#[unsafe(no_mangle)]
pub unsafe extern "efiapi" fn efi_main(image: *mut c_void, table: *mut SystemTable) -> Status {
    // SAFETY: firmware passes the handle of this image.
    let Some(handle) = (unsafe { Handle::from_ptr(image) }) else {
        return Status::INVALID_PARAMETER;
    };
    if table.is_null() {
        return Status::INVALID_PARAMETER;
    }
    // SAFETY: firmware passes a table that stays valid until boot services end.
    unsafe { uefi::table::set_system_table(table) };
    // SAFETY: the handle is this image's.
    unsafe { uefi::boot::set_image_handle(handle) };
    let refusal = match boot::run() {
        Ok(status) => {
            console::say(&alloc::format!(
                "The kernel came back to the boot stub: {}.",
                FirmwareStatus(status.0)
            ));
            return status;
        }
        Err(refusal) => refusal,
    };
    console::say("");
    console::say("Snowguard does not boot this image.");
    console::say(&alloc::format!("{refusal}"));
    uefi::boot::stall(READING_TIME);
    match refusal {
        Refusal::Digest { .. } => Status::SECURITY_VIOLATION,
        _ => Status::LOAD_ERROR,
    }
}
