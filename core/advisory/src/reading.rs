//! What a reader hands back: the record, and what it could not make sense of.

use serde::{Deserialize, Serialize};

use crate::model::Record;

/// A record that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The record in the shared model.
    pub record: Record,
    /// What was passed over. An empty list means that everything was understood.
    pub warnings: Vec<Warning>,
}

/// Something in a document that was passed over or mended, while the rest was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What was wrong, in plain text. It may quote the document: escape it where it is shown.
    pub message: String,
}

/// Collects warnings; a hostile document can't make it grow without bound.
#[derive(Debug, Default)]
pub struct Warnings {
    list: Vec<Warning>,
    left_out: usize,
}

impl Warnings {
    /// Kept in full; later ones are only counted.
    const MOST: usize = 64;

    /// Adds one.
    pub fn push(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.list.len() < Self::MOST {
            self.list.push(Warning {
                pointer: pointer.into(),
                message: message.into(),
            });
        } else {
            self.left_out += 1;
        }
    }

    /// How many are kept.
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Puts a step before the pointers of all warnings since `mark`.
    pub(crate) fn prefix(&mut self, mark: usize, step: &str) {
        for warning in self.list.iter_mut().skip(mark) {
            // RFC 6901, section 4: `~` and `/` in a key are escaped.
            let step = step.replace('~', "~0").replace('/', "~1");
            warning.pointer.insert_str(0, &step);
            warning.pointer.insert(0, '/');
        }
    }

    /// All of them; the last says how many were left out.
    #[must_use]
    pub fn finish(mut self) -> Vec<Warning> {
        if self.left_out > 0 {
            let message = format!("{} more warnings", self.left_out);
            self.list.push(Warning {
                pointer: String::new(),
                message,
            });
        }
        self.list
    }
}

/// A short quotation of a hostile value for a message.
pub(crate) fn quote(value: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = value.chars().take(MOST).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("{short:?}")
}
