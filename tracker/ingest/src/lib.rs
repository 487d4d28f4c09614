//! Sources of advisories and packages: reading, recognising, parsing and storing them.
//!
//! One file per source in [`source`]; where they lie in [`input`]; how a stream becomes records in
//! [`split`]. Every byte that comes in is hostile: see [`limits::Limits`].
//!
//! Entry points: [`ingest`] with [`Options`] and an [`input::Location`].
//!
//! Non-goals: no SQL (that is `snowguard-tracker-db`), no understanding of advisories (that is
//! `snowguard-advisory`).

pub mod date;
pub mod error;
mod ingest;
pub mod input;
pub mod limits;
mod pipeline;
pub mod plan;
mod progress;
pub mod rematch;
pub mod rulings;
mod run;
pub mod scan_db;
pub mod source;
pub mod split;

pub use error::IngestError;
pub use ingest::{Report, ingest, retry_quarantine};
pub use progress::{Bar, Progress};
pub use run::{End, FeedReport, Options};

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
            text
        })
}
