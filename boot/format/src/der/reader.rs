//! Reading.

use core::fmt;

use crate::bytes::slice;

/// Bytes that are not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DerError {
    /// What was to be read.
    pub(crate) what: &'static str,
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed DER: {}", self.what)
    }
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    /// The value.
    pub(crate) content: &'a [u8],
    /// Tag, length and value.
    pub(crate) raw: &'a [u8],
}

/// Values one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next value, of whatever tag.
    pub(crate) fn any(&mut self, what: &'static str) -> Result<Tlv<'a>, DerError> {
        let (value, rest) = first(self.rest).ok_or(DerError { what })?;
        self.rest = rest;
        Ok(value)
    }

    /// The next value, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Tlv<'a>, DerError> {
        let value = self.any(what)?;
        if value.tag == tag {
            Ok(value)
        } else {
            Err(DerError { what })
        }
    }

    /// The next value if it has this tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        what: &'static str,
    ) -> Result<Option<Tlv<'a>>, DerError> {
        if self.rest.first() == Some(&tag) {
            self.any(what).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The values inside the next value, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8, what: &'static str) -> Result<Self, DerError> {
        self.expect(tag, what).map(|value| Self::new(value.content))
    }

    /// Nothing may be left.
    pub(crate) fn end(self, what: &'static str) -> Result<(), DerError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DerError { what })
        }
    }
}

/// The first value and what follows it. Lengths take at most four bytes and are minimal.
fn first(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, after_tag) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&short, after_length) = after_tag.split_first()?;
    let (length, header) = if short < 0x80 {
        (usize::from(short), 2_usize)
    } else {
        let count = usize::from(short & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let digits = slice(after_length, 0, count)?;
        let length = digits.iter().try_fold(0_u32, |all, digit| {
            all.checked_mul(256)?.checked_add(u32::from(*digit))
        })?;
        if length < 0x80 || digits.first() == Some(&0) {
            return None;
        }
        (usize::try_from(length).ok()?, count.checked_add(2)?)
    };
    let end = header.checked_add(length)?;
    let raw = bytes.get(..end)?;
    let value = Tlv {
        tag,
        content: raw.get(header..)?,
        raw,
    };
    Some((value, bytes.get(end..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_definite_and_inside() {
        assert!(first(&[4, 1, 9]).is_some());
        for bytes in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x81, 1, 9],
            &[4, 0x82, 0, 0x80],
            &[4, 0x85, 0, 0, 0, 0, 1, 9],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 1, 9],
        ] {
            assert!(first(bytes).is_none(), "{bytes:?}");
        }
    }
}
