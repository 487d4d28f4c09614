//! An advisory in two parts: what verdicts are made of, and what people read.
//!
//! A scan looks at thousands of advisories and shows a few. Only the first part is read for all of
//! them.

use serde::{Deserialize, Serialize};
use snowguard_advisory::model::{Advisory, Epss, Kev, Record, Reference, Severity, Ssvc};
use snowguard_matching::advisory_facts::AdvisoryFacts;

/// Longest description that is kept, in bytes.
const DESCRIPTION: usize = 1_200;
/// Most links that are kept of one record.
const LINKS: usize = 24;

/// What verdicts are made of, and what a line about the advisory tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its records, as far as verdicts need them.
    pub advisory: Advisory,
    /// What they say about software, worked out when the file was written.
    pub facts: AdvisoryFacts,
    /// What a line about it tells.
    pub brief: Brief,
}

/// What a line about an advisory tells.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Brief {
    /// The first title that a record gives. Hostile: escape it where it is shown.
    pub title: Option<String>,
    /// Highest base score of CVSS, 0.0 to 10.0.
    pub score: Option<f64>,
    /// Probability of exploitation within 30 days, 0.0 to 1.0.
    pub epss: Option<f64>,
    /// Whether CISA's catalogue lists it.
    pub is_exploited: bool,
    /// Other ids of the same vulnerability, sorted.
    pub aliases: Vec<String>,
}

/// What people read of an advisory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prose {
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

/// What a line about an advisory tells.
#[must_use]
pub(crate) fn brief(advisory: &Advisory) -> Brief {
    let records = &advisory.records;
    let mut aliases: Vec<String> = records
        .iter()
        .flat_map(|record| std::iter::once(&record.id).chain(&record.aliases))
        .filter(|id| **id != advisory.id)
        .cloned()
        .collect();
    aliases.sort_unstable();
    aliases.dedup();
    Brief {
        title: records.iter().find_map(|record| record.title.clone()),
        score: records
            .iter()
            .flat_map(|record| &record.severities)
            .filter_map(|severity| severity.score)
            .max_by(f64::total_cmp),
        epss: advisory.epss.map(|epss| epss.score),
        is_exploited: advisory.kev.is_some(),
        aliases,
    }
}

/// What people read of an advisory.
#[must_use]
pub(crate) fn prose(advisory: &Advisory) -> Prose {
    let records = &advisory.records;
    let description = records
        .iter()
        .map(|record| record.description.as_str())
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let mut prose = Prose {
        description: excerpt(description),
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
    prose
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
