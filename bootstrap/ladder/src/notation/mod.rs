//! The languages of the rungs, each read by an implementation of its own in Rust, written from the
//! description at the head of the rung's source and not from its instructions.
//!
//! They share what any reader of lines needs: sources, places in them, and images whose every byte
//! knows the place that it came from.

pub mod hex0;
pub mod hex1;
pub mod hex2;
pub mod m1;
mod reader;
pub mod small_c;

use std::fmt;
use std::sync::Arc;

/// The address of an image's first byte, in every language that knows addresses.
pub const BASE: i64 = 0x60_0000;

/// A source text and its name.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file's name, for messages.
    pub name: Arc<str>,
    /// Its bytes; no encoding is assumed.
    pub text: Vec<u8>,
}

impl Source {
    /// A source of this name.
    pub fn new(name: &str, text: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

/// A line of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a text is not of its language.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{place}: {fault}")]
pub struct NotationError {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A digit without its second.
    #[error("the number of hexadecimal digits is odd")]
    OddDigits,
    /// A label or a macro of this name is there already.
    #[error("`{0}` is defined a second time")]
    Twice(String),
    /// No label or macro of this name.
    #[error("`{0}` is not defined")]
    Undefined(String),
    /// A label's name has no character.
    #[error("a name is missing")]
    NoName,
    /// The value does not fit into the bytes that the notation gives it.
    #[error("`{word}` doesn't fit into {bytes} bytes")]
    TooFar {
        /// The label or number.
        word: String,
        /// The room.
        bytes: usize,
    },
    /// A character that means nothing.
    #[error("the character {0:?} means nothing here")]
    Character(char),
    /// A number that is none.
    #[error("`{0}` is not a number")]
    Number(String),
    /// The text ends within a string, a definition or a reference.
    #[error("the text ends too early")]
    Unfinished,
    /// What the C compiler has to say.
    #[error("{0}")]
    C(String),
}

/// Bytes, each with the place of the source that it came from.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The first offset of each run of bytes that came from one place.
    origins: Vec<(usize, Place)>,
}

impl Image {
    /// The place that the byte at `offset` came from. Logarithmic.
    pub fn origin(&self, offset: usize) -> Option<&Place> {
        if offset >= self.bytes.len() {
            return None;
        }
        let after = self.origins.partition_point(|(start, _)| *start <= offset);
        self.origins
            .get(after.checked_sub(1)?)
            .map(|(_, place)| place)
    }

    /// All runs of bytes that came from one line: first offset, bytes, place.
    pub fn runs(&self) -> impl Iterator<Item = (usize, &[u8], &Place)> {
        self.origins
            .iter()
            .enumerate()
            .map(|(index, (start, place))| {
                let end = self
                    .origins
                    .get(index + 1)
                    .map_or(self.bytes.len(), |(next, _)| *next);
                (*start, &self.bytes[*start..end], place)
            })
    }

    /// Adds bytes that came from `place`.
    fn push(&mut self, bytes: &[u8], place: &Place) {
        if bytes.is_empty() {
            return;
        }
        if self.origins.last().is_none_or(|(_, last)| last != place) {
            self.origins.push((self.bytes.len(), place.clone()));
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The same image with each place replaced by what the translator that wrote the text of
    /// that line noted for it.
    #[must_use]
    pub fn through(&self, text: &Text) -> Self {
        let mut image = Self::default();
        for (_, bytes, place) in self.runs() {
            image.push(bytes, text.origin(place.line).unwrap_or(place));
        }
        image
    }
}

/// A text that a translator wrote, each line with the place of the source that it came from.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// The text.
    pub text: Vec<u8>,
    /// One place per line.
    origins: Vec<Place>,
}

impl Text {
    /// The place that a line, counted from 1, came from.
    pub fn origin(&self, line: usize) -> Option<&Place> {
        self.origins.get(line.checked_sub(1)?)
    }

    /// The text as the source of the next rung.
    pub fn source(&self, name: &str) -> Source {
        Source::new(name, self.text.clone())
    }

    /// The same text with each place in a file that `find` knows replaced by what the translator
    /// that wrote that file noted for it.
    #[must_use]
    pub fn through<'a>(mut self, find: impl Fn(&str) -> Option<&'a Self>) -> Self {
        for place in &mut self.origins {
            if let Some(before) = find(&place.file).and_then(|text| text.origin(place.line)) {
                *place = before.clone();
            }
        }
        self
    }

    /// Adds what came from `place` and ends the line.
    fn line(&mut self, text: &[u8], place: &Place) {
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
        let lines = 1 + text.iter().filter(|byte| **byte == b'\n').count();
        self.origins
            .extend(std::iter::repeat_n(place.clone(), lines));
    }
}
