//! Firmware variables.

use alloc::vec::Vec;

use snowguard_stub::secure_boot::{Read, SecureBoot};
use snowguard_stub::text::utf16_nul;
use snowguard_stub::variables::Variable;
use uefi::runtime::{self, VariableAttributes, VariableVendor};
use uefi::{CStr16, Status, guid};

/// `snowguard_stub::variables::VENDOR`.
const LOADER: VariableVendor = VariableVendor(guid!("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"));

/// Sets them; a failure costs information, no security, so booting goes on.
pub fn publish(variables: &[Variable]) {
    let attributes = VariableAttributes::BOOTSERVICE_ACCESS | VariableAttributes::RUNTIME_ACCESS;
    for variable in variables {
        let units: Vec<u16> = utf16_nul(variable.name);
        let Ok(name) = CStr16::from_u16_with_nul(&units) else {
            continue;
        };
        if variable.keep && runtime::variable_exists(name, &LOADER).unwrap_or(false) {
            continue;
        }
        let _lost = runtime::set_variable(name, &LOADER, attributes, &variable.value);
    }
}

/// The state of Secure Boot.
pub fn secure_boot() -> SecureBoot {
    let mut buffer = [0; 8];
    let name = uefi::cstr16!("SecureBoot");
    let read = runtime::get_variable(name, &VariableVendor::GLOBAL_VARIABLE, &mut buffer);
    SecureBoot::decide(match &read {
        Ok((value, _)) => Read::Value(value),
        Err(error) if error.status() == Status::NOT_FOUND => Read::Missing,
        Err(_) => Read::Failed,
    })
}
