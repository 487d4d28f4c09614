//! Writing archives.

use std::io::{BufRead, ErrorKind, Write};

use super::{MAGIC, MAX_DEPTH, NarError, check_order, is_target, padding, shown};

/// Writes one archive, node by node.
///
/// A tree is one node: [`regular`](Self::regular), [`symlink`](Self::symlink), or
/// [`open_directory`](Self::open_directory), then for each entry [`entry`](Self::entry), its node and
/// [`close_entry`](Self::close_entry), and [`close_directory`](Self::close_directory). [`finish`](Self::finish)
/// checks that it is whole.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    offset: u64,
    /// For each open directory the last name.
    directories: Vec<Option<Vec<u8>>>,
    wants: Wants,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Node,
    EntryOrEnd,
    EntryEnd,
    Nothing,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// When `to` fails.
    pub fn new(to: W) -> Result<Self, NarError> {
        let mut writer = Self {
            to,
            offset: 0,
            directories: Vec::new(),
            wants: Wants::Node,
        };
        writer.words(&[MAGIC])?;
        Ok(writer)
    }

    /// A file of `size` bytes, taken from `content` without a copy.
    ///
    /// # Errors
    /// When `content` has another length, a node is not due, or a stream fails.
    pub fn regular(
        &mut self,
        executable: bool,
        size: u64,
        content: &mut dyn BufRead,
    ) -> Result<(), NarError> {
        self.due(Wants::Node)?;
        self.words(&[b"(", b"type", b"regular"])?;
        if executable {
            self.words(&[b"executable", b""])?;
        }
        self.words(&[b"contents"])?;
        self.raw(&size.to_le_bytes())?;
        let mut left = size;
        while left > 0 {
            let ready = loop {
                match content.fill_buf().map(<[u8]>::len) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => break other.map_err(|error| self.failed(error))?,
                }
            };
            if ready == 0 {
                return Err(self.misuse("a file ended before its length"));
            }
            let now = usize::try_from(left).unwrap_or(ready).min(ready);
            // What is ready is not read again.
            let bytes = content.fill_buf().map_err(|error| self.failed(error))?;
            self.raw(bytes.get(..now).unwrap_or_default())?;
            content.consume(now);
            left -= now as u64;
        }
        self.raw(&[0; 8][..padding(size)])?;
        self.words(&[b")"])?;
        self.done();
        Ok(())
    }

    /// A symbolic link.
    ///
    /// # Errors
    /// When the target is empty, too long or holds NUL, a node is not due, or the stream fails.
    pub fn symlink(&mut self, target: &[u8]) -> Result<(), NarError> {
        self.due(Wants::Node)?;
        if !is_target(target) {
            return Err(NarError::Target {
                offset: self.offset,
                target: shown(target),
            });
        }
        self.words(&[b"(", b"type", b"symlink", b"target", target, b")"])?;
        self.done();
        Ok(())
    }

    /// Begins a directory.
    ///
    /// # Errors
    /// When a node is not due, it is nested too deep, or the stream fails.
    pub fn open_directory(&mut self) -> Result<(), NarError> {
        self.due(Wants::Node)?;
        if self.directories.len() >= MAX_DEPTH {
            return Err(NarError::Depth {
                offset: self.offset,
            });
        }
        self.words(&[b"(", b"type", b"directory"])?;
        self.directories.push(None);
        self.wants = Wants::EntryOrEnd;
        Ok(())
    }

    /// Begins the next entry of the open directory.
    ///
    /// # Errors
    /// When the name is none, or not after the one before it, or no directory is open.
    pub fn entry(&mut self, name: &[u8]) -> Result<(), NarError> {
        self.due(Wants::EntryOrEnd)?;
        let offset = self.offset;
        let Some(last) = self.directories.last_mut() else {
            return Err(self.misuse("an entry outside of a directory"));
        };
        check_order(last.as_ref(), name, offset)?;
        *last = Some(name.to_vec());
        self.words(&[b"entry", b"(", b"name", name, b"node"])?;
        self.wants = Wants::Node;
        Ok(())
    }

    /// Ends an entry, after its node.
    ///
    /// # Errors
    /// When its node is missing, or the stream fails.
    pub fn close_entry(&mut self) -> Result<(), NarError> {
        self.due(Wants::EntryEnd)?;
        self.words(&[b")"])?;
        self.wants = Wants::EntryOrEnd;
        Ok(())
    }

    /// Ends the open directory.
    ///
    /// # Errors
    /// When an entry or no directory is open, or the stream fails.
    pub fn close_directory(&mut self) -> Result<(), NarError> {
        self.due(Wants::EntryOrEnd)?;
        self.words(&[b")"])?;
        self.directories.pop();
        self.done();
        Ok(())
    }

    /// The stream, once the archive is whole, and how many bytes it has.
    ///
    /// # Errors
    /// When a node is missing.
    pub fn finish(mut self) -> Result<(W, u64), NarError> {
        self.due(Wants::Nothing)?;
        self.to.flush().map_err(|error| NarError::Stream {
            offset: self.offset,
            error,
        })?;
        Ok((self.to, self.offset))
    }

    fn done(&mut self) {
        self.wants = if self.directories.is_empty() {
            Wants::Nothing
        } else {
            Wants::EntryEnd
        };
    }

    fn due(&self, wants: Wants) -> Result<(), NarError> {
        if self.wants == wants {
            Ok(())
        } else {
            Err(self.misuse(match self.wants {
                Wants::Node => "a node is due",
                Wants::EntryOrEnd => "an entry or the end of the directory is due",
                Wants::EntryEnd => "the end of the entry is due",
                Wants::Nothing => "the archive is whole",
            }))
        }
    }

    fn words(&mut self, words: &[&[u8]]) -> Result<(), NarError> {
        for word in words {
            let length = word.len() as u64;
            self.raw(&length.to_le_bytes())?;
            self.raw(word)?;
            self.raw(&[0; 8][..padding(length)])?;
        }
        Ok(())
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), NarError> {
        self.to
            .write_all(bytes)
            .map_err(|error| self.failed(error))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: std::io::Error) -> NarError {
        NarError::Stream {
            offset: self.offset,
            error,
        }
    }

    fn misuse(&self, what: &'static str) -> NarError {
        NarError::Misuse {
            offset: self.offset,
            what,
        }
    }
}
