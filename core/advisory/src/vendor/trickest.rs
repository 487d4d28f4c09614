//! One line for each CVE: product, version text, CWE, description, proofs of concept. Lossy:
//! of a range only the lower bound is left, so a version says no more than "this one".

use super::{Format, text};
use crate::ids;
use crate::json::{Text, object};
use crate::model::{Affected, CveVersion, Record, Reference, Source, Status, Versions};
use crate::reading::{Warnings, quote};

object! {
    /// A line.
    pub struct Document {
        /// CVE id.
        pub id: Option<Text<'de>> = "id",
        /// Product, or `n/a`.
        pub product: Option<Text<'de>> = "product",
        /// Version text.
        pub version: Option<Text<'de>> = "version",
        /// `CWE-79: …`.
        pub vulnerability: Vec<Text<'de>> = "vulnerability",
        /// Description.
        pub description: Option<Text<'de>> = "description",
        /// How many repositories hold a proof of concept.
        pub pocs: Option<f64> = "pocs",
        /// The first links.
        pub refs: Vec<Text<'de>> = "refs",
    }
}

pub(super) fn convert(document: &Document<'_>, _: &mut Warnings) -> Result<Record, String> {
    let by = Format::Trickest.publisher().to_owned();
    let id = document.id.as_deref().unwrap_or_default();
    if !ids::is_cve(id) {
        return Err(format!("id is not a CVE id: {}", quote(id)));
    }
    let mut record = Record::new(id, Source::Vendor);
    record.publisher = Some(by.clone());
    record.description = text(&document.description).unwrap_or_default();
    for weakness in document
        .vulnerability
        .iter()
        .filter_map(|text| ids::leading_cwe(text))
    {
        if !record.weaknesses.contains(&weakness) {
            record.weaknesses.push(weakness);
        }
    }
    record.references = document
        .refs
        .iter()
        .map(|url| Reference {
            url: url.to_string(),
            tags: vec!["exploit".to_owned()],
            name: None,
        })
        .collect();
    if let Some(product) = ids::named(document.product.as_deref()) {
        let entry = text(&document.version).map(|version| CveVersion {
            version,
            status: Status::Affected,
            less_than: None,
            less_than_or_equal: None,
            version_type: None,
            changes: Vec::new(),
        });
        record.affected.push(Affected {
            by,
            pointer: String::new(),
            product: Some(product),
            versions: Versions::Cve {
                default: Status::Unknown,
                entries: entry.into_iter().collect(),
            },
            ..Affected::default()
        });
    }
    Ok(record)
}
