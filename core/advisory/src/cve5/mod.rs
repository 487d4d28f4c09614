//! CVE Record Format 5.0, 5.1 and 5.2.
//!
//! [`parse`] gives the record as typed parts that borrow from the input, [`read`] goes on to the
//! shared model. A record is refused only when it is not JSON, breaks a limit, or has no CVE id;
//! a field of the wrong type becomes a warning.
//!
//! Source: <https://github.com/CVEProject/cve-schema>, `schema/CVE_Record_Format.json`.

mod convert;
mod types;

pub use types::*;

use crate::error::Error;
use crate::json::from_text;
use crate::limits::Limits;
use crate::reading::{Reading, Warnings};

/// Reads one record.
///
/// # Errors
/// When the bytes break a limit or are not a JSON object.
///
/// Cost: linear; texts without escapes are not copied.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(CveRecord<'a>, Warnings), Error> {
    from_text(limits.record(bytes)?, limits)
}

/// Reads one record into the shared model.
///
/// # Errors
/// As [`parse`], and when the record has no well-formed CVE id.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Reading, Error> {
    let (parsed, mut warnings) = parse(bytes, limits)?;
    let record = parsed.to_record(&mut warnings)?;
    Ok(Reading {
        record,
        warnings: warnings.finish(),
    })
}
