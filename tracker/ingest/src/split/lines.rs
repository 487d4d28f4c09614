//! JSON lines: one record per line, empty lines passed over.

use std::io::Read;

use memchr::memchr;

use super::window::Window;
use super::{Cut, HEAD, Piece, Refusal, Refused, Slice, SplitError};
use crate::limits::Limits;

/// Cuts at newlines. A bad line never reaches into the next.
pub struct Lines<R> {
    window: Window<R>,
    cut: Cut,
    line: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of `reader`, at most `limits.record` bytes each.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            window: Window::new(reader),
            cut: limits.into(),
            line: 0,
        }
    }

    /// Number of the line that [`Lines::next`] gave last, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next line that holds something.
    ///
    /// # Errors
    /// [`SplitError::Read`] when the reader fails.
    #[allow(
        clippy::should_implement_trait,
        reason = "the record borrows from the splitter"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, SplitError> {
        loop {
            let offset = self.window.offset();
            let mut searched = 0;
            let length = loop {
                let data = self.window.data();
                if let Some(found) = memchr(b'\n', &data[searched..]) {
                    break searched + found;
                }
                searched = data.len();
                if searched > self.cut.record {
                    return self.refuse(offset).map(Some);
                }
                if !self.window.fill()? {
                    break searched;
                }
            };
            let data = self.window.data();
            if data.is_empty() {
                return Ok(None);
            }
            let has_newline = length < data.len();
            let lead = data[..length]
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            let trail = data[lead..length]
                .iter()
                .rev()
                .take_while(|byte| byte.is_ascii_whitespace());
            let (from, to) = (lead, length - trail.count());
            self.line += 1;
            if from == to {
                self.window.consume(length + usize::from(has_newline));
                continue;
            }
            if to - from > self.cut.record {
                return self.refuse(offset).map(Some);
            }
            let bytes = &self.window.take(length + usize::from(has_newline))[from..to];
            return Ok(Some(Piece::Record(Slice {
                key: None,
                offset: offset + from as u64,
                bytes,
            })));
        }
    }

    /// Reads past a line that is too long.
    fn refuse(&mut self, offset: u64) -> Result<Piece<'_>, SplitError> {
        self.line += 1;
        let data = self.window.data();
        let head = data[..data.len().min(HEAD)].to_vec();
        loop {
            let data = self.window.data();
            if let Some(found) = memchr(b'\n', data) {
                self.window.consume(found);
                break;
            }
            let all = data.len();
            self.window.consume(all);
            if !self.window.fill()? {
                break;
            }
        }
        let length = self.window.offset() - offset;
        self.window.consume(1);
        let reason = Refusal::TooLarge(self.cut.record);
        Ok(Piece::Refused(Refused {
            key: None,
            offset,
            length,
            reason,
            head,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offset and bytes of a record; offset and length of one that was refused.
    type Seen = Result<(u64, Vec<u8>), (u64, u64)>;

    fn all(text: &[u8], limits: &Limits) -> Vec<Seen> {
        let mut lines = Lines::new(text, limits);
        let mut out = Vec::new();
        while let Some(piece) = lines.next().expect("memory does not fail") {
            out.push(match piece {
                Piece::Record(slice) => Ok((slice.offset, slice.bytes.to_vec())),
                Piece::Refused(refused) => Err((refused.offset, refused.length)),
            });
        }
        out
    }

    #[test]
    fn lines_keep_their_offsets_and_lose_their_white_space() {
        let got = all(b"{}\r\n\n  [1]\nlast", &Limits::default());
        let want = vec![
            Ok((0, b"{}".to_vec())),
            Ok((7, b"[1]".to_vec())),
            Ok((11, b"last".into())),
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn a_500_mb_line_is_passed_over_without_being_held() {
        use std::io::{Read as _, repeat};
        let long = repeat(b'x').take(500 << 20);
        let reader = (&b"1\n"[..]).chain(long).chain(&b"\n2\n"[..]);
        let mut lines = Lines::new(reader, &Limits::default());
        let mut seen = Vec::new();
        while let Some(piece) = lines.next().expect("memory does not fail") {
            seen.push(match piece {
                Piece::Record(slice) => slice.bytes.len() as u64,
                Piece::Refused(refused) => {
                    assert_eq!(refused.reason, Refusal::TooLarge(16 << 20));
                    refused.length
                }
            });
        }
        assert_eq!(seen, [1, 500 << 20, 1]);
        assert_eq!(lines.line(), 3);
    }

    #[test]
    fn a_long_last_line_without_newline_is_refused_once() {
        let limits = Limits {
            record: 4,
            ..Limits::default()
        };
        assert_eq!(
            all(b"abcd\nabcde", &limits),
            vec![Ok((0, b"abcd".to_vec())), Err((5, 5))]
        );
    }
}
