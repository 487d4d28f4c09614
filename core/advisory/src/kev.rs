//! CISA's catalogue of Known Exploited Vulnerabilities.
//!
//! Source: <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>, JSON schema 1.3.

use crate::error::{Error, Place};
use crate::ids;
use crate::json::{RawOption, Text, from_text, object};
use crate::limits::{Limits, sniff_id};
use crate::model::Kev;
use crate::reading::quote;

object! {
    /// The catalogue as a file.
    pub struct Catalogue {
        /// Headline.
        pub title: Option<Text<'de>> = "title",
        /// `2025.08.25`.
        pub version: Option<Text<'de>> = "catalogVersion",
        /// When it was released.
        pub released: Option<Text<'de>> = "dateReleased",
        /// How many entries.
        pub count: Option<f64> = "count",
        /// The entries.
        pub vulnerabilities: Vec<RawOption<'de>> = "vulnerabilities",
    }
}

object! {
    /// An entry.
    pub struct Entry {
        /// CVE id.
        pub cve_id: Option<Text<'de>> = "cveID",
        /// Vendor or project.
        pub vendor: Option<Text<'de>> = "vendorProject",
        /// Product.
        pub product: Option<Text<'de>> = "product",
        /// Name.
        pub name: Option<Text<'de>> = "vulnerabilityName",
        /// `YYYY-MM-DD`.
        pub date_added: Option<Text<'de>> = "dateAdded",
        /// One sentence.
        pub short_description: Option<Text<'de>> = "shortDescription",
        /// What agencies must do.
        pub required_action: Option<Text<'de>> = "requiredAction",
        /// `YYYY-MM-DD`.
        pub due_date: Option<Text<'de>> = "dueDate",
        /// `Known` or `Unknown`.
        pub ransomware: Option<Text<'de>> = "knownRansomwareCampaignUse",
        /// Links.
        pub notes: Option<Text<'de>> = "notes",
        /// `CWE-79`.
        pub cwes: Vec<Text<'de>> = "cwes",
    }
}

/// Cuts the catalogue's file into its entries.
///
/// # Errors
/// When the document breaks a limit, is not JSON, or has no `vulnerabilities`.
pub fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<&'a str>, Error> {
    let (catalogue, _) = from_text::<Catalogue<'a>>(limits.document(bytes)?, limits)?;
    if catalogue.vulnerabilities.is_empty() {
        let reason = "no vulnerabilities in this catalogue".to_owned();
        return Err(Error::NotARecord {
            at: Place::at(0),
            reason,
        });
    }
    let entries = catalogue.vulnerabilities.iter().filter_map(|entry| entry.0);
    Ok(entries.map(|raw| raw.get()).collect())
}

/// Reads one entry: the CVE id and what the catalogue says.
///
/// # Errors
/// When the bytes break a limit, are not a JSON object, or have no CVE id or date.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<(String, Kev), Error> {
    let (entry, _) = from_text::<Entry<'_>>(limits.record(bytes)?, limits)?;
    let fail = |reason| {
        let at = Place {
            record: sniff_id(bytes),
            offset: None,
        };
        Error::NotARecord { at, reason }
    };
    let id = entry.cve_id.as_deref().unwrap_or_default();
    if !ids::is_cve(id) {
        return Err(fail(format!("cveID is not a CVE id: {}", quote(id))));
    }
    let text = |field: &Option<Text<'_>>| field.as_deref().unwrap_or_default().trim().to_owned();
    let date_added = text(&entry.date_added);
    if date_added.is_empty() {
        return Err(fail("no dateAdded".to_owned()));
    }
    let kev = Kev {
        date_added,
        due_date: Some(text(&entry.due_date)).filter(|date| !date.is_empty()),
        vendor: text(&entry.vendor),
        product: text(&entry.product),
        name: text(&entry.name),
        ransomware: entry
            .ransomware
            .as_deref()
            .is_some_and(|use_| use_.eq_ignore_ascii_case("known")),
    };
    Ok((id.to_owned(), kev))
}
