//! Reading archives.

use std::io::Read;

use super::{
    MAGIC, MAX_DEPTH, MAX_NAME, MAX_TARGET, NarError, check_order, is_target, padding, shown,
};

/// The longest word of the grammar.
const MAX_WORD: usize = 16;

/// What comes next in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file; its content has to be taken with [`Reader::content`] before the next event, or is
    /// passed over.
    Regular {
        /// Whether it may be run.
        executable: bool,
        /// Bytes of its content.
        size: u64,
    },
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// A directory begins: entries follow, then [`Event::CloseDirectory`].
    OpenDirectory,
    /// An entry of this name; its node follows.
    Entry(Vec<u8>),
    /// The directory that was opened last ends.
    CloseDirectory,
    /// The archive ends, and nothing follows it.
    End,
}

/// Reads one archive, event by event, and checks all of it on the way.
///
/// Reads are as small as the grammar's words, so give it a buffered stream.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    offset: u64,
    /// For each open directory the last name.
    directories: Vec<Option<Vec<u8>>>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Node,
    Content {
        left: u64,
        padding: usize,
    },
    /// After a node.
    After,
    /// In a directory, before an entry or its end.
    Directory,
    Ended,
}

impl<R: Read> Reader<R> {
    /// An archive that begins here.
    pub fn new(from: R) -> Self {
        Self {
            from,
            offset: 0,
            directories: Vec::new(),
            state: State::Start,
        }
    }

    /// The stream below.
    pub fn into_inner(self) -> R {
        self.from
    }

    /// The bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next event; after [`Event::End`] always that.
    ///
    /// # Errors
    /// When the bytes are no archive, with the place.
    pub fn next_event(&mut self) -> Result<Event, NarError> {
        if let State::Content { .. } = self.state {
            std::io::copy(&mut self.content(), &mut std::io::sink()).map_err(|error| {
                NarError::Stream {
                    offset: self.offset,
                    error,
                }
            })?;
            self.end_of_content()?;
        }
        match self.state {
            State::Start => {
                self.expect(MAGIC, "nix-archive-1")?;
                self.node()
            }
            State::Node => self.node(),
            State::Content { .. } | State::After => self.after_node(),
            State::Directory => self.entry_or_end(),
            State::Ended => Ok(Event::End),
        }
    }

    /// The content of the file that the last event told of; empty elsewhere.
    pub fn content(&mut self) -> Content<'_, R> {
        Content { reader: self }
    }

    fn node(&mut self) -> Result<Event, NarError> {
        self.expect(b"(", "(")?;
        self.expect(b"type", "type")?;
        let at = self.offset;
        match self.word()?.as_slice() {
            b"regular" => self.regular(),
            b"symlink" => {
                self.expect(b"target", "target")?;
                let offset = self.offset;
                let target = self.string(MAX_TARGET)?;
                if !is_target(&target) {
                    return Err(NarError::Target {
                        offset,
                        target: shown(&target),
                    });
                }
                self.expect(b")", ")")?;
                self.state = State::After;
                Ok(Event::Symlink(target))
            }
            b"directory" => {
                if self.directories.len() >= MAX_DEPTH {
                    return Err(NarError::Depth { offset: at });
                }
                self.directories.push(None);
                self.state = State::Directory;
                Ok(Event::OpenDirectory)
            }
            other => Err(word_error(at, "regular, symlink or directory", other)),
        }
    }

    fn regular(&mut self) -> Result<Event, NarError> {
        let at = self.offset;
        let executable = match self.word()?.as_slice() {
            b"executable" => {
                self.expect(b"", "an empty string")?;
                self.expect(b"contents", "contents")?;
                true
            }
            b"contents" => false,
            other => return Err(word_error(at, "executable or contents", other)),
        };
        let size = self.length()?;
        self.state = State::Content {
            left: size,
            padding: padding(size),
        };
        Ok(Event::Regular { executable, size })
    }

    fn end_of_content(&mut self) -> Result<(), NarError> {
        if let State::Content { padding, .. } = self.state {
            self.zeros(padding)?;
            self.expect(b")", ")")?;
            self.state = State::After;
        }
        Ok(())
    }

    /// After a node comes the end of its entry, or that of the archive.
    fn after_node(&mut self) -> Result<Event, NarError> {
        if !self.directories.is_empty() {
            self.expect(b")", ")")?;
            return self.entry_or_end();
        }
        let mut more = [0];
        loop {
            match self.from.read(&mut more) {
                Ok(0) => {
                    self.state = State::Ended;
                    return Ok(Event::End);
                }
                Ok(_) => {
                    return Err(NarError::Trailing {
                        offset: self.offset,
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn entry_or_end(&mut self) -> Result<Event, NarError> {
        let at = self.offset;
        match self.word()?.as_slice() {
            b")" => {
                self.directories.pop();
                self.state = State::After;
                Ok(Event::CloseDirectory)
            }
            b"entry" => {
                self.expect(b"(", "(")?;
                self.expect(b"name", "name")?;
                let offset = self.offset;
                let name = self.string(MAX_NAME)?;
                let last = self.directories.last_mut();
                check_order(last.as_deref().and_then(Option::as_ref), &name, offset)?;
                if let Some(last) = last {
                    *last = Some(name.clone());
                }
                self.expect(b"node", "node")?;
                self.state = State::Node;
                Ok(Event::Entry(name))
            }
            other => Err(word_error(at, "entry or )", other)),
        }
    }

    fn expect(&mut self, word: &[u8], expected: &'static str) -> Result<(), NarError> {
        let at = self.offset;
        let found = self.word()?;
        if found == word {
            Ok(())
        } else {
            Err(word_error(at, expected, &found))
        }
    }

    fn word(&mut self) -> Result<Vec<u8>, NarError> {
        self.string(MAX_WORD)
    }

    fn string(&mut self, most: usize) -> Result<Vec<u8>, NarError> {
        let offset = self.offset;
        let length = self.length()?;
        let size = usize::try_from(length)
            .ok()
            .filter(|size| *size <= most)
            .ok_or(NarError::Length {
                offset,
                length,
                most,
            })?;
        let mut string = vec![0; size];
        self.exactly(&mut string)?;
        self.zeros(padding(length))?;
        Ok(string)
    }

    fn length(&mut self) -> Result<u64, NarError> {
        let mut bytes = [0; 8];
        self.exactly(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn zeros(&mut self, count: usize) -> Result<(), NarError> {
        let offset = self.offset;
        let mut bytes = [0; 8];
        self.exactly(&mut bytes[..count])?;
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(NarError::Padding { offset });
        }
        Ok(())
    }

    fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), NarError> {
        self.from
            .read_exact(bytes)
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
}

/// The content of one file.
#[derive(Debug)]
pub struct Content<'a, R> {
    reader: &'a mut Reader<R>,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let State::Content { left, padding } = self.reader.state else {
            return Ok(0);
        };
        let want = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if want == 0 {
            return Ok(0);
        }
        let read = self.reader.from.read(&mut buffer[..want])?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.reader.offset += read as u64;
        self.reader.state = State::Content {
            left: left - read as u64,
            padding,
        };
        Ok(read)
    }
}

fn word_error(offset: u64, expected: &'static str, found: &[u8]) -> NarError {
    NarError::Word {
        offset,
        expected,
        found: shown(found),
    }
}
