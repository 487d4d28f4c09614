//! OSV, 1.6 and later, any ecosystem.
//!
//! Source: <https://ossf.github.io/osv-schema/>.

mod convert;
mod types;

pub use types::*;

use crate::error::Error;
use crate::json::from_text;
use crate::limits::Limits;
use crate::reading::{Reading, Warnings};

/// Reads one entry.
///
/// # Errors
/// When the bytes break a limit or are not a JSON object.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Entry<'a>, Warnings), Error> {
    from_text(limits.record(bytes)?, limits)
}

/// Reads one entry into the shared model. `publisher` names the database it came from
/// (`bitnami/vulndb`); where it is `None`, the prefix of the id stands for it.
///
/// # Errors
/// As [`parse`], and when the entry has no id.
pub fn read(bytes: &[u8], publisher: Option<&str>, limits: &Limits) -> Result<Reading, Error> {
    let (parsed, mut warnings) = parse(bytes, limits)?;
    let record = parsed.to_record(publisher, &mut warnings)?;
    Ok(Reading {
        record,
        warnings: warnings.finish(),
    })
}
