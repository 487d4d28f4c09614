//! Lines on the screen.

use alloc::vec::Vec;

use uefi::CStr16;

/// Shows a line. Where there is no screen, or it fails, the line is lost: there is nobody to tell.
pub fn say(line: &str) {
    let Some(table) = uefi::table::system_table_raw() else {
        return;
    };
    // SAFETY: the table was given by firmware and is valid until boot services end.
    if unsafe { table.as_ref() }.stdout.is_null() {
        return;
    }
    let units: Vec<u16> = line.encode_utf16().chain("\r\n\0".encode_utf16()).collect();
    if let Ok(text) = CStr16::from_u16_with_nul(&units) {
        uefi::system::with_stdout(|output| {
            let _lost = output.output_string(text);
        });
    }
}
