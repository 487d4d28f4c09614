//! GUIDs as EFI writes them.

use alloc::string::{String, ToString};
use core::fmt;

use crate::bytes::array;

/// A GUID; the bytes are those of EFI_GUID in memory: the first three fields little-endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

/// Not a GUID as text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no GUID (8-4-4-4-12 hexadecimal digits)")]
pub struct GuidError {
    text: String,
}

impl Guid {
    /// The bytes as they stand in EFI's structures.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A random one (version 4) from sixteen random bytes.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [_, _, _, _, _, _, _, version, variant, ..] = &mut bytes;
        *version = (*version & 0x0f) | 0x40;
        *variant = (*variant & 0x3f) | 0x80;
        Self(bytes)
    }

    pub(crate) fn read(bytes: &[u8], at: usize) -> Option<Self> {
        array(bytes, at).map(Self)
    }

    /// The bytes as they stand in EFI's structures.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From `8-4-4-4-12` hexadecimal digits, of either case.
    ///
    /// # Errors
    /// [`GuidError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, GuidError> {
        let failed = || GuidError {
            text: text.to_string(),
        };
        let mut groups = text.split('-');
        let mut bytes = alloc::vec::Vec::with_capacity(16);
        for (length, swapped) in [(8, true), (4, true), (4, true), (4, false), (12, false)] {
            let group = groups
                .next()
                .filter(|group| group.len() == length)
                .ok_or_else(failed)?;
            if !group.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(failed());
            }
            let number = u64::from_str_radix(group, 16).map_err(|_| failed())?;
            let all = number.to_be_bytes();
            let skipped = 8_usize.saturating_sub(length / 2);
            let mut field = all.get(skipped..).unwrap_or_default().to_vec();
            if swapped {
                field.reverse();
            }
            bytes.extend(field);
        }
        if groups.next().is_some() {
            return Err(failed());
        }
        bytes.try_into().map(Self).map_err(|_| failed())
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (place, index) in ORDER.into_iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02x}", self.0.get(index).copied().unwrap_or_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fields_are_swapped() {
        let text = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
        let guid = Guid::parse(text).expect("a GUID");
        assert_eq!(
            guid.as_bytes()[..8],
            [0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11]
        );
        assert_eq!(guid.to_string(), text);
        assert_eq!(Guid::parse(&text.to_uppercase()), Ok(guid));
        for bad in [
            "",
            "8be4df61",
            "8be4df61-93ca-11d2-aa0d-00e098032b8",
            "8be4df61-93ca-11d2-aa0d-00e098032b8c-",
            "+be4df61-93ca-11d2-aa0d-00e098032b8c",
            "8be4df6193ca11d2aa0d00e098032b8c",
        ] {
            assert!(Guid::parse(bad).is_err(), "{bad}");
        }
    }
}
