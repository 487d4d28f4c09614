//! The NVD: CVE API 2.0, its feeds, and override files in the same shape.
//!
//! [`split`] cuts a page or feed into its entries without reading them, so that each is judged
//! by itself; [`read`] reads one entry, wrapped (`{"cve": {…}}`) or bare.

mod convert;
mod link;
mod types;

pub use types::*;

use crate::error::{Error, Place};
use crate::json::from_text;
use crate::limits::{Limits, sniff_id};
use crate::reading::Reading;

/// Cuts a page of the API or a feed into its entries.
///
/// # Errors
/// When the document breaks a limit, is not JSON, or has no `vulnerabilities`.
pub fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<&'a str>, Error> {
    let text = limits.document(bytes)?;
    // A feed may hold more entries than an array inside of a record may have elements.
    let (page, _) = from_text::<Page<'a>>(
        text,
        &Limits {
            array: usize::MAX,
            ..*limits
        },
    )?;
    if page.vulnerabilities.is_empty() && page.total_results.is_none() {
        let at = Place::at(0);
        return Err(Error::NotARecord {
            at,
            reason: "no vulnerabilities in this page".to_owned(),
        });
    }
    Ok(page
        .vulnerabilities
        .iter()
        .filter_map(|entry| entry.0)
        .map(|raw| raw.get())
        .collect())
}

/// Reads one entry: `{"cve": {…}}` of a page, or the object in it, or an override.
///
/// # Errors
/// When the bytes break a limit, are not a JSON object, or have no well-formed CVE id.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Reading, Error> {
    let text = limits.record(bytes)?;
    let (item, mut warnings) = if is_wrapped(text) {
        let (wrapped, warnings) = from_text::<Wrapped<'_>>(text, limits)?;
        let Some(item) = wrapped.cve else {
            let at = Place {
                record: sniff_id(bytes),
                offset: None,
            };
            return Err(Error::NotARecord {
                at,
                reason: "cve is not an object".to_owned(),
            });
        };
        (*item, warnings)
    } else {
        from_text::<Item<'_>>(text, limits)?
    };
    let record = item.to_record(&mut warnings)?;
    Ok(Reading {
        record,
        warnings: warnings.finish(),
    })
}

/// Whether the first key of the object is `cve`.
fn is_wrapped(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{').map(str::trim_start);
    inside
        .and_then(|text| text.strip_prefix("\"cve\""))
        .is_some()
}
