//! What changed since a moment.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::InputError;
use crate::issue::Issue;
use crate::issue::id::IssueId;
use crate::moment::Moment;

/// A place in the order in which issues changed: by time of change, then by id.
///
/// Written `2026-09-21T14:13:20Z/NIXPKGS-2026-0001`. Who reads on from the cursor of the last issue
/// that they have gets each later change once, also when many have the same time. That holds if
/// [`Issue::modified`] never lies before a change that was published already: the caller sees to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    modified: Moment,
    /// `None` comes before every issue.
    id: Option<IssueId>,
}

impl Cursor {
    /// Before every change at or after a moment.
    #[must_use]
    pub fn since(moment: Moment) -> Self {
        Self {
            modified: moment,
            id: None,
        }
    }

    /// At an issue as it is now.
    #[must_use]
    pub fn at(issue: &Issue) -> Self {
        Self {
            modified: issue.modified,
            id: Some(issue.id),
        }
    }

    /// The time part.
    #[must_use]
    pub fn modified(self) -> Moment {
        self.modified
    }

    /// The issue's id, where the cursor stands at one.
    #[must_use]
    pub fn id(self) -> Option<IssueId> {
        self.id
    }

    /// Whether an issue changed after this.
    #[must_use]
    pub fn is_before(self, issue: &Issue) -> bool {
        self < Self::at(issue)
    }
}

/// The issues that changed after a cursor, in the order in which they come; all without one.
///
/// Takes values or references, and holds one at a time.
pub fn changed_after<I>(issues: I, cursor: Option<Cursor>) -> impl Iterator<Item = I::Item>
where
    I: IntoIterator,
    I::Item: Borrow<Issue>,
{
    issues
        .into_iter()
        .filter(move |issue| cursor.is_none_or(|cursor| cursor.is_before(issue.borrow())))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.modified)?;
        match self.id {
            Some(id) => write!(f, "/{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Cursor {
    type Err = InputError;

    /// Reads a time, or a time and an id.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let Some((modified, id)) = text.split_once('/') else {
            return text.parse().map(Self::since);
        };
        Ok(Self {
            modified: modified.parse()?,
            id: Some(id.parse()?),
        })
    }
}

impl TryFrom<String> for Cursor {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}
