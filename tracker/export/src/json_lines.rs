//! Everything public, one record a line, in the tracker's own form.
//!
//! Each line is an object: `kind` says what it is, `format` is the version of the form, and `record` holds
//! it. Issues are written as [`Issue`] is; for other kinds the caller brings the values.
//!
//! Source: <https://jsonlines.org/>.

use std::borrow::Borrow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::issue::Issue;

/// The version of the form. It grows when a field changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<T> {
    /// What the record is: `issue`, `package`, `advisory`, `match`, …
    pub kind: String,
    /// [`FORMAT`].
    pub format: u32,
    /// The record.
    pub record: T,
}

/// Writes a line for each record of a kind, and gives their number. Holds one at a time.
///
/// # Errors
/// Those of the writer, and [`io::ErrorKind::InvalidData`] for a value that has no JSON.
pub fn write<I>(kind: &str, records: I, mut to: impl Write) -> io::Result<usize>
where
    I: IntoIterator,
    I::Item: Serialize,
{
    let mut count = 0;
    let mut bytes = Vec::new();
    for record in records {
        bytes.clear();
        let line = Line {
            kind: kind.to_owned(),
            format: FORMAT,
            record,
        };
        serde_json::to_writer(&mut bytes, &line)?;
        bytes.push(b'\n');
        to.write_all(&bytes)?;
        count += 1;
    }
    Ok(count)
}

/// Writes a line for each issue.
///
/// # Errors
/// Those of the writer.
pub fn write_issues<I>(issues: I, mut to: impl Write) -> io::Result<usize>
where
    I: IntoIterator,
    I::Item: Borrow<Issue>,
{
    let mut count = 0;
    for issue in issues {
        count += write("issue", [issue.borrow()], &mut to)?;
    }
    Ok(count)
}
