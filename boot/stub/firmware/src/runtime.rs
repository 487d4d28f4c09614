//! What the compiler expects of its surroundings where there is no operating system.

use core::panic::PanicInfo;

use uefi::Status;

/// Nothing here should panic; what does (memory at an end) goes back to firmware instead of standing still.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    crate::console::say("Snowguard's boot stub has met an error of its own.");
    if let Some(place) = info.location() {
        crate::console::say(place.file());
    }
    // SAFETY: resources of this program are left behind, which costs memory until the next reset.
    let _failed = unsafe {
        uefi::boot::exit(
            uefi::boot::image_handle(),
            Status::ABORTED,
            0,
            core::ptr::null_mut(),
        )
    };
    loop {
        core::hint::spin_loop();
    }
}

/// UEFI targets bring their own; the static library for the other route has no C library to take them from.
#[cfg(not(target_os = "uefi"))]
mod memory {
    use core::arch::asm;

    /// # Safety
    /// As C's `memcpy`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
        // SAFETY: the caller vouches for both ranges; the ABI gives a clear direction flag.
        unsafe {
            asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
        to
    }

    /// # Safety
    /// As C's `memmove`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
        if to.addr().wrapping_sub(from.addr()) >= count {
            // SAFETY: forward, this never overwrites what has still to be read.
            return unsafe { memcpy(to, from, count) };
        }
        let last = count.wrapping_sub(1);
        // SAFETY: backwards from the last byte of ranges the caller vouches for; the flag is cleared again.
        unsafe {
            asm!("std", "rep movsb", "cld", inout("rcx") count => _,
                inout("rdi") to.wrapping_add(last) => _, inout("rsi") from.wrapping_add(last) => _,
                options(nostack));
        }
        to
    }

    /// # Safety
    /// As C's `memset`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
        let [byte, ..] = value.to_le_bytes();
        // SAFETY: the caller vouches for the range; the ABI gives a clear direction flag.
        unsafe {
            asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte,
                options(nostack, preserves_flags));
        }
        to
    }

    /// # Safety
    /// As C's `memcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
        let mut place = 0;
        while place < count {
            // Volatile, so that the compiler doesn't make this loop a call of itself.
            // SAFETY: the caller vouches for `count` bytes.
            let a = unsafe { left.wrapping_add(place).read_volatile() };
            // SAFETY: the same.
            let b = unsafe { right.wrapping_add(place).read_volatile() };
            if a != b {
                return i32::from(a).wrapping_sub(i32::from(b));
            }
            place = place.wrapping_add(1);
        }
        0
    }

    /// # Safety
    /// As `memcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
        // SAFETY: the caller's promise is the same.
        unsafe { memcmp(left, right, count) }
    }

    /// Named by the compiled standard crates; never reached, since a panic doesn't unwind here.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() {}

    /// Likewise.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Resume() {}
}
