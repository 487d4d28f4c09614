//! What a kernel's `.sbat` says of its generations, by which a whole release can be revoked.
//!
//! Few bytes of the kernel are read: a boot partition of fifty generations is looked at in a fraction of a second.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use snowguard_boot_format::pe::Headers;
use snowguard_boot_format::uki::Section;

/// Headers of a kernel end long before.
const HEADERS: usize = 64 << 10;
/// Firmware keeps all of it in a variable of a few hundred bytes.
const LARGEST: u32 = 16 << 10;

/// The bytes of `.sbat`; none for a kernel without, or for a file that is no image.
pub fn read(kernel: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| format!("{}: {error}", kernel.display());
    let file = File::open(kernel).map_err(failed)?;
    let mut headers = vec![0; HEADERS];
    let read = fill(&file, &mut headers, 0).map_err(failed)?;
    headers.truncate(read);
    let Ok(headers) = Headers::parse(&headers) else {
        // Firmware and stub will say so.
        return Ok(Vec::new());
    };
    let name = Section::Sbat.name();
    let Some(section) = headers.sections().find(|section| section.name == name) else {
        return Ok(Vec::new());
    };
    let size = section.raw_size.min(section.memory_size());
    if size > LARGEST {
        return Err(format!("{}: {size} bytes of .sbat", kernel.display()));
    }
    let mut content = vec![0; size as usize];
    file.read_exact_at(&mut content, section.raw_offset.into())
        .map_err(failed)?;
    Ok(content)
}

fn fill(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
