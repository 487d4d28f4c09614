//! Writing to the terminal: data to standard output, all else to standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// In which form data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; `version` says which form.
    Json,
}

/// Version of all JSON that the command line prints.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    data: T,
}

/// Prints `data` as JSON with its version.
pub fn json(data: impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(
        &mut out,
        &Versioned {
            version: VERSION,
            data,
        },
    )
    .map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// Prints text.
pub fn text(text: impl Display) -> Result<()> {
    write!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Starts the log, on standard error. `SNOWGUARD_LOG` says more precisely what is wanted.
pub fn log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info,snowguard=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("SNOWGUARD_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .init();
}

/// Text from outside, made inert for a terminal: no control characters, so no escape sequences.
pub fn inert(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// `1234567` → `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `2026-11-22 18:00 UTC`.
pub fn time(at: snowguard_tracker_db::Millis) -> String {
    jiff::Timestamp::from_millisecond(at.get()).map_or_else(
        |_| "?".to_owned(),
        |time| time.strftime("%F %H:%M UTC").to_string(),
    )
}

/// Columns of text, aligned.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let fill = width - cell.chars().count() + 2;
                line.extend(std::iter::repeat_n(' ', fill));
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let numbers = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn escape_sequences_do_not_reach_a_terminal() {
        assert_eq!(inert("a\u{1b}[31mb\nc\u{9b}d"), "a [31mb c d");
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::default();
        table.row(["a", "bb", "c"]);
        table.row(["aaa", "b", ""]);
        assert_eq!(table.to_string(), "a    bb  c\naaa  b\n");
    }
}
