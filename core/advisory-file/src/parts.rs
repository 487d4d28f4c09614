//! An advisory in two parts: what verdicts are made of, and what people read.
//!
//! A scan looks at thousands of advisories and shows a few. Only the first part is read for all of
//! them.

use serde::{Deserialize, Serialize};
use snowguard_advisory::model::{Advisory, Epss, Kev, Record, Reference, Severity, Ssvc};
use snowguard_matching::repository::Repository;

/// Longest description that is kept, in bytes.
const DESCRIPTION: usize = 1_200;
/// Most links that are kept of one record.
const LINKS: usize = 24;

/// What verdicts are made of: an advisory without what only people read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(pub Advisory);

/// What people read of an advisory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prose {
    /// Other ids of the same vulnerability.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The first title that a record gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The first description, at most 1,200 bytes of it. Hostile: escape it where it is shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Earliest publication, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<i64>,
    /// Latest change, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<i64>,
    /// CVSS of all records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// CWE ids of all records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaknesses: Vec<String>,
    /// The first SSVC statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssvc: Option<Ssvc>,
    /// CISA's catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<Kev>,
    /// Exploit prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// Links, patches first; at most 24 for each record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// Takes an advisory apart. The facts give the same verdicts as the whole: the matcher reads no
/// more of it.
#[must_use]
pub(crate) fn split(advisory: &Advisory) -> (Facts, Prose) {
    let records = &advisory.records;
    let text = |pick: fn(&Record) -> &str| {
        records
            .iter()
            .map(pick)
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    };
    let mut aliases: Vec<String> = records
        .iter()
        .flat_map(|record| std::iter::once(&record.id).chain(&record.aliases))
        .filter(|id| **id != advisory.id)
        .cloned()
        .collect();
    aliases.sort_unstable();
    aliases.dedup();
    let mut prose = Prose {
        aliases,
        title: records.iter().find_map(|record| record.title.clone()),
        description: excerpt(text(|record| &record.description)),
        published: records.iter().filter_map(|record| record.published).min(),
        modified: records.iter().filter_map(|record| record.modified).max(),
        severities: each(records, |record| &record.severities),
        weaknesses: each(records, |record| &record.weaknesses),
        ssvc: records.iter().find_map(|record| record.ssvc.clone()),
        kev: advisory.kev.clone(),
        epss: advisory.epss,
        references: Vec::new(),
    };
    for record in records {
        let mut links: Vec<&Reference> = record.references.iter().collect();
        links.sort_by_key(|link| !link.tags.iter().any(|tag| tag == "patch"));
        for link in links.into_iter().take(LINKS) {
            if !prose.references.iter().any(|known| known.url == link.url) {
                prose.references.push(link.clone());
            }
        }
    }
    let facts = Advisory {
        id: advisory.id.clone(),
        records: records.iter().map(facts_of).collect(),
        kev: None,
        epss: None,
    };
    (Facts(facts), prose)
}

fn facts_of(record: &Record) -> Record {
    Record {
        state: record.state,
        publisher: record.publisher.clone(),
        aliases: record.aliases.clone(),
        tags: record.tags.clone(),
        references: record
            .references
            .iter()
            .filter(|link| Repository::in_url(&link.url).is_some())
            .map(|link| Reference {
                url: link.url.clone(),
                tags: Vec::new(),
                name: None,
            })
            .collect(),
        affected: record
            .affected
            .iter()
            .map(|affected| snowguard_advisory::model::Affected {
                modules: Vec::new(),
                program_files: Vec::new(),
                program_routines: Vec::new(),
                ..affected.clone()
            })
            .collect(),
        configurations: record.configurations.clone(),
        ..Record::new(record.id.clone(), record.source)
    }
}

fn each<T: Clone + PartialEq>(records: &[Record], pick: impl Fn(&Record) -> &Vec<T>) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for value in records.iter().flat_map(pick) {
        if !out.contains(value) {
            out.push(value.clone());
        }
    }
    out
}

fn excerpt(text: &str) -> String {
    if text.len() <= DESCRIPTION {
        return text.to_owned();
    }
    let mut end = DESCRIPTION;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
