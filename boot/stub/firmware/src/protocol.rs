//! Access to protocols of firmware, without taking them away from anybody.

use uefi::boot::{self, OpenProtocolAttributes, OpenProtocolParams, ScopedProtocol};
use uefi::proto::ProtocolPointer;
use uefi::{Handle, Result};

/// The protocol of a handle.
///
/// Not exclusively: that would make firmware disconnect the drivers which use it, and fails where one can't be.
pub fn get<P: ProtocolPointer + ?Sized>(handle: Handle) -> Result<ScopedProtocol<P>> {
    let parameters = OpenProtocolParams {
        handle,
        agent: boot::image_handle(),
        controller: None,
    };
    // SAFETY: the handles used here (this image, its device, the TPM, memory attributes) are firmware's own
    // and stay as they are while this program runs; nothing runs beside it that would remove them.
    unsafe { boot::open_protocol(parameters, OpenProtocolAttributes::GetProtocol) }
}

/// The protocol of the only handle that has it; `None` where there is none.
pub fn find<P: ProtocolPointer + ?Sized>() -> Option<ScopedProtocol<P>> {
    let handle = boot::get_handle_for_protocol::<P>().ok()?;
    get(handle)
        .ok()
        .filter(|protocol: &ScopedProtocol<P>| protocol.get().is_some())
}
