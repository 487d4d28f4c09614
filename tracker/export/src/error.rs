//! Why a value is not taken.

use thiserror::Error;

/// A value that cannot stand in a published document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// It has another form than such a value has.
    #[error("{found:?} is not {expected}")]
    Form {
        /// The value, cut to 200 characters.
        found: String,
        /// What was expected there.
        expected: &'static str,
    },
    /// It is longer than such a value may be.
    #[error("{expected} has at most {limit} bytes, not {found}")]
    Length {
        /// Its length in bytes.
        found: usize,
        /// The most that is taken.
        limit: usize,
        /// What was expected there.
        expected: &'static str,
    },
}

impl InputError {
    pub(crate) fn form(found: &str, expected: &'static str) -> Self {
        Self::Form {
            found: found.chars().take(200).collect(),
            expected,
        }
    }

    pub(crate) fn length(found: usize, limit: usize, expected: &'static str) -> Self {
        Self::Length {
            found,
            limit,
            expected,
        }
    }
}
