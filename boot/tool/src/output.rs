//! Where results go: one document on standard output, as text or as JSON.

use std::fmt::Display;
use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

/// Version of every JSON document; goes up when a field changes its meaning or goes away.
const VERSION: u32 = 1;

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

#[derive(Serialize)]
struct Document<'a, T> {
    version: u32,
    #[serde(flatten)]
    content: &'a T,
}

impl Output {
    /// For people.
    pub fn text() -> Self {
        Self { json: false }
    }

    /// For programs.
    pub fn json() -> Self {
        Self { json: true }
    }

    /// Prints a command's result: its `Display`, or its fields beside `version`.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn print<T: Serialize + Display>(&self, result: &T) -> Result<()> {
        let mut text = if self.json {
            let document = Document {
                version: VERSION,
                content: result,
            };
            serde_json::to_string_pretty(&document).context("cannot write the result as JSON")?
        } else {
            result.to_string()
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write to standard output")
    }
}

/// An error and its causes, one line, to standard error.
pub fn complain(error: &anyhow::Error) {
    let causes: Vec<String> = error
        .chain()
        .filter(|cause| !cause.is::<crate::outcome::Failure>())
        .map(ToString::to_string)
        .collect();
    // With standard error closed there is nobody left to tell.
    let _closed = writeln!(std::io::stderr(), "snowguard boot: {}", causes.join(": "));
}
