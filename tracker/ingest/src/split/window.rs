//! A sliding window over a reader: bytes that were read and not yet consumed.

use std::io::{self, Read};

/// How much is asked of the reader at once.
const CHUNK: usize = 256 << 10;

/// Unconsumed bytes of `reader`, and where they stand in it.
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    at_end: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            at_end: false,
        }
    }

    /// The bytes at hand.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Offset of the first byte of [`Window::data`] in the whole.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Drops the first `count` bytes at hand.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Drops the first `count` bytes at hand and returns them; they stay valid until the next call.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let from = self.start;
        self.consume(count);
        &self.buffer[from..self.start]
    }

    /// Reads more behind what is at hand. False at the end of the input.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        if self.start > 0 && self.buffer.len() - self.end < CHUNK {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK {
            // Doubling keeps the copying linear in the size of a long record.
            self.buffer
                .resize((self.buffer.len() * 2).max(4 * CHUNK), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes sure that at least one byte is at hand. False at the end of the input.
    pub(super) fn ensure(&mut self) -> io::Result<bool> {
        Ok(self.start < self.end || self.fill()?)
    }
}
