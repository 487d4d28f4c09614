//! Sources of advisories and packages: reading, recognising, parsing and storing them.
//!
//! One file per source in [`source`]; where they lie in [`input`]; how a stream becomes records in
//! [`split`]. Every byte that comes in is hostile: see [`limits::Limits`].
//!
//! Non-goals: no SQL (that is `snowguard-tracker-db`), no understanding of advisories (that is
//! `snowguard-advisory`).

pub mod error;
pub mod input;
pub mod limits;
pub mod source;
pub mod split;

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
