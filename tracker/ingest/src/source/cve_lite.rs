//! A lossy extract of the CVE list: id, product, a text about versions, a description.
//!
//! It says less than the record it was made from, and its version text was written for people.
//! So it is only loaded when asked for, and is kept as a catalogue of its own, never in place of
//! the CVE list's record.

use serde::Deserialize;
use snowguard_advisory::ids;
use snowguard_advisory::model::{
    Affected, CveVersion, Record, Reference, Source, Status, Versions,
};

#[derive(Deserialize)]
struct Extract {
    id: String,
    product: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    vulnerability: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    refs: Vec<String>,
}

/// One record.
pub(super) fn records(raw: &[u8]) -> Result<Vec<Record>, String> {
    let extract: Extract = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    if !ids::is_cve(&extract.id) {
        return Err(format!("not a CVE id: {:?}", extract.id));
    }
    let said = |text: &str| ids::named(Some(text));
    let versions = said(&extract.version).map(|text| CveVersion {
        version: text,
        status: Status::Affected,
        less_than: None,
        less_than_or_equal: None,
        version_type: Some("text".to_owned()),
        changes: Vec::new(),
    });
    let affected = said(&extract.product).map(|product| Affected {
        by: "cve-lite".to_owned(),
        pointer: "/product".to_owned(),
        product: Some(product),
        versions: Versions::Cve {
            default: Status::Unknown,
            entries: versions.into_iter().collect(),
        },
        ..Affected::default()
    });
    let weaknesses = extract
        .vulnerability
        .iter()
        .filter_map(|text| ids::leading_cwe(text));
    let links = extract.refs.into_iter();
    Ok(vec![Record {
        publisher: Some("cve-lite".to_owned()),
        description: extract.description,
        affected: affected.into_iter().collect(),
        weaknesses: weaknesses.collect(),
        references: links
            .map(|url| Reference {
                url,
                tags: Vec::new(),
                name: None,
            })
            .collect(),
        ..Record::new(extract.id, Source::Vendor)
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_is_a_catalogue_entry_and_not_a_cve_record() {
        let raw = br#"{"id":"CVE-2020-1234","product":"Foo","version":"< 1.2 ","vulnerability":
            ["CWE-79 XSS"],"description":"d","pocs":1,"refs":["https://example.org"]}"#;
        let record = records(raw).expect("well-formed").remove(0);
        assert_eq!(record.source, Source::Vendor);
        assert_eq!(record.affected[0].product.as_deref(), Some("Foo"));
        assert_eq!(record.weaknesses, ["CWE-79"]);
        let nothing = br#"{"id":"CVE-1999-0001","product":"n/a","version":"n/a "}"#;
        assert!(
            records(nothing).expect("well-formed")[0]
                .affected
                .is_empty()
        );
        assert!(records(br#"{"id":"x","product":"y"}"#).is_err());
    }
}
