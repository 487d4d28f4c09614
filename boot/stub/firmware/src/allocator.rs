//! Memory from firmware's pool.
//!
//! The allocator of the crate `uefi` panics where firmware does not take memory back, and brings along all that
//! a panic has to say; here such memory is lost until the next reset.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use uefi::mem::memory_map::MemoryType;
use uefi_raw::table::boot::BootServices;

#[global_allocator]
static POOL: Pool = Pool;

struct Pool;

/// What firmware aligns to. Source: UEFI 2.10, 7.2 (AllocatePool).
const ALIGNMENT: usize = 8;

// SAFETY: the pool's memory belongs to nobody else; larger alignments get their place inside of a larger piece, with
// that piece's address right before it.
unsafe impl GlobalAlloc for Pool {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let beyond = match layout.align() {
            ..=ALIGNMENT => 0,
            larger => larger,
        };
        let (Some(services), Some(size)) = (services(), layout.size().checked_add(beyond)) else {
            return ptr::null_mut();
        };
        let mut piece = ptr::null_mut();
        // SAFETY: firmware's own function, with a place for its result.
        let status = unsafe { (services.allocate_pool)(MemoryType::LOADER_DATA, size, &mut piece) };
        if status.is_error() || piece.is_null() {
            return ptr::null_mut();
        }
        if beyond == 0 {
            return piece;
        }
        // At least as far in as an address is long, since pieces begin at multiples of 8.
        let place = piece.wrapping_add(beyond.wrapping_sub(piece.addr() & beyond.wrapping_sub(1)));
        // SAFETY: between the piece's begin and the place are 8 bytes or more, aligned like an address.
        unsafe { place.cast::<*mut u8>().wrapping_sub(1).write(piece) };
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        let piece = match layout.align() {
            ..=ALIGNMENT => place,
            // SAFETY: `alloc` has written it there.
            _ => unsafe { place.cast::<*mut u8>().wrapping_sub(1).read() },
        };
        if let Some(services) = services() {
            // SAFETY: firmware gave this piece.
            let _lost = unsafe { (services.free_pool)(piece) };
        }
    }
}

fn services() -> Option<&'static BootServices> {
    let table = uefi::table::system_table_raw()?;
    // SAFETY: the table was given by firmware and is valid until boot services end, as these services are.
    let services = unsafe { table.as_ref() }.boot_services;
    // SAFETY: the same.
    unsafe { services.as_ref() }
}
