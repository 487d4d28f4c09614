//! Characters with their places.

use super::{Fault, NotationError, Place, Source};

/// A byte that is white space in hex2, M1 and small C.
pub(super) fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

/// The value of a hexadecimal digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Reads a source from front to back.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    source: &'a Source,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            at: 0,
            line: 1,
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.source.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    /// Skips the rest of the line and its end.
    pub(super) fn skip_line(&mut self) {
        while self.next().is_some_and(|byte| byte != b'\n') {}
    }

    /// The bytes up to the first for which `ends` holds, which is left.
    pub(super) fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| !ends(byte)) {
            self.next();
        }
        &self.source.text[start..self.at]
    }

    pub(super) fn place(&self) -> Place {
        Place {
            file: self.source.name.clone(),
            line: self.line,
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> NotationError {
        NotationError {
            place: self.place(),
            fault,
        }
    }
}
