//! Writing an image so that it is one only when it is whole.
//!
//! The first sector of an image says that it is one. It is left zero until everything else lasts, and
//! is then put in place: one sector, all or nothing. No rename is needed, which FAT can't do in one
//! piece.

use std::io::{self, Read};

use crate::volume::{SECTOR, Volume, VolumePath};

/// Fills an empty file with everything but the first sector; it lasts on return.
pub fn write(volume: &dyn Volume, path: &VolumePath, image: &[u8]) -> io::Result<()> {
    let head = SECTOR.min(image.len());
    let mut content = io::repeat(0).take(head as u64).chain(&image[head..]);
    volume.fill(path, &mut content)?;
    volume.sync_file(path)
}

/// Puts the first sector in place; it lasts on return.
pub fn put_head(volume: &dyn Volume, path: &VolumePath, image: &[u8]) -> io::Result<()> {
    volume.overwrite_head(path, &image[..SECTOR.min(image.len())])?;
    volume.sync_file(path)
}

/// Takes the first sector away again; it lasts on return. Removing a file frees its clusters and erases its
/// name in any order, and half of an image that is still listed must not be chosen.
pub fn behead(volume: &dyn Volume, path: &VolumePath, size: u64) -> io::Result<()> {
    let head = usize::try_from(size).map_or(SECTOR, |size| size.min(SECTOR));
    if head == 0 {
        return Ok(());
    }
    volume.overwrite_head(path, &[0; SECTOR][..head])?;
    volume.sync_file(path)
}
