//! Documents as they stand in blocks: postcard, every field in its place.
//!
//! The model's own serde form leaves out what is empty and tags its variants, which only a format
//! that describes itself can read. A scan reads tens of thousands of these documents, and reading
//! JSON was a third of its time.

use serde::{Deserialize, Serialize};
use snowguard_advisory::cpe::{Cpe, Part, Value};
use snowguard_advisory::model::{
    Advisory, Affected, Change, Configuration, CpeMatch, CveVersion, Node, Operator, OsvEvent,
    OsvRange, OsvRangeKind, Record, Source, Status, Versions,
};
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::package::Package;

use crate::error::AdvisoryFileError;
use crate::parts::Brief;

/// An advisory for judging. What the facts rule out needs none of the rest, which therefore stands
/// behind them.
#[derive(Serialize)]
struct StoredFacts {
    facts: AdvisoryFacts,
    rest: StoredRest,
}

/// What a line about an advisory tells, and what its records say of versions.
#[derive(Serialize, Deserialize)]
struct StoredRest {
    brief: Brief,
    records: Vec<StoredRecord>,
}

/// The part of a record that says who speaks of which versions.
#[derive(Serialize, Deserialize)]
struct StoredRecord {
    source: Source,
    affected: Vec<StoredAffected>,
    configurations: Vec<StoredConfiguration>,
}

#[derive(Serialize, Deserialize)]
struct StoredAffected {
    by: String,
    ecosystem: Option<String>,
    versions: StoredVersions,
}

#[derive(Serialize, Deserialize)]
enum StoredVersions {
    Cve(Status, Vec<StoredEntry>),
    Osv(Vec<StoredRange>, Vec<String>),
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    version: String,
    status: Status,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
    version_type: Option<String>,
    changes: Vec<Change>,
}

#[derive(Serialize, Deserialize)]
struct StoredRange {
    kind: OsvRangeKind,
    repo: Option<String>,
    events: Vec<OsvEvent>,
}

#[derive(Serialize, Deserialize)]
struct StoredConfiguration {
    by: String,
    nodes: Vec<Vec<StoredMatch>>,
}

/// Version, update and bounds; which software it names is in the facts' rows.
#[derive(Serialize, Deserialize)]
struct StoredMatch {
    version: StoredValue,
    update: StoredValue,
    bounds: [Option<String>; 4],
}

#[derive(Serialize, Deserialize)]
enum StoredValue {
    Any,
    Na,
    Text(String),
}

/// An advisory's facts as bytes.
pub(crate) fn facts_to_bytes(
    advisory: &Advisory,
    facts: AdvisoryFacts,
    brief: Brief,
) -> postcard::Result<Vec<u8>> {
    let stored = StoredFacts {
        facts,
        rest: StoredRest {
            brief,
            records: advisory.records.iter().map(record).collect(),
        },
    };
    postcard::to_allocvec(&stored)
}

/// The first part of an advisory, and the bytes of the rest.
pub(crate) fn facts_from_bytes(bytes: &[u8]) -> Result<(AdvisoryFacts, &[u8]), AdvisoryFileError> {
    postcard::take_from_bytes(bytes)
        .map_err(|failed| AdvisoryFileError::malformed("an advisory", failed))
}

/// The rest of an advisory. `id`: the advisory's own.
pub(crate) fn rest_from_bytes(
    id: String,
    bytes: &[u8],
) -> Result<(Advisory, Brief), AdvisoryFileError> {
    let rest: StoredRest = postcard::from_bytes(bytes)
        .map_err(|failed| AdvisoryFileError::malformed("an advisory", failed))?;
    let advisory = Advisory {
        id,
        records: rest.records.into_iter().map(record_from).collect(),
        kev: None,
        epss: None,
    };
    Ok((advisory, rest.brief))
}

fn record(record: &Record) -> StoredRecord {
    StoredRecord {
        source: record.source,
        affected: record.affected.iter().map(affected).collect(),
        configurations: record.configurations.iter().map(configuration).collect(),
    }
}

fn record_from(stored: StoredRecord) -> Record {
    Record {
        affected: stored.affected.into_iter().map(affected_from).collect(),
        configurations: stored
            .configurations
            .into_iter()
            .map(configuration_from)
            .collect(),
        ..Record::new(String::new(), stored.source)
    }
}

fn affected(affected: &Affected) -> StoredAffected {
    let versions = match &affected.versions {
        Versions::Cve { default, entries } => StoredVersions::Cve(
            *default,
            entries
                .iter()
                .map(|entry| StoredEntry {
                    version: entry.version.clone(),
                    status: entry.status,
                    less_than: entry.less_than.clone(),
                    less_than_or_equal: entry.less_than_or_equal.clone(),
                    version_type: entry.version_type.clone(),
                    changes: entry.changes.clone(),
                })
                .collect(),
        ),
        Versions::Osv { ranges, versions } => StoredVersions::Osv(
            ranges
                .iter()
                .map(|range| StoredRange {
                    kind: range.kind,
                    repo: range.repo.clone(),
                    events: range.events.clone(),
                })
                .collect(),
            versions.clone(),
        ),
    };
    StoredAffected {
        by: affected.by.clone(),
        ecosystem: affected.ecosystem.clone(),
        versions,
    }
}

fn affected_from(stored: StoredAffected) -> Affected {
    let versions = match stored.versions {
        StoredVersions::Cve(default, entries) => Versions::Cve {
            default,
            entries: entries
                .into_iter()
                .map(|entry| CveVersion {
                    version: entry.version,
                    status: entry.status,
                    less_than: entry.less_than,
                    less_than_or_equal: entry.less_than_or_equal,
                    version_type: entry.version_type,
                    changes: entry.changes,
                })
                .collect(),
        },
        StoredVersions::Osv(ranges, versions) => Versions::Osv {
            ranges: ranges
                .into_iter()
                .map(|range| OsvRange {
                    kind: range.kind,
                    repo: range.repo,
                    events: range.events,
                })
                .collect(),
            versions,
        },
    };
    Affected {
        by: stored.by,
        ecosystem: stored.ecosystem,
        versions,
        ..Affected::default()
    }
}

fn configuration(configuration: &Configuration) -> StoredConfiguration {
    let nodes = configuration.nodes.iter().map(|node| {
        let matches = node.matches.iter().map(|found| StoredMatch {
            version: value(&found.criteria.version),
            update: value(&found.criteria.update),
            bounds: [
                found.start_including.clone(),
                found.start_excluding.clone(),
                found.end_including.clone(),
                found.end_excluding.clone(),
            ],
        });
        matches.collect()
    });
    StoredConfiguration {
        by: configuration.by.clone(),
        nodes: nodes.collect(),
    }
}

fn configuration_from(stored: StoredConfiguration) -> Configuration {
    let nodes = stored.nodes.into_iter().map(|matches| Node {
        operator: Operator::Or,
        negate: false,
        matches: matches.into_iter().map(match_from).collect(),
    });
    Configuration {
        by: stored.by,
        pointer: String::new(),
        operator: Operator::Or,
        negate: false,
        nodes: nodes.collect(),
    }
}

fn match_from(stored: StoredMatch) -> CpeMatch {
    let [
        start_including,
        start_excluding,
        end_including,
        end_excluding,
    ] = stored.bounds;
    CpeMatch {
        vulnerable: true,
        criteria: Cpe {
            part: Part::Any,
            vendor: Value::Any,
            product: Value::Any,
            version: value_from(stored.version),
            update: value_from(stored.update),
            edition: Value::Any,
            language: Value::Any,
            sw_edition: Value::Any,
            target_sw: Value::Any,
            target_hw: Value::Any,
            other: Value::Any,
        },
        start_including,
        start_excluding,
        end_including,
        end_excluding,
    }
}

fn value(value: &Value) -> StoredValue {
    match value {
        Value::Any => StoredValue::Any,
        Value::Na => StoredValue::Na,
        Value::Text(text) => StoredValue::Text(text.clone()),
    }
}

fn value_from(stored: StoredValue) -> Value {
    match stored {
        StoredValue::Any => Value::Any,
        StoredValue::Na => Value::Na,
        StoredValue::Text(text) => Value::Text(text),
    }
}

/// A package without its paths: the keys find it, and they are the largest part.
#[derive(Serialize, Deserialize)]
struct StoredPackage {
    channel: u32,
    texts: [String; 4],
    options: [Option<String>; 5],
    lists: [Vec<String>; 11],
    flags: [bool; 2],
}

/// A package as bytes, with the number of its channel. Its paths are left out.
///
/// # Errors
/// None that is known: memory is all that it takes.
pub fn package_to_bytes(channel: u32, package: &Package) -> postcard::Result<Vec<u8>> {
    let Package {
        attr,
        name,
        pname,
        version,
        drv_path: _,
        outputs: _,
        system,
        sources,
        siblings,
        patches,
        homepages,
        links,
        description,
        licenses,
        maintainers,
        teams,
        position,
        known_vulnerabilities,
        cpe,
        possible_cpes,
        purls,
        main_program,
        broken,
        unfree,
    } = package.clone();
    postcard::to_allocvec(&StoredPackage {
        channel,
        texts: [attr, name, pname, version],
        options: [system, description, position, cpe, main_program],
        lists: [
            sources,
            siblings,
            patches,
            homepages,
            links,
            licenses,
            maintainers,
            teams,
            known_vulnerabilities,
            possible_cpes,
            purls,
        ],
        flags: [broken, unfree],
    })
}

/// Channel and package from bytes that [`package_to_bytes`] gave.
///
/// # Errors
/// [`AdvisoryFileError::Malformed`].
pub fn package_from_bytes(bytes: &[u8]) -> Result<(usize, Package), AdvisoryFileError> {
    let stored: StoredPackage = postcard::from_bytes(bytes)
        .map_err(|failed| AdvisoryFileError::malformed("a package", failed))?;
    let [attr, name, pname, version] = stored.texts;
    let [system, description, position, cpe, main_program] = stored.options;
    let [
        sources,
        siblings,
        patches,
        homepages,
        links,
        licenses,
        maintainers,
        teams,
        known_vulnerabilities,
        possible_cpes,
        purls,
    ] = stored.lists;
    let [broken, unfree] = stored.flags;
    let package = Package {
        attr,
        name,
        pname,
        version,
        drv_path: None,
        outputs: Vec::new(),
        system,
        sources,
        siblings,
        patches,
        homepages,
        links,
        description,
        licenses,
        maintainers,
        teams,
        position,
        known_vulnerabilities,
        cpe,
        possible_cpes,
        purls,
        main_program,
        broken,
        unfree,
    };
    Ok((stored.channel as usize, package))
}
