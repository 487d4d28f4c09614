//! The certificate table: where signatures stand.

use super::error::PeError;
use crate::bytes::{slice, u16_at, u32_at};

/// `dwLength`, `wRevision` and `wCertificateType`.
pub(crate) const HEADER_SIZE: usize = 8;
/// `WIN_CERT_REVISION_2_0`.
pub const REVISION_2: u16 = 0x0200;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
pub const TYPE_PKCS7: u16 = 0x0002;

/// One entry, `WIN_CERTIFICATE`.
///
/// Source: "PE Format", section "The Attribute Certificate Table (Image Only)".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// `wRevision`; Authenticode has [`REVISION_2`].
    pub revision: u16,
    /// `wCertificateType`; Authenticode has [`TYPE_PKCS7`].
    pub kind: u16,
    /// What follows the entry's header, without what fills it up to 8.
    pub data: &'a [u8],
    /// The entry's offset in the file.
    pub offset: usize,
}

/// The entries of a certificate table, in order; ends after the first that is malformed.
#[derive(Debug, Clone)]
pub struct Certificates<'a> {
    start: usize,
    rest: &'a [u8],
    at: usize,
}

impl<'a> Certificates<'a> {
    pub(crate) fn none(end: usize) -> Self {
        Self::new(&[], end)
    }

    pub(crate) fn new(table: &'a [u8], offset: usize) -> Self {
        Self {
            start: offset,
            rest: table,
            at: offset,
        }
    }

    /// Offset in the file of the first byte that belongs to no signature's content: the table's, or
    /// the file's length where there is no table.
    pub fn offset(&self) -> usize {
        self.start
    }
}

impl<'a> Iterator for Certificates<'a> {
    type Item = Result<Certificate<'a>, PeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (rest, at) = (self.rest, self.at);
        self.rest = &[];
        let Some(length) = u32_at(rest, 0) else {
            return Some(Err(PeError::Truncated {
                what: "certificate table",
                at,
            }));
        };
        let malformed = PeError::BadCertificateEntry { at, length };
        let entry = usize::try_from(length).ok().and_then(|length| {
            let data_size = length.checked_sub(HEADER_SIZE)?;
            let entry = Certificate {
                revision: u16_at(rest, 4)?,
                kind: u16_at(rest, 6)?,
                data: slice(rest, HEADER_SIZE, data_size)?,
                offset: at,
            };
            // Entries begin at multiples of 8; the last may leave out what fills it up.
            let step = length.checked_next_multiple_of(8)?.min(rest.len());
            Some((entry, step))
        });
        let Some((entry, step)) = entry else {
            return Some(Err(malformed));
        };
        self.rest = rest.get(step..).unwrap_or(&[]);
        self.at = at.saturating_add(step);
        Some(Ok(entry))
    }
}
