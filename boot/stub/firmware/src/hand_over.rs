//! The initial ramdisk for the kernel, through `LoadFile2` on Linux's own device path.
//!
//! Source: Linux, `Documentation/arch/x86/boot.rst`; UEFI 2.10, 13.2 (EFI_LOAD_FILE2_PROTOCOL).

use alloc::boxed::Box;
use core::ffi::c_void;

use snowguard_stub::initrd::Initrd;
use snowguard_stub::refusal::{FirmwareStatus, Refusal};
use uefi::proto::device_path::DevicePath;
use uefi::proto::media::load_file::LoadFile2;
use uefi::{Handle, Identify, Status, boot};
use uefi_raw::Boolean;
use uefi_raw::protocol::device_path::DevicePathProtocol;
use uefi_raw::protocol::media::LoadFile2Protocol;

/// `LINUX_EFI_INITRD_MEDIA_GUID` (5568e427-68fc-4f3d-ac74-ca555231cc68) as a vendor node, and the end.
static PATH: [u8; 24] = [
    0x04, 0x03, 0x14, 0x00, 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f, 0xac, 0x74, 0xca, 0x55,
    0x52, 0x31, 0xcc, 0x68, 0x7f, 0xff, 0x04, 0x00,
];

/// What firmware holds a pointer to. The protocol stands first, so that its address is this one's.
#[repr(C)]
struct Served<'a> {
    protocol: LoadFile2Protocol,
    initrd: Initrd<'a>,
}

/// The registered initrd; taken back when dropped.
pub struct Offer<'a> {
    handle: Handle,
    served: Box<Served<'a>>,
}

impl<'a> Offer<'a> {
    /// Offers an initrd to the kernel.
    ///
    /// # Errors
    /// [`Refusal::ForeignInitrd`] when somebody else already does: the kernel would take that one.
    pub fn register(initrd: Initrd<'a>) -> Result<Self, Refusal> {
        refuse_others()?;
        let protocol = LoadFile2Protocol { load_file };
        let served = Box::new(Served { protocol, initrd });
        let doing = "offering the initial ramdisk";
        let failed = |error: uefi::Error| Refusal::Firmware {
            doing,
            cause: FirmwareStatus(error.status().0),
        };
        // SAFETY: the path is static and well-formed.
        let handle = unsafe {
            boot::install_protocol_interface(None, &DevicePathProtocol::GUID, PATH.as_ptr().cast())
        }
        .map_err(failed)?;
        let offer = Self { handle, served };
        // SAFETY: the interface stands in a box that lives until `drop` uninstalls it.
        unsafe {
            boot::install_protocol_interface(
                Some(handle),
                &LoadFile2Protocol::GUID,
                offer.interface(),
            )
        }
        .map_err(failed)?;
        Ok(offer)
    }

    fn interface(&self) -> *const c_void {
        let served: *const Served<'a> = &raw const *self.served;
        served.cast()
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        let interface = self.interface();
        // SAFETY: nothing else uses this handle; firmware refuses if it isn't there.
        let _gone = unsafe {
            boot::uninstall_protocol_interface(self.handle, &LoadFile2Protocol::GUID, interface)
        };
        // SAFETY: the same.
        let _gone = unsafe {
            boot::uninstall_protocol_interface(
                self.handle,
                &DevicePathProtocol::GUID,
                PATH.as_ptr().cast(),
            )
        };
    }
}

/// Whether the kernel would find an initrd of somebody else.
///
/// # Errors
/// [`Refusal::ForeignInitrd`].
pub fn refuse_others() -> Result<(), Refusal> {
    // SAFETY: the path is static and well-formed.
    let mut path = unsafe { DevicePath::from_ffi_ptr(PATH.as_ptr().cast()) };
    let found = boot::locate_device_path::<LoadFile2>(&mut path);
    let whole = path.node_iter().next().is_none();
    if found.is_ok() && whole {
        Err(Refusal::ForeignInitrd)
    } else {
        Ok(())
    }
}

/// Called by the kernel's EFI stub: first without a buffer, to learn the size.
unsafe extern "efiapi" fn load_file(
    this: *mut LoadFile2Protocol,
    path: *const DevicePathProtocol,
    boot_policy: Boolean,
    size: *mut usize,
    buffer: *mut c_void,
) -> Status {
    if this.is_null() || path.is_null() || size.is_null() {
        return Status::INVALID_PARAMETER;
    }
    if boot_policy != Boolean::FALSE {
        return Status::UNSUPPORTED;
    }
    let served: *const Served<'_> = this.cast_const().cast();
    // SAFETY: `this` is the address of a `Served`, the only thing registered with this function.
    let initrd = &unsafe { &*served }.initrd;
    let needed = initrd.size();
    // SAFETY: the caller passes a valid place for the size.
    let room = unsafe { size.replace(needed) };
    if buffer.is_null() || room < needed {
        return Status::BUFFER_TOO_SMALL;
    }
    // SAFETY: the caller vouches for `room` bytes, which are no fewer, and shares them with nobody.
    let out = unsafe { core::slice::from_raw_parts_mut(buffer.cast::<u8>(), needed) };
    match initrd.write_to(out) {
        Some(()) => Status::SUCCESS,
        None => Status::LOAD_ERROR,
    }
}

const _: () = assert!(core::mem::offset_of!(Served<'static>, protocol) == 0);
const _: () = assert!(LoadFile2::GUID.to_bytes()[0] == 0xc1);
