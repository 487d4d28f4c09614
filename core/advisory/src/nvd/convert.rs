//! From an NVD entry to the shared model.

use super::types::{CvssMetric, Item};
use crate::applicability;
use crate::cvss;
use crate::error::{Error, Place};
use crate::ids;
use crate::json::Text;
use crate::model::{Record, Reference, Rejection, Severity, Source, State};
use crate::reading::{Warnings, quote};
use crate::time;

impl Item<'_> {
    /// Turns the entry into the shared model.
    ///
    /// # Errors
    /// [`Error::NotARecord`] without a well-formed CVE id.
    pub fn to_record(&self, warnings: &mut Warnings) -> Result<Record, Error> {
        let id = self.id.as_deref().unwrap_or_default();
        if !ids::is_cve(id) {
            let reason = format!("id is not a CVE id: {}", quote(id));
            return Err(Error::NotARecord {
                at: Place::default(),
                reason,
            });
        }
        let mut record = Record::new(id, Source::Nvd);
        record.publisher = text(&self.source_identifier).or_else(|| text(&self.cna));
        record.source_status = text(&self.vuln_status);
        record.description = self.english();
        if self
            .vuln_status
            .as_deref()
            .is_some_and(|s| s.eq_ignore_ascii_case("Rejected"))
        {
            record.state = State::Rejected;
            record.rejected = Some(Rejection {
                reason: record.description.clone(),
                replaced_by: Vec::new(),
            });
        }
        record.published = date(&self.published, "/published", warnings);
        record.modified = date(&self.last_modified, "/lastModified", warnings)
            .or_else(|| date(&self.modified, "/modified", warnings));
        record.kev_date = text(&self.cisa_exploit_add);
        for tag in self.cve_tags.iter().flat_map(|tags| &tags.tags) {
            if !record.tags.iter().any(|known| known == tag) {
                record.tags.push(tag.to_string());
            }
        }
        let metrics = &self.metrics;
        for (version, list) in [
            ("4.0", &metrics.v40),
            ("3.1", &metrics.v31),
            ("3.0", &metrics.v30),
            ("2.0", &metrics.v2),
        ] {
            record
                .severities
                .extend(list.iter().filter_map(|metric| severity(version, metric)));
        }
        for description in self
            .weaknesses
            .iter()
            .flat_map(|weakness| &weakness.description)
        {
            let cwe = description.value.as_deref().and_then(ids::leading_cwe);
            record
                .weaknesses
                .extend(cwe.filter(|cwe| !record.weaknesses.contains(cwe)));
        }
        record.references = self.links();
        record.solutions.extend(text(&self.evaluator_solution));
        for (index, statement) in self.configurations.iter().enumerate() {
            let pointer = format!("/configurations/{index}");
            let configuration = applicability::convert(statement, "nvd", pointer, warnings);
            record.configurations.extend(configuration);
        }
        Ok(record)
    }

    fn english(&self) -> String {
        let english = |lang: &str| lang.get(..2).is_some_and(|l| l.eq_ignore_ascii_case("en"));
        let list = &self.descriptions;
        let found = list
            .iter()
            .find(|text| text.lang.as_deref().is_none_or(english))
            .or_else(|| list.first())
            .and_then(|text| text.value.as_deref())
            .or(self.description.as_deref());
        found.unwrap_or_default().trim().to_owned()
    }

    fn links(&self) -> Vec<Reference> {
        let mut list: Vec<Reference> = Vec::with_capacity(self.references.len());
        for link in &self.references {
            let Some(url) = text(&link.url) else { continue };
            let tags = link
                .tags
                .iter()
                .map(|tag| tag.to_lowercase().replace(' ', "-"));
            match list.iter_mut().find(|known| known.url == url) {
                // The NVD lists a link once for each source that gave it.
                Some(known) => {
                    for tag in tags {
                        if !known.tags.contains(&tag) {
                            known.tags.push(tag);
                        }
                    }
                }
                None => list.push(Reference {
                    url,
                    tags: tags.collect(),
                    name: None,
                }),
            }
        }
        list
    }
}

fn severity(version: &str, metric: &CvssMetric<'_>) -> Option<Severity> {
    let vector = text(&metric.data.vector).unwrap_or_default();
    let score = cvss::base_score(&vector).or(metric.data.base_score);
    if vector.is_empty() && score.is_none() {
        return None;
    }
    let by = match metric.source.as_deref() {
        None | Some("nvd@nist.gov") => "nvd",
        Some(source) => source,
    };
    Some(Severity {
        by: by.to_owned(),
        version: version.to_owned(),
        vector,
        score,
    })
}

fn date(field: &Option<Text<'_>>, pointer: &str, warnings: &mut Warnings) -> Option<i64> {
    let given = field.as_deref()?;
    let millis = time::millis(given);
    if millis.is_none() {
        warnings.push(pointer, format!("not a time: {}", quote(given)));
    }
    millis
}

fn text(field: &Option<Text<'_>>) -> Option<String> {
    field
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
