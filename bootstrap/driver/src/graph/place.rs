//! Where something stands in a step file, and what is wrong with it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A line of a step file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was found.
    pub file: Arc<PathBuf>,
    /// Counted from 1; 0 for the file as a whole.
    pub line: usize,
}

impl Place {
    /// The place of a byte range in `text`, the content of `file`.
    pub fn of(file: &Arc<PathBuf>, text: &str, span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        Self {
            file: Arc::clone(file),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        }
    }

    /// The file as a whole.
    pub fn whole(file: &Arc<PathBuf>) -> Self {
        Self {
            file: Arc::clone(file),
            line: 0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            line => write!(f, "{}:{line}", self.file.display()),
        }
    }
}

/// A graph that can't be run, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct GraphError {
    /// Where it stands.
    pub place: Place,
    /// A sentence that holds the offending value.
    pub what: String,
}

impl GraphError {
    /// `place` is wrong as `what` says.
    pub fn new(place: &Place, what: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            what: what.into(),
        }
    }
}

/// Everything that is wrong with a graph, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct GraphErrors(pub Vec<GraphError>);
