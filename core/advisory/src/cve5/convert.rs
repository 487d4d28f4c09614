//! From a CVE record to the shared model.

use std::collections::HashMap;

use super::types::{
    Container, CveRecord, Cvss, Description, KevContent, Metric, OtherMetric, Product, SsvcContent,
    Version,
};
use crate::applicability;
use crate::cpe::Cpe;
use crate::cvss;
use crate::error::{Error, Place};
use crate::ids;
use crate::json::{RawOption, Text, from_text};
use crate::limits::Limits;
use crate::model::{
    Affected, Change, Credit, CveVersion, Record, Reference, Rejection, Severity, Source, Ssvc,
    State, Status, TimelineEntry, Versions,
};
use crate::purl::Purl;
use crate::reading::{Warnings, quote};
use crate::time;

impl CveRecord<'_> {
    /// Turns the record into the shared model.
    ///
    /// # Errors
    /// [`Error::NotARecord`] without a well-formed CVE id.
    pub fn to_record(&self, warnings: &mut Warnings) -> Result<Record, Error> {
        let id = self.metadata.cve_id.as_deref().unwrap_or_default();
        if !ids::is_cve(id) {
            let reason = format!("cveMetadata.cveId is not a CVE id: {}", quote(id));
            return Err(Error::NotARecord {
                at: Place::default(),
                reason,
            });
        }
        let cna = &self.containers.cna;
        let mut record = Record::new(id, Source::CveList);
        record.publisher = text(&self.metadata.assigner_short_name)
            .or_else(|| text(&cna.provider.short_name))
            .or_else(|| text(&self.metadata.assigner_org_id))
            .or_else(|| text(&cna.provider.org_id));
        record.state = self.state();
        record.title = text(&cna.title);
        record.description = english(&cna.descriptions);
        record.published = self.published(warnings);
        record.modified = self.modified(warnings);
        record.tags = tags(cna);
        if record.state == State::Rejected {
            record.rejected = Some(Rejection {
                reason: english(&cna.rejected_reasons),
                replaced_by: cna.replaced_by.iter().map(|id| id.to_string()).collect(),
            });
        }

        let mut links = Links::default();
        for (at, container) in self.containers() {
            let by = by(container, &at);
            add_container(&mut record, container, &by, &at, warnings);
            links.add(container);
        }
        record.references = links.list;
        record.weaknesses = weaknesses(self.containers().map(|(_, container)| container));
        Ok(record)
    }

    /// The CNA's container, then the ADPs', each with its JSON pointer.
    fn containers(&self) -> impl Iterator<Item = (String, &Container<'_>)> {
        let adps = self.containers.adp.iter().enumerate();
        std::iter::once(("/containers/cna".to_owned(), &self.containers.cna))
            .chain(adps.map(|(index, adp)| (format!("/containers/adp/{index}"), adp)))
    }

    fn state(&self) -> State {
        match self.metadata.state.as_deref() {
            Some(state) if state.eq_ignore_ascii_case("REJECTED") => State::Rejected,
            // Records straight from some CNAs have no state; a rejection gives itself away.
            None if !self.containers.cna.rejected_reasons.is_empty() => State::Rejected,
            _ => State::Published,
        }
    }

    fn published(&self, warnings: &mut Warnings) -> Option<i64> {
        date(
            &self.metadata.date_published,
            "/cveMetadata/datePublished",
            warnings,
        )
        .or_else(|| {
            let public = &self.containers.cna.date_public;
            date(public, "/containers/cna/datePublic", warnings)
        })
    }

    /// `dateUpdated` of the record; where it is absent, the latest of the containers.
    fn modified(&self, warnings: &mut Warnings) -> Option<i64> {
        date(
            &self.metadata.date_updated,
            "/cveMetadata/dateUpdated",
            warnings,
        )
        .or_else(|| {
            let updated = |container: &Container<'_>| {
                container
                    .provider
                    .date_updated
                    .as_deref()
                    .and_then(time::millis)
            };
            self.containers()
                .filter_map(|(_, container)| updated(container))
                .max()
        })
    }
}

fn add_container(
    record: &mut Record,
    container: &Container<'_>,
    by: &str,
    at: &str,
    warnings: &mut Warnings,
) {
    for (index, product) in container.affected.iter().enumerate() {
        let pointer = format!("{at}/affected/{index}");
        record
            .affected
            .push(affected(product, by, pointer, warnings));
    }
    for (index, statement) in container.cpe_applicability.iter().enumerate() {
        let pointer = format!("{at}/cpeApplicability/{index}");
        record
            .configurations
            .extend(applicability::convert(statement, by, pointer, warnings));
    }
    for metric in &container.metrics {
        add_metric(record, metric, by);
    }
    record.workarounds.extend(texts(&container.workarounds));
    record.solutions.extend(texts(&container.solutions));
    record
        .credits
        .extend(container.credits.iter().filter_map(|credit| {
            Some(Credit {
                value: text(&credit.value)?,
                kind: text(&credit.kind),
            })
        }));
    record
        .timeline
        .extend(container.timeline.iter().filter_map(|entry| {
            Some(TimelineEntry {
                time: text(&entry.time)?,
                value: text(&entry.value)?,
            })
        }));
}

/// Who speaks in a container.
fn by(container: &Container<'_>, at: &str) -> String {
    if at == "/containers/cna" {
        return "cna".to_owned();
    }
    text(&container.provider.short_name).unwrap_or_else(|| "adp".to_owned())
}

fn affected(product: &Product<'_>, by: &str, pointer: String, warnings: &mut Warnings) -> Affected {
    let mut cpes = Vec::with_capacity(product.cpes.len());
    for (index, name) in product.cpes.iter().chain(&product.cpe).enumerate() {
        match Cpe::parse(name) {
            Ok(cpe) => cpes.push(cpe),
            Err(error) => warnings.push(format!("{pointer}/cpes/{index}"), error.to_string()),
        }
    }
    let purl = product.package_url.as_deref().and_then(|purl| {
        Purl::parse(purl)
            .map_err(|error| warnings.push(format!("{pointer}/packageURL"), error.to_string()))
            .ok()
    });
    let default = match product.default_status.as_deref() {
        None => Status::Unknown,
        Some(word) => status(word, || format!("{pointer}/defaultStatus"), warnings),
    };
    let mut entries = Vec::with_capacity(product.versions.len());
    for (index, version) in product.versions.iter().enumerate() {
        entries.extend(entry(version, &pointer, index, warnings));
    }
    Affected {
        by: by.to_owned(),
        vendor: ids::named(product.vendor.as_deref()),
        product: ids::named(product.product.as_deref()),
        package_name: ids::named(product.package_name.as_deref()),
        collection_url: ids::named(product.collection_url.as_deref()),
        ecosystem: None,
        purl,
        repo: ids::named(product.repo.as_deref()),
        modules: owned(&product.modules),
        program_files: owned(&product.program_files),
        program_routines: product
            .program_routines
            .iter()
            .filter_map(|routine| text(&routine.name))
            .collect(),
        platforms: owned(&product.platforms),
        cpes,
        versions: Versions::Cve { default, entries },
        pointer,
    }
}

/// One entry of `versions`. Every entry is kept, so that an index stays that of the document.
fn entry(
    version: &Version<'_>,
    pointer: &str,
    index: usize,
    warnings: &mut Warnings,
) -> Option<CveVersion> {
    let at = |field: &str| format!("{pointer}/versions/{index}{field}");
    let word = version.status.as_deref().unwrap_or("absent");
    let lower = match text(&version.version) {
        Some(lower) => lower,
        None if version.less_than.is_some() || version.less_than_or_equal.is_some() => {
            warnings.push(
                at(""),
                "range without a lower bound; taken as from the beginning",
            );
            "0".to_owned()
        }
        None => {
            warnings.push(at(""), "entry without a version");
            "unspecified".to_owned()
        }
    };
    Some(CveVersion {
        version: lower,
        status: status(word, || at("/status"), warnings),
        less_than: text(&version.less_than),
        less_than_or_equal: text(&version.less_than_or_equal),
        version_type: text(&version.version_type),
        changes: version
            .changes
            .iter()
            .filter_map(|change| {
                let word = change.status.as_deref().unwrap_or("absent");
                Some(Change {
                    at: text(&change.at)?,
                    status: status(word, || at("/changes"), warnings),
                })
            })
            .collect(),
    })
}

/// The pointer is only made when it is needed: there are hundreds of entries in a record.
fn status(word: &str, pointer: impl Fn() -> String, warnings: &mut Warnings) -> Status {
    match word {
        "affected" => Status::Affected,
        "unaffected" => Status::Unaffected,
        "unknown" => Status::Unknown,
        _ => {
            warnings.push(
                pointer(),
                format!("not a status: {}; taken as unknown", quote(word)),
            );
            Status::Unknown
        }
    }
}

fn add_metric(record: &mut Record, metric: &Metric<'_>, by: &str) {
    let given = [
        ("2.0", &metric.cvss_v2_0),
        ("3.0", &metric.cvss_v3_0),
        ("3.1", &metric.cvss_v3_1),
        ("4.0", &metric.cvss_v4_0),
    ];
    for (version, cvss) in given {
        if let Some(cvss) = cvss {
            record.severities.extend(severity(version, cvss, by));
        }
    }
    if let Some(content) = metric.ssvc_v1_0_1.0 {
        add_ssvc(record, content.get());
    }
    let Some(OtherMetric {
        kind: Some(kind),
        content: RawOption(Some(content)),
        ..
    }) = &metric.other
    else {
        return;
    };
    match &**kind {
        "ssvc" => add_ssvc(record, content.get()),
        "kev" => {
            if let Ok((kev, _)) = from_text::<KevContent<'_>>(content.get(), &Limits::default()) {
                record.kev_date = text(&kev.date_added);
            }
        }
        _ => {}
    }
}

fn severity(version: &str, cvss: &Cvss<'_>, by: &str) -> Option<Severity> {
    let vector = text(&cvss.vector).unwrap_or_default();
    let score = cvss::base_score(&vector).or(cvss.base_score);
    if vector.is_empty() && score.is_none() {
        return None;
    }
    Some(Severity {
        by: by.to_owned(),
        version: version.to_owned(),
        vector,
        score,
    })
}

fn add_ssvc(record: &mut Record, content: &str) {
    let Ok((content, _)) = from_text::<SsvcContent<'_>>(content, &Limits::default()) else {
        return;
    };
    let mut ssvc = Ssvc {
        exploitation: None,
        automatable: None,
        technical_impact: None,
        timestamp: text(&content.timestamp),
    };
    for option in &content.options {
        ssvc.exploitation = ssvc.exploitation.or_else(|| text(&option.exploitation));
        ssvc.automatable = ssvc.automatable.or_else(|| text(&option.automatable));
        ssvc.technical_impact = ssvc
            .technical_impact
            .or_else(|| text(&option.technical_impact));
    }
    record.ssvc = Some(ssvc);
}

fn tags(cna: &Container<'_>) -> Vec<String> {
    let mut tags: Vec<String> = owned(&cna.tags);
    tags.dedup();
    tags
}

fn weaknesses<'a>(containers: impl Iterator<Item = &'a Container<'a>>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for description in containers
        .flat_map(|c| &c.problem_types)
        .flat_map(|problem| &problem.descriptions)
    {
        let given = description
            .cwe_id
            .as_deref()
            .or(description.description.as_deref());
        let cwe = given.and_then(ids::leading_cwe);
        list.extend(cwe.filter(|cwe| !list.contains(cwe)));
    }
    list
}

/// Links of all containers, each URL once with the tags of all.
#[derive(Default)]
struct Links<'r> {
    list: Vec<Reference>,
    index: HashMap<&'r str, usize>,
}

impl<'r> Links<'r> {
    fn add(&mut self, container: &'r Container<'_>) {
        for reference in &container.references {
            let url = reference.url.as_deref().unwrap_or_default().trim();
            if url.is_empty() {
                continue;
            }
            let at = *self.index.entry(url).or_insert_with(|| {
                self.list.push(Reference {
                    url: url.to_owned(),
                    tags: Vec::new(),
                    name: None,
                });
                self.list.len() - 1
            });
            let link = &mut self.list[at];
            if link.name.is_none() {
                link.name = text(&reference.name).filter(|name| *name != link.url);
            }
            for tag in &reference.tags {
                // The CVE program's own container marks every copied link so.
                if tag != "x_transferred" && !link.tags.iter().any(|known| known == tag) {
                    link.tags.push(tag.to_string());
                }
            }
        }
    }
}

/// The English text; where there is none, the first.
fn english(descriptions: &[Description<'_>]) -> String {
    let english: Vec<&str> = descriptions
        .iter()
        .filter(|text| text.lang.as_deref().is_none_or(is_english))
        .filter_map(|text| text.value.as_deref())
        .collect();
    if english.is_empty() {
        let first = descriptions.iter().find_map(|text| text.value.as_deref());
        return first.unwrap_or_default().to_owned();
    }
    english.join("\n\n")
}

fn is_english(lang: &str) -> bool {
    lang.get(..2)
        .is_some_and(|head| head.eq_ignore_ascii_case("en"))
}

fn texts(descriptions: &[Description<'_>]) -> impl Iterator<Item = String> {
    Some(english(descriptions))
        .filter(|text| !text.is_empty())
        .into_iter()
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

fn owned(list: &[Text<'_>]) -> Vec<String> {
    list.iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.to_string())
        .collect()
}
