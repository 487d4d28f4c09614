//! The sources, one file each: what their records look like and what they become.

pub mod alias;
pub mod channel;
pub(crate) mod cvelist;
pub mod epss;
mod kind;
mod nvd;
mod osv;
pub mod people;
mod recognise;
mod vendor;

use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;

pub use kind::Kind;
pub use recognise::{HEAD, Recognised, recognise};

/// The advisory records in one raw record; one, except where a catalogue lists several in one.
///
/// # Errors
/// What is wrong with it, in words, with the place inside it where that is known.
pub fn records(kind: Kind, raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    match kind {
        Kind::CveList => cvelist::records(raw, limits),
        Kind::Nvd => nvd::records(raw, limits),
        Kind::Osv => osv::records(raw, limits),
        Kind::Vendor => vendor::records(raw, limits),
        Kind::CveLite => vendor::lite(raw, limits),
        _ => Err(format!("{kind} holds no advisories")),
    }
}
