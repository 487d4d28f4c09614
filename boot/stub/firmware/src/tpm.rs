//! Measuring into the TPM.

use alloc::format;
use alloc::vec;

use snowguard_stub::measure::{Taken, measure_or_spoil};
use snowguard_stub::refusal::{FirmwareStatus, Refusal};
use snowguard_stub::text::{utf16_bytes, utf16_nul};
use uefi::Status;
use uefi::boot::ScopedProtocol;
use uefi::proto::tcg::v2::{HashLogExtendEventFlags, PcrEventInputs, Tcg};
use uefi::proto::tcg::{EventType, PcrIndex};

use crate::console::say;
use crate::protocol;

/// Bytes of `EFI_TCG2_EVENT` before its data.
const EVENT_HEADER: usize = 18;

/// The machine's TPM, where it has one.
pub struct Tpm {
    device: Option<ScopedProtocol<Tcg>>,
}

impl Tpm {
    /// Looks for a TPM 2.0 that firmware calls present.
    pub fn find() -> Self {
        let device = protocol::find::<Tcg>().filter_map_present();
        Self { device }
    }

    /// Measures `data`; whether it is in the register now. Without a TPM, it is not.
    ///
    /// # Errors
    /// [`Refusal::Measurement`].
    pub fn measure(&mut self, pcr: u32, description: &str, data: &[u8]) -> Result<bool, Refusal> {
        let Some(device) = self.device.as_mut().and_then(ScopedProtocol::get_mut) else {
            return Ok(false);
        };
        let taken = measure_or_spoil(pcr, description, data, |description, data| {
            extend(device, pcr, description, data).map_err(|status| FirmwareStatus(status.0))
        })?;
        if let Taken::Spoiled(cause) = taken {
            say(&format!(
                "The TPM did not take a measurement ({cause}); what is sealed to PCR {pcr} stays sealed."
            ));
        }
        Ok(taken == Taken::Measured)
    }
}

/// Keeps a protocol only if there is a device behind it.
trait Present {
    fn filter_map_present(self) -> Self;
}

impl Present for Option<ScopedProtocol<Tcg>> {
    fn filter_map_present(self) -> Self {
        let mut device = self?;
        let capability = device.get_mut()?.get_capability().ok()?;
        capability.tpm_present().then_some(device)
    }
}

fn extend(device: &mut Tcg, pcr: u32, description: &str, data: &[u8]) -> Result<(), Status> {
    let text = utf16_bytes(&utf16_nul(description));
    let mut buffer = vec![0; text.len().saturating_add(EVENT_HEADER)];
    let event = PcrEventInputs::new_in_buffer(&mut buffer, PcrIndex(pcr), EventType::IPL, &text)
        .map_err(|error| error.status())?;
    match device.hash_log_extend_event(HashLogExtendEventFlags::empty(), data, event) {
        Ok(()) => Ok(()),
        // The register is extended; only the log is full. Source: TCG EFI Protocol Specification, 6.6.
        Err(error) if error.status() == Status::VOLUME_FULL => Ok(()),
        Err(error) => Err(error.status()),
    }
}
