//! Catalogues in formats of their own, collected in one file and told apart by `_src`, and a lossy
//! extract of the CVE list.
//!
//! The extract says less than the record it was made from, and its version text was written for
//! people. So it is only loaded when asked for, and is kept as a catalogue of its own, never in
//! place of the CVE list's record.

use snowguard_advisory::error::Error;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;
use snowguard_advisory::reading::Reading;
use snowguard_advisory::vendor::{self, Format};

/// The records of one entry of a collection; a Mozilla advisory lists several.
pub(super) fn records(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    all(vendor::read_marked(raw, limits))
}

/// The record of one entry of the extract.
pub(super) fn lite(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    all(vendor::read(Format::Trickest, raw, limits))
}

fn all(readings: Result<Vec<Reading>, Error>) -> Result<Vec<Record>, String> {
    let readings = readings.map_err(|error| error.to_string())?;
    Ok(readings.into_iter().map(|reading| reading.record).collect())
}
