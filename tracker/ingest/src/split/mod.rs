//! Cutting a stream into records without parsing them.
//!
//! A record leaves as the bytes it came as, with its offset. What is too large or nested too
//! deeply is passed over, and said, without ever being held in memory; what is wrong *inside* a
//! record is for the parser to find. So one bad record costs that record and nothing else, as
//! long as its end can be found.

mod compact;
mod elements;
mod lines;
mod scan;
mod whole;
mod window;

pub use compact::compact;
pub use elements::Elements;
pub use lines::Lines;
pub use whole::Whole;

use std::io::{self, Read};

use crate::limits::Limits;

/// How records lie in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The document is one record.
    Whole,
    /// One record per line.
    Lines,
    /// The elements or members of the root.
    Root,
    /// The elements or members of this member of the root.
    Member(&'static str),
}

/// Cuts a document of any form.
pub enum Records<R> {
    /// See [`Form::Whole`].
    Whole(Whole<R>),
    /// See [`Form::Lines`].
    Lines(Lines<R>),
    /// See [`Form::Root`] and [`Form::Member`].
    Elements(Box<Elements<R>>),
}

impl<R: Read> Records<R> {
    /// Begins to cut.
    ///
    /// # Errors
    /// As [`Elements::of_root`] and [`Elements::of_member`].
    pub fn open(reader: R, form: Form, limits: &Limits) -> Result<Self, SplitError> {
        Ok(match form {
            Form::Whole => Self::Whole(Whole::new(reader, limits)),
            Form::Lines => Self::Lines(Lines::new(reader, limits)),
            Form::Root => Self::Elements(Box::new(Elements::of_root(reader, limits)?)),
            Form::Member(name) => {
                Self::Elements(Box::new(Elements::of_member(reader, name, limits)?))
            }
        })
    }

    /// The next record.
    ///
    /// # Errors
    /// [`SplitError`], when nothing after this can be read.
    #[allow(
        clippy::should_implement_trait,
        reason = "the record borrows from the splitter"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, SplitError> {
        match self {
            Self::Whole(whole) => whole.next(),
            Self::Lines(lines) => lines.next(),
            Self::Elements(elements) => elements.next(),
        }
    }
}

/// One record, or the place of one that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A record.
    Record(Slice<'a>),
    /// A record over a limit. It was read past and not kept.
    Refused(Refused),
}

/// The bytes of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<'a> {
    /// Name of the member, where the record is one of an object.
    pub key: Option<String>,
    /// Offset in the decoded document.
    pub offset: u64,
    /// The record as it came, without surrounding white space.
    pub bytes: &'a [u8],
}

/// A record that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Name of the member, where the record is one of an object.
    pub key: Option<String>,
    /// Offset in the decoded document.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Which limit.
    pub reason: Refusal,
    /// Its first bytes, to find its id in.
    pub head: Vec<u8>,
}

/// Why a record was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Over [`Limits::record`].
    #[error("the record is larger than {0} bytes")]
    TooLarge(usize),
    /// Over [`Limits::depth`].
    #[error("the record is nested deeper than {0} levels")]
    TooDeep(u32),
}

/// A stream that cannot be cut any further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The stream ends inside a value.
    #[error("ends in the middle of a value that begins at byte {0}")]
    Truncated(u64),
    /// Something other than what JSON allows stands here.
    #[error("expected {expected} at byte {offset}")]
    Unexpected {
        /// What should stand there.
        expected: &'static str,
        /// Offset in the decoded document.
        offset: u64,
    },
    /// The document has no member of this name.
    #[error("has no {0:?} member")]
    Missing(String),
    /// The reader failed: disk, decompression, a limit of the input.
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// How many bytes of a refused record are kept.
const HEAD: usize = 4096;

/// The limits that concern cutting.
#[derive(Debug, Clone, Copy)]
struct Cut {
    record: usize,
    depth: u32,
}

impl From<&Limits> for Cut {
    fn from(limits: &Limits) -> Self {
        Self {
            record: limits.record,
            depth: limits.depth,
        }
    }
}

/// Where the JSON value at the start of `bytes` ends; `None` when it does not end in them.
pub(crate) fn value_end(bytes: &[u8]) -> Option<usize> {
    if matches!(bytes.first()?, b',' | b':' | b']' | b'}') {
        return None;
    }
    scan::Scan::default().feed(bytes)
}
