//! Why a document was refused.

use std::fmt;

/// A refused document. One record that is refused never stops the records beside it: callers
/// put it in quarantine under the record's id and go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than [`crate::limits::Limits`] allows.
    #[error("{at}: {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Where.
        at: Place,
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More nested arrays and objects than [`crate::limits::Limits`] allows.
    #[error("{at}: nested deeper than the {limit} levels allowed")]
    TooDeep {
        /// Where the first level too many opens.
        at: Place,
        /// Levels allowed.
        limit: usize,
    },
    /// An array or a text longer than [`crate::limits::Limits`] allows.
    #[error("{at}: {what} longer than the {limit} allowed")]
    TooLong {
        /// Where the reader stood when it gave up.
        at: Place,
        /// `array` or `text`.
        what: &'static str,
        /// Elements or bytes allowed.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("{at}: not UTF-8")]
    InvalidUtf8 {
        /// The first byte that is not part of a valid sequence.
        at: Place,
    },
    /// Not JSON, or cut off.
    #[error("{at}: {reason}")]
    Syntax {
        /// Where.
        at: Place,
        /// What the parser expected or met.
        reason: String,
    },
    /// Valid JSON, but no such record: the id or another part without which nothing can be said
    /// is absent.
    #[error("{at}: {reason}")]
    NotARecord {
        /// Where.
        at: Place,
        /// What is missing or malformed, with the value that was found.
        reason: String,
    },
}

impl Error {
    /// Where it stood.
    #[must_use]
    pub fn place(&self) -> &Place {
        match self {
            Self::TooLarge { at, .. }
            | Self::TooDeep { at, .. }
            | Self::TooLong { at, .. }
            | Self::InvalidUtf8 { at }
            | Self::Syntax { at, .. }
            | Self::NotARecord { at, .. } => at,
        }
    }

    /// Names the record, where the reader could not.
    #[must_use]
    pub fn in_record(mut self, id: Option<&str>) -> Self {
        let (Self::TooLarge { at, .. }
        | Self::TooDeep { at, .. }
        | Self::TooLong { at, .. }
        | Self::InvalidUtf8 { at }
        | Self::Syntax { at, .. }
        | Self::NotARecord { at, .. }) = &mut self;
        if at.record.is_none() {
            at.record = id.map(str::to_owned);
        }
        self
    }
}

/// Where in the input something stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The record's id, where it could be made out.
    pub record: Option<String>,
    /// Byte offset from the start of the bytes handed in.
    pub offset: Option<usize>,
}

impl Place {
    /// A byte offset in a record whose id is not known.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self {
            record: None,
            offset: Some(offset),
        }
    }

    /// A record as a whole.
    #[must_use]
    pub fn record(id: &str) -> Self {
        Self {
            record: Some(id.to_owned()),
            offset: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.record, self.offset) {
            (Some(record), Some(offset)) => write!(f, "{record}, byte {offset}"),
            (Some(record), None) => f.write_str(record),
            (None, Some(offset)) => write!(f, "byte {offset}"),
            (None, None) => f.write_str("document"),
        }
    }
}
