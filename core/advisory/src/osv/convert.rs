//! From an OSV entry to the shared model.

use super::types::{AffectedJson, Entry, EventJson, RangeJson, SeverityJson};
use crate::cpe::Cpe;
use crate::cvss;
use crate::error::{Error, Place};
use crate::ids;
use crate::json::Text;
use crate::model::{
    Affected, Credit, OsvEvent, OsvRange, OsvRangeKind, Record, Reference, Severity, Source, State,
    Versions,
};
use crate::purl::Purl;
use crate::reading::{Warnings, quote};
use crate::time;
use crate::versions::pseudo::PseudoVersion;

impl Entry<'_> {
    /// Turns the entry into the shared model.
    ///
    /// # Errors
    /// [`Error::NotARecord`] without an id.
    pub fn to_record(
        &self,
        publisher: Option<&str>,
        warnings: &mut Warnings,
    ) -> Result<Record, Error> {
        let id = self.id.as_deref().unwrap_or_default();
        if !ids::is_plain_id(id) {
            let reason = format!("id is not an id: {}", quote(id));
            return Err(Error::NotARecord {
                at: Place::default(),
                reason,
            });
        }
        let mut record = Record::new(id, Source::Osv);
        record.publisher = publisher.map(str::to_owned).or_else(|| {
            record
                .id
                .split_once('-')
                .map(|(prefix, _)| prefix.to_owned())
        });
        record.aliases = owned(&self.aliases);
        // What a distribution's advisory comes from is about the same flaw in another package;
        // OSV keeps it apart from aliases, and so do we.
        record.related = owned(&self.related);
        record.related.extend(owned(&self.upstream));
        record.title = text(&self.summary);
        record.description = text(&self.details).unwrap_or_default();
        record.published = date(&self.published, "/published", warnings);
        record.modified = date(&self.modified, "/modified", warnings);
        if self.withdrawn.is_some() {
            record.state = State::Withdrawn;
        }
        let mut add_severities = |list: &[SeverityJson<'_>]| {
            for severity in list.iter().filter_map(severity) {
                if !record.severities.contains(&severity) {
                    record.severities.push(severity);
                }
            }
        };
        add_severities(&self.severity);
        for affected in &self.affected {
            add_severities(&affected.severity);
        }
        record.references = self.references.iter().filter_map(reference).collect();
        record.credits = self
            .credits
            .iter()
            .filter_map(|credit| {
                let kind = text(&credit.kind).map(|kind| kind.to_lowercase());
                Some(Credit {
                    value: text(&credit.name)?,
                    kind,
                })
            })
            .collect();
        if let Some(specific) = &self.database_specific {
            record.source_status = text(&specific.review_status);
            let cwes = specific
                .cwe_ids
                .iter()
                .filter_map(|cwe| ids::leading_cwe(cwe));
            record.weaknesses = cwes.collect();
        }
        let cpes = self.cpes(warnings);
        for (index, json) in self.affected.iter().enumerate() {
            record.affected.push(affected(json, index, &cpes, warnings));
        }
        Ok(record)
    }

    /// CPE names that the database gives for the whole entry. They are tied to the package only
    /// where the entry speaks of a single one.
    fn cpes(&self, warnings: &mut Warnings) -> Vec<Cpe> {
        let (Some(specific), [_]) = (&self.database_specific, &self.affected[..]) else {
            return Vec::new();
        };
        let mut cpes = Vec::new();
        for (index, name) in specific.cpes.iter().enumerate() {
            match Cpe::parse(name) {
                Ok(cpe) => cpes.push(cpe),
                Err(error) => {
                    warnings.push(
                        format!("/database_specific/cpes/{index}"),
                        error.to_string(),
                    );
                }
            }
        }
        cpes
    }
}

fn affected(
    json: &AffectedJson<'_>,
    index: usize,
    cpes: &[Cpe],
    warnings: &mut Warnings,
) -> Affected {
    let pointer = format!("/affected/{index}");
    let purl = json
        .package
        .purl
        .as_deref()
        .filter(|purl| !purl.is_empty())
        .and_then(|purl| {
            Purl::parse(purl)
                .map_err(|error| {
                    warnings.push(format!("{pointer}/package/purl"), error.to_string())
                })
                .ok()
        });
    let mut ranges: Vec<OsvRange> = json
        .ranges
        .iter()
        .enumerate()
        .filter_map(|(at, json)| range(json, &format!("{pointer}/ranges/{at}"), warnings))
        .collect();
    let custom = json.ecosystem_specific.iter();
    let custom = custom.flat_map(|specific| &specific.custom_ranges);
    let custom = custom.enumerate().filter_map(|(at, json)| {
        let pointer = format!("{pointer}/ecosystem_specific/custom_ranges/{at}");
        range(json, &pointer, warnings)
    });
    let custom: Vec<OsvRange> = custom.collect();
    // Some only say since when; then the fix stands in the ranges of modules.
    if custom.iter().all(has_end) {
        let kind = OsvRangeKind::Custom;
        ranges.extend(custom.into_iter().map(|range| OsvRange { kind, ..range }));
    }
    let imports = json
        .ecosystem_specific
        .iter()
        .flat_map(|specific| &specific.imports);
    Affected {
        by: "osv".to_owned(),
        package_name: text(&json.package.name),
        ecosystem: text(&json.package.ecosystem),
        purl,
        repo: ranges.iter().find_map(|range| range.repo.clone()),
        modules: imports
            .clone()
            .filter_map(|import| text(&import.path))
            .collect(),
        program_routines: imports
            .clone()
            .flat_map(|import| owned(&import.symbols))
            .collect(),
        platforms: imports.flat_map(|import| owned(&import.goos)).collect(),
        cpes: cpes.to_vec(),
        versions: Versions::Osv {
            ranges,
            versions: owned(&json.versions),
        },
        pointer,
        ..Affected::default()
    }
}

/// Whether something ends each affected part, and it is a release.
fn has_end(range: &OsvRange) -> bool {
    let count = |is: fn(&&OsvEvent) -> bool| range.events.iter().filter(is).count();
    let begins = count(|event| matches!(event, OsvEvent::Introduced(_)));
    let ends = count(|event| match event {
        OsvEvent::Fixed(end) | OsvEvent::LastAffected(end) => PseudoVersion::parse(end).is_none(),
        OsvEvent::Introduced(_) | OsvEvent::Limit(_) => false,
    });
    range.kind != OsvRangeKind::Git && ends >= begins
}

fn range(json: &RangeJson<'_>, pointer: &str, warnings: &mut Warnings) -> Option<OsvRange> {
    let kind = match json.kind.as_deref() {
        Some("SEMVER") => OsvRangeKind::Semver,
        Some("ECOSYSTEM") => OsvRangeKind::Ecosystem,
        Some("GIT") => OsvRangeKind::Git,
        other => {
            let given = quote(other.unwrap_or_default());
            warnings.push(
                format!("{pointer}/type"),
                format!("not a range type: {given}"),
            );
            return None;
        }
    };
    let mut events = Vec::with_capacity(json.events.len());
    for (index, json) in json.events.iter().enumerate() {
        let before = events.len();
        events.extend(event_parts(json));
        if events.len() == before {
            warnings.push(
                format!("{pointer}/events/{index}"),
                "event of an unknown kind",
            );
        }
    }
    Some(OsvRange {
        kind,
        repo: text(&json.repo),
        events,
    })
}

/// The events in one object: one by the schema, several in some older entries.
fn event_parts(json: &EventJson<'_>) -> impl Iterator<Item = OsvEvent> {
    [
        text(&json.introduced).map(OsvEvent::Introduced),
        text(&json.fixed).map(OsvEvent::Fixed),
        text(&json.last_affected).map(OsvEvent::LastAffected),
        text(&json.limit).map(OsvEvent::Limit),
    ]
    .into_iter()
    .flatten()
}

fn severity(json: &SeverityJson<'_>) -> Option<Severity> {
    let vector = text(&json.score)?;
    let version = match json.kind.as_deref()? {
        "CVSS_V2" => "2.0",
        "CVSS_V3" if vector.starts_with("CVSS:3.0") => "3.0",
        "CVSS_V3" => "3.1",
        "CVSS_V4" => "4.0",
        // `Ubuntu` and the like hold a word.
        _ => return None,
    };
    let by = text(&json.source).unwrap_or_else(|| "osv".to_owned());
    let score = cvss::base_score(&vector);
    Some(Severity {
        by,
        version: version.to_owned(),
        vector,
        score,
    })
}

fn reference(json: &super::types::ReferenceJson<'_>) -> Option<Reference> {
    let tag = text(&json.kind).map(|kind| kind.to_lowercase());
    Some(Reference {
        url: text(&json.url)?,
        tags: tag.into_iter().collect(),
        name: None,
    })
}

fn date(field: &Option<Text<'_>>, pointer: &str, warnings: &mut Warnings) -> Option<i64> {
    let given = field.as_deref()?;
    let millis = time::millis(given);
    if millis.is_none() && !given.starts_with("0001-01-01") {
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
