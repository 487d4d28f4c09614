//! Writing the certificate table.

use alloc::vec::Vec;

use super::AuthenticodeError;
use crate::pe::{File, REVISION_2, TYPE_PKCS7};

/// Bytes of an entry's header.
const HEADER: usize = 8;

/// Appends a signature (PKCS #7, DER) to the image's certificate table. An image without one is
/// first filled up with zeros to a multiple of 8, as [`digest_to_sign`](super::digest_to_sign)
/// expects.
///
/// # Errors
/// [`AuthenticodeError`] when the image is malformed or would be too large.
pub fn attach(mut image: Vec<u8>, signature: &[u8]) -> Result<Vec<u8>, AuthenticodeError> {
    let place = Place::of(&image)?;
    let filled = image
        .len()
        .checked_next_multiple_of(8)
        .ok_or(AuthenticodeError::TooLarge)?;
    let length = HEADER.saturating_add(signature.len());
    let entry_length = u32::try_from(length).map_err(|_| AuthenticodeError::TooLarge)?;
    let start = if place.signed { place.table } else { filled };
    image.resize(filled, 0);
    image.extend_from_slice(&entry_length.to_le_bytes());
    image.extend_from_slice(&REVISION_2.to_le_bytes());
    image.extend_from_slice(&TYPE_PKCS7.to_le_bytes());
    image.extend_from_slice(signature);
    let end = image
        .len()
        .checked_next_multiple_of(8)
        .ok_or(AuthenticodeError::TooLarge)?;
    image.resize(end, 0);
    place.write(&mut image, start, end.saturating_sub(start))?;
    Ok(image)
}

/// Takes the signature of this number (from 0) away.
///
/// # Errors
/// [`AuthenticodeError::NoSuchSignature`], or when the image is malformed.
pub fn remove(mut image: Vec<u8>, number: usize) -> Result<Vec<u8>, AuthenticodeError> {
    let place = Place::of(&image)?;
    let file = File::parse(&image)?;
    let entries = file.certificates()?.collect::<Result<Vec<_>, _>>()?;
    let entry = entries
        .get(number)
        .ok_or(AuthenticodeError::NoSuchSignature {
            number,
            count: entries.len(),
        })?;
    let from = entry.offset;
    let to = entries
        .get(number.saturating_add(1))
        .map_or(image.len(), |next| next.offset);
    image.drain(from..to.min(image.len()));
    let size = image.len().saturating_sub(place.table);
    let start = if size == 0 { 0 } else { place.table };
    place.write(&mut image, start, size)?;
    Ok(image)
}

/// Takes the whole certificate table away. Zeros that filled the image up before it was signed
/// stay, so that signing again gives the same digest.
///
/// # Errors
/// [`AuthenticodeError`] when the image is malformed.
pub fn remove_all(mut image: Vec<u8>) -> Result<Vec<u8>, AuthenticodeError> {
    let place = Place::of(&image)?;
    if place.signed {
        image.truncate(place.table);
        place.write(&mut image, 0, 0)?;
    }
    Ok(image)
}

/// Where the table and what points to it are.
struct Place {
    signed: bool,
    table: usize,
    checksum: usize,
    directory: usize,
}

impl Place {
    fn of(image: &[u8]) -> Result<Self, AuthenticodeError> {
        let file = File::parse(image)?;
        Ok(Self {
            signed: file.headers().certificates().is_some(),
            table: file.certificates()?.offset(),
            checksum: file.headers().checksum_offset(),
            directory: file
                .headers()
                .certificates_offset()
                .ok_or(AuthenticodeError::NoDirectory)?,
        })
    }

    /// Points to a table. The checksum becomes 0, "none": nothing relies upon it, and making it
    /// would take a second pass over the image.
    fn write(&self, image: &mut [u8], start: usize, size: usize) -> Result<(), AuthenticodeError> {
        let start = u32::try_from(start).map_err(|_| AuthenticodeError::TooLarge)?;
        let size = u32::try_from(size).map_err(|_| AuthenticodeError::TooLarge)?;
        let mut put = |at: usize, value: u32| {
            let place = image
                .get_mut(at..)
                .and_then(|rest| rest.get_mut(..4))
                .ok_or(AuthenticodeError::NoDirectory)?;
            place.copy_from_slice(&value.to_le_bytes());
            Ok::<(), AuthenticodeError>(())
        };
        put(self.checksum, 0)?;
        put(self.directory, start)?;
        put(self.directory.saturating_add(4), size)
    }
}
