//! A document that is one record.

use std::io::Read;

use super::{Cut, HEAD, Piece, Refusal, Refused, Slice, SplitError};
use crate::limits::Limits;

/// Gives the whole document as one record.
pub struct Whole<R> {
    reader: Option<R>,
    cut: Cut,
    bytes: Vec<u8>,
}

impl<R: Read> Whole<R> {
    /// `reader` as one record of at most `limits.record` bytes.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            reader: Some(reader),
            cut: limits.into(),
            bytes: Vec::new(),
        }
    }

    /// The record, once.
    ///
    /// # Errors
    /// [`SplitError::Read`] when the reader fails.
    #[allow(
        clippy::should_implement_trait,
        reason = "the record borrows from the splitter"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, SplitError> {
        let Some(mut reader) = self.reader.take() else {
            return Ok(None);
        };
        let limit = self.cut.record as u64;
        reader
            .by_ref()
            .take(limit + 1)
            .read_to_end(&mut self.bytes)?;
        if self.bytes.len() <= self.cut.record {
            let blank = self.bytes.len() - self.bytes.trim_ascii_start().len();
            let bytes = self.bytes.trim_ascii();
            return Ok(Some(Piece::Record(Slice {
                key: None,
                offset: blank as u64,
                bytes,
            })));
        }
        let rest = std::io::copy(&mut reader, &mut std::io::sink())?;
        Ok(Some(Piece::Refused(Refused {
            key: None,
            offset: 0,
            length: self.bytes.len() as u64 + rest,
            reason: Refusal::TooLarge(self.cut.record),
            head: self.bytes[..self.bytes.len().min(HEAD)].to_vec(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_one_record_or_refused() {
        let limits = Limits {
            record: 4,
            ..Limits::default()
        };
        let mut whole = Whole::new(&b" {}\n"[..], &limits);
        let Some(Piece::Record(slice)) = whole.next().expect("memory") else {
            panic!("a record")
        };
        assert_eq!((slice.offset, slice.bytes), (1, &b"{}"[..]));
        assert!(whole.next().expect("memory").is_none());
        let mut whole = Whole::new(&b"{    }"[..], &limits);
        let Some(Piece::Refused(refused)) = whole.next().expect("memory") else {
            panic!("refused")
        };
        assert_eq!(refused.length, 6);
    }
}
