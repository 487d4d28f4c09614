//! Sections that the initrd's programs want to read: handed over as files under `/.extra`.

use alloc::vec::Vec;

use snowguard_boot_format::uki::Section;

use crate::cpio::Archive;
use crate::image::Image;
use crate::refusal::Refusal;

/// As systemd looks for them.
const FILES: [(Section, &str); 4] = [
    (Section::PcrSignature, ".extra/tpm2-pcr-signature.json"),
    (Section::PcrPublicKey, ".extra/tpm2-pcr-public-key.pem"),
    (Section::Profile, ".extra/profile"),
    (Section::OsRelease, ".extra/os-release"),
];

/// An archive of them; `None` when the image has none.
///
/// # Errors
/// [`Refusal::Memory`].
pub fn archive(image: &Image<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let present: Vec<_> = FILES
        .iter()
        .filter_map(|(section, path)| Some((*path, image.section(*section)?)))
        .collect();
    if present.is_empty() {
        return Ok(None);
    }
    let mut archive = Archive::default();
    archive.directory(".extra", 0o555)?;
    for (path, bytes) in present {
        archive.file(path, 0o444, bytes)?;
    }
    archive.finish().map(Some)
}
