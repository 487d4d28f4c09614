//! Which bytes of an image its signatures cover.

use super::error::PeError;
use super::file::File;

impl<'a> File<'a> {
    /// Gives `sink` every byte that Authenticode covers, in its order: the headers without the
    /// checksum and the certificate directory, the sections by their offsets, and what follows
    /// them up to the certificate table. Needs no heap; quadratic in the number of sections.
    ///
    /// A file without a certificate table is covered as it is. Signers fill such a file up with
    /// zeros to a multiple of 8 first, which changes the digest: see [`File::filling`].
    ///
    /// # Errors
    /// [`PeError`] when the certificate table is malformed.
    ///
    /// Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", section
    /// "Calculating the PE Image Hash"; the tail as EDK II's `DxeImageVerificationLib` reads it,
    /// from the sum of the bytes covered.
    pub fn covered(&self, mut sink: impl FnMut(&'a [u8])) -> Result<(), PeError> {
        let end = self.certificates()?.offset();
        let headers = self.headers();
        let bytes = self.bytes();
        let mut give = |from: usize, to: usize| sink(bytes.get(from..to).unwrap_or(&[]));
        let headers_end = usize::try_from(headers.headers_size).unwrap_or(usize::MAX);
        let checksum = headers.checksum_offset();
        give(0, checksum);
        let after_checksum = checksum.saturating_add(4);
        match headers.certificates_offset() {
            Some(directory) => {
                give(after_checksum, directory);
                give(directory.saturating_add(8), headers_end);
            }
            None => give(after_checksum, headers_end),
        }
        let mut covered = headers_end;
        let mut reached = 0;
        // Sections lie apart, so their offsets differ: look for the next one each time.
        while let Some(next) = self
            .sections()
            .filter(|section| section.raw_size != 0 && section.raw_offset >= reached)
            .min_by_key(|section| section.raw_offset)
        {
            let from = usize::try_from(next.raw_offset).unwrap_or(usize::MAX);
            let to = usize::try_from(next.raw_end()).unwrap_or(usize::MAX);
            give(from, to);
            covered = covered.saturating_add(to.saturating_sub(from));
            let Ok(end) = u32::try_from(next.raw_end()) else {
                break;
            };
            reached = end;
        }
        if covered < end {
            give(covered, end);
        }
        Ok(())
    }

    /// Zeros that a signer adds to a file without certificate table before it makes the digest.
    pub fn filling(&self) -> usize {
        if self.headers().certificates().is_some() {
            return 0;
        }
        let length = self.bytes().len();
        length
            .checked_next_multiple_of(8)
            .unwrap_or(length)
            .saturating_sub(length)
    }

    /// Bytes between headers and sections that belong to neither. Signers disagree on whether they
    /// are covered, so an image should have none.
    pub fn gaps(&self) -> usize {
        let headers_end = usize::try_from(self.headers().headers_size).unwrap_or(usize::MAX);
        let inside = self
            .sections()
            .map(|section| usize::try_from(section.raw_size).unwrap_or(usize::MAX))
            .fold(headers_end, usize::saturating_add);
        self.sections_end().saturating_sub(inside)
    }
}
