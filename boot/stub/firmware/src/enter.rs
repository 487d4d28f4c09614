//! Entering the kernel, and coming back from it however it gives up.
//!
//! Linux's EFI code gives up by calling `Exit`, with which firmware cuts this program off: its stack is gone, and what
//! it has offered and taken stays behind. So `Exit` is another function while the kernel runs: for this image it goes
//! on behind the call, as if the kernel had returned.

use core::arch::asm;
use core::ffi::c_void;
use core::sync::atomic::{AtomicUsize, Ordering};

use uefi::Status;
use uefi_raw::Handle;
use uefi_raw::table::boot::BootServices;
use uefi_raw::table::system::SystemTable;

/// Stack and place to go on at when the kernel exits; 0 while it doesn't run.
static STACK: AtomicUsize = AtomicUsize::new(0);
static PLACE: AtomicUsize = AtomicUsize::new(0);
/// Firmware's own function, and the handle of this image.
static FIRMWARES: AtomicUsize = AtomicUsize::new(0);
static HANDLE: AtomicUsize = AtomicUsize::new(0);

type Exit = unsafe extern "efiapi" fn(Handle, Status, usize, *mut u16) -> Status;

/// Enters an image that firmware has not loaded; gives the status with which it returns or exits.
///
/// # Safety
/// `entry` is the entry point of an image laid out for this machine, which stays there during the call; `handle` is
/// this image's, and `table` firmware's.
pub unsafe fn enter(entry: *const u8, handle: *mut c_void, table: *mut SystemTable) -> Status {
    // SAFETY: the caller vouches for the table.
    let services: *mut BootServices = unsafe { (*table).boot_services };
    // SAFETY: firmware's table of services is valid until they end.
    let firmwares: Exit = unsafe { (*services).exit };
    FIRMWARES.store(firmwares as usize, Ordering::Relaxed);
    HANDLE.store(handle.addr(), Ordering::Relaxed);
    // SAFETY: nothing else runs that would use the table meanwhile.
    unsafe { (*services).exit = exit };
    // SAFETY: the caller vouches for entry, handle and table.
    let status = unsafe { call(entry, handle, table) };
    STACK.store(0, Ordering::Relaxed);
    // SAFETY: what stood there before.
    unsafe { (*services).exit = firmwares };
    Status(status)
}

/// # Safety
/// As [`enter`].
unsafe fn call(entry: *const u8, handle: *mut c_void, table: *mut SystemTable) -> usize {
    let status;
    // SAFETY: the callee follows UEFI's calling convention, for which 32 bytes lie below an aligned stack; if it
    // exits instead, [`exit`] jumps to the label with the stack as noted. Either way every register that the callee
    // may have changed is told to the compiler or taken from the stack.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "lea rbx, [rip + 2f]",
            "mov [rip + {place}], rbx",
            "mov [rip + {stack}], rsp",
            "mov rbp, rsp",
            "and rsp, -16",
            "sub rsp, 32",
            "call rax",
            "mov rsp, rbp",
            "2:",
            "cld",
            "pop rbp",
            "pop rbx",
            place = sym PLACE,
            stack = sym STACK,
            inlateout("rax") entry => status,
            inlateout("rcx") handle => _,
            inlateout("rdx") table => _,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            clobber_abi("sysv64"),
        );
    }
    status
}

/// Stands in for firmware's `Exit` while the kernel runs.
unsafe extern "efiapi" fn exit(
    image: Handle,
    status: Status,
    size: usize,
    data: *mut u16,
) -> Status {
    let stack = STACK.load(Ordering::Relaxed);
    if image.addr() == HANDLE.load(Ordering::Relaxed) && stack != 0 {
        // SAFETY: `call` is still below on this stack, and goes on at the place it has noted; what lies above it is
        // the kernel's, which asked to be ended.
        unsafe {
            asm!(
                "mov rsp, {stack}",
                "jmp {place}",
                stack = in(reg) stack,
                place = in(reg) PLACE.load(Ordering::Relaxed),
                in("rax") status.0,
                options(noreturn),
            );
        }
    }
    let firmwares = FIRMWARES.load(Ordering::Relaxed);
    // SAFETY: the function that firmware's table held, stored before this one was put there.
    let firmwares: Exit = unsafe { core::mem::transmute(firmwares) };
    // SAFETY: the caller's arguments, passed on.
    unsafe { firmwares(image, status, size, data) }
}
