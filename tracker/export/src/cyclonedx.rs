//! CycloneDX 1.6 VEX: one document for an issue, or one for all.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>.
//!
//! What CycloneDX calls an analysis is about a vulnerability as a whole, so that an advisory becomes one
//! vulnerability for each state that packages are in, each naming those packages. A withdrawn
//! issue has the time of that as `rejected`, and its packages are in triage.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::document::{Document, hex};
use crate::issue::package::{ChannelStatus, Justification, Package, Status};
use crate::issue::severity::CvssVersion;
use crate::issue::{Advisory, Issue};
use crate::moment::Moment;
use crate::provider::Provider;
use crate::{paths, purl, text};

const SCHEMA: &str = "http://cyclonedx.org/schema/bom-1.6.schema.json";

/// The document of an issue at [`paths::cyclonedx`].
///
/// Its serial number follows from the provider and the issue and stays; its version is the number of
/// the issue's revisions.
#[must_use]
pub fn document(issue: &Issue, provider: &Provider) -> Document {
    let mut components = BTreeMap::new();
    let vulnerabilities = vulnerabilities(issue, provider, &mut components);
    let history = issue.history();
    let last = history.last().map_or(issue.modified, |last| last.at);
    let path = paths::cyclonedx(issue.id);
    let mut value = head(provider, &path, last);
    value["version"] = json!(history.len());
    value["components"] = components.into_values().collect();
    value["vulnerabilities"] = Value::Array(vulnerabilities);
    Document {
        media_type: "application/vnd.cyclonedx+json; version=1.6",
        ..Document::json(path, &value)
    }
}

fn head(provider: &Provider, path: &str, timestamp: Moment) -> Value {
    json!({
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&provider.tagging.tag(path)),
        "metadata": {
            "timestamp": timestamp,
            "supplier": {
                "name": text::line_or(&provider.name, "Nixpkgs"),
                "url": [provider.namespace],
            },
            "tools": { "components": [{
                "type": "application",
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
            }] },
        },
    })
}

/// A UUID of version 8 (RFC 9562, section 5.8) over the document's name.
fn serial_number(name: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(name.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex(&bytes);
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

/// Writes one document with the vulnerabilities of all issues, and gives their number. Holds one issue
/// at a time, and of each distinct package the component that the vulnerabilities point at.
///
/// `now` is when the document is made, and `version` its number, from 1, which has to grow from one to
/// the next.
///
/// # Errors
/// Those of the writer.
pub fn write_all<I>(
    issues: I,
    provider: &Provider,
    now: Moment,
    version: u64,
    mut to: impl Write,
) -> io::Result<usize>
where
    I: IntoIterator,
    I::Item: Borrow<Issue>,
{
    let mut value = head(provider, paths::CYCLONEDX_ALL, now);
    value["version"] = json!(version.max(1));
    let text = value.to_string();
    // The object is left open for the two lists.
    to.write_all(text.trim_end_matches('}').as_bytes())?;
    to.write_all(b",\"vulnerabilities\":[")?;
    let mut components = BTreeMap::new();
    let mut count = 0;
    for issue in issues {
        for vulnerability in vulnerabilities(issue.borrow(), provider, &mut components) {
            to.write_all(if count == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut to, &vulnerability)?;
            count += 1;
        }
    }
    to.write_all(b"\n],\"components\":[")?;
    for (at, component) in components.into_values().enumerate() {
        to.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut to, &component)?;
    }
    to.write_all(b"\n]}\n")?;
    Ok(count)
}

/// What an analysis says: its state, and what else it is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Analysis {
    state: &'static str,
    justification: Option<&'static str>,
    response: Option<&'static str>,
    detail: Option<String>,
}

type Components = BTreeMap<String, Value>;

fn vulnerabilities(issue: &Issue, provider: &Provider, components: &mut Components) -> Vec<Value> {
    let mut groups: BTreeMap<Analysis, Vec<Value>> = BTreeMap::new();
    for (package, channel) in issue.statuses() {
        let reference = purl::in_channel(package, channel, channel.version.as_ref());
        components
            .entry(reference.clone())
            .or_insert_with(|| component(issue, package, channel, &reference));
        let affected = groups.entry(analysis(issue, channel)).or_default();
        affected.push(affects(channel, &reference));
    }
    let mut all = Vec::new();
    let mut known = Vec::new();
    let names: Vec<Option<&Advisory>> = if issue.advisories.is_empty() {
        vec![None]
    } else {
        issue.advisories.iter().map(Some).collect()
    };
    for advisory in names {
        let id = advisory.map_or_else(|| issue.id.to_string(), |known| known.id.to_string());
        if known.contains(&id) {
            continue;
        }
        let shared = shared(issue, provider, advisory, &id);
        known.push(id);
        if groups.is_empty() {
            all.push(Value::Object(shared.clone()));
        }
        for (analysis, affects) in &groups {
            let mut vulnerability = shared.clone();
            vulnerability.insert("analysis".to_owned(), told(analysis, issue));
            vulnerability.insert("affects".to_owned(), json!(affects));
            all.push(Value::Object(vulnerability));
        }
    }
    all
}

/// What is the same for every state of an advisory.
fn shared(
    issue: &Issue,
    provider: &Provider,
    advisory: Option<&Advisory>,
    id: &str,
) -> Map<String, Value> {
    let mut shared = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            shared.insert(key.to_owned(), value);
        }
    };
    let page = provider.issue_page(issue.id);
    let name = text::line_or(&provider.name, "Nixpkgs");
    put("id", json!(id));
    put("source", json!({ "name": name, "url": page }));
    let title = text::line_or(&issue.title, id);
    let title = advisory
        .and_then(|advisory| advisory.title.as_deref())
        .map_or(title.clone(), |own| {
            text::line_or(own, &title).into_owned().into()
        });
    put("description", json!(title));
    put("detail", json!(text::lines_if_any(&issue.notes)));
    put("created", json!(issue.published));
    put("published", json!(issue.published));
    put("updated", json!(issue.modified.max(issue.published)));
    put(
        "rejected",
        json!(issue.withdrawn.as_ref().map(|one| one.at)),
    );
    put("ratings", json!(ratings(issue, &name)));
    let mut seen = Vec::new();
    let aliases = advisory.into_iter().flat_map(|advisory| &advisory.aliases);
    for alias in aliases.filter(|alias| alias.as_str() != id) {
        let entry = json!({ "id": alias, "source": { "name": alias.database() } });
        if !seen.contains(&entry) {
            seen.push(entry);
        }
    }
    if advisory.is_some() {
        let own = issue.id.to_string();
        seen.push(json!({ "id": own, "source": { "name": name, "url": page } }));
    }
    put("references", Value::Array(seen));
    // A CWE's number is an int32 in protobuf's form of the format.
    let mut weaknesses: Vec<u32> = advisory
        .map_or(&[][..], |advisory| &advisory.weaknesses)
        .iter()
        .copied()
        .filter(|number| (1..=i32::MAX.unsigned_abs()).contains(number))
        .collect();
    weaknesses.sort_unstable();
    weaknesses.dedup();
    put("cwes", json!(weaknesses));
    let links = issue.references.iter();
    put(
        "advisories",
        links.map(|link| json!({ "url": link.url })).collect(),
    );
    let names = issue.credits.iter().map(|credit| text::line(&credit.name));
    let individuals: Vec<Value> = names
        .filter(|name| !name.is_empty())
        .map(|name| json!({ "name": name }))
        .collect();
    if !individuals.is_empty() {
        put("credits", json!({ "individuals": individuals }));
    }
    shared
}

fn ratings(issue: &Issue, source: &str) -> Vec<Value> {
    let Some(severity) = &issue.severity else {
        return Vec::new();
    };
    let mut rating = json!({
        "source": { "name": source },
        "severity": severity.rating.as_str(),
    });
    if let Some(vector) = &severity.vector {
        rating["score"] = json!(vector.score());
        rating["vector"] = json!(vector);
        rating["method"] = json!(match vector.version() {
            CvssVersion::V2 => "CVSSv2",
            CvssVersion::V30 => "CVSSv3",
            CvssVersion::V31 => "CVSSv31",
            CvssVersion::V4 => "CVSSv4",
        });
    }
    vec![rating]
}

fn analysis(issue: &Issue, channel: &ChannelStatus) -> Analysis {
    let detail = |text: &Option<String>| {
        let text = text.as_deref().and_then(text::lines_if_any);
        text.map(|text| text.into_owned())
    };
    let mut analysis = Analysis {
        state: "in_triage",
        justification: None,
        response: None,
        detail: None,
    };
    if let Some(withdrawal) = &issue.withdrawn {
        let reason = text::lines(&withdrawal.reason);
        analysis.detail = Some(format!("{} was withdrawn. {reason}", issue.id));
        return analysis;
    }
    match &channel.status {
        Status::UnderInvestigation => {}
        Status::Affected { workaround } => {
            analysis.state = "exploitable";
            analysis.detail = detail(workaround);
            analysis.response = analysis.detail.as_ref().map(|_| "workaround_available");
        }
        Status::WontFix { reason } => {
            analysis.state = "exploitable";
            analysis.response = Some("will_not_fix");
            analysis.detail = detail(reason);
        }
        Status::FixedInVersion { version } => {
            analysis.state = "resolved";
            analysis.response = Some("update");
            analysis.detail = Some(format!("Fixed in {version}."));
        }
        // The component's pedigree names the patches.
        Status::FixedByPatch { .. } => analysis.state = "resolved_with_pedigree",
        Status::NotAffected {
            justification,
            statement,
        } => {
            analysis.state = "not_affected";
            analysis.detail = detail(statement);
            match justification {
                Some(
                    Justification::ComponentNotPresent | Justification::VulnerableCodeNotPresent,
                ) => {
                    analysis.justification = Some("code_not_present");
                }
                Some(Justification::VulnerableCodeNotInExecutePath) => {
                    analysis.justification = Some("code_not_reachable");
                }
                Some(Justification::InlineMitigationsAlreadyExist) => {
                    analysis.justification = Some("protected_by_mitigating_control");
                }
                // CycloneDX has no word for this one.
                Some(Justification::VulnerableCodeCannotBeControlledByAdversary) => {
                    let why = "An attacker has no control over the vulnerable code.";
                    let detail = analysis.detail.get_or_insert_default();
                    detail.insert_str(0, if detail.is_empty() { "" } else { " " });
                    detail.insert_str(0, why);
                }
                None => {}
            }
        }
    }
    analysis
}

fn told(analysis: &Analysis, issue: &Issue) -> Value {
    let mut told = json!({
        "state": analysis.state,
        "firstIssued": issue.published,
        "lastUpdated": issue.modified.max(issue.published),
    });
    if let Some(justification) = analysis.justification {
        told["justification"] = json!(justification);
    }
    if let Some(response) = analysis.response {
        told["response"] = json!([response]);
    }
    if let Some(detail) = &analysis.detail {
        told["detail"] = json!(detail);
    }
    told
}

fn affects(channel: &ChannelStatus, reference: &str) -> Value {
    let known = channel.affected();
    let ranges = known.ranges.iter();
    let mut versions: Vec<Value> = ranges
        .map(|range| json!({ "range": range.vers(), "status": "affected" }))
        .chain(
            known
                .beside()
                .map(|version| json!({ "version": version, "status": "affected" })),
        )
        .collect();
    if let Status::FixedInVersion { version } = &channel.status {
        versions.push(json!({ "version": version, "status": "unaffected" }));
    }
    match versions.is_empty() {
        true => json!({ "ref": reference }),
        false => json!({ "ref": reference, "versions": versions }),
    }
}

fn component(issue: &Issue, package: &Package, channel: &ChannelStatus, purl: &str) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "purl": purl,
        "properties": [
            { "name": "nix:attribute", "value": package.attribute },
            { "name": "nix:channel", "value": channel.channel },
        ],
    });
    if let Some(version) = &channel.version {
        component["version"] = json!(version);
    }
    if let Some(cpe) = package.cpes.first() {
        component["cpe"] = json!(cpe);
    }
    if let Status::FixedByPatch { patches } = &channel.status {
        let resolves = |patch: &str| -> Vec<Value> {
            let ids = issue.advisories.iter().map(|advisory| &advisory.id);
            ids.map(|id| json!({ "type": "security", "id": id, "name": patch }))
                .collect()
        };
        let patches = patches.iter().map(|patch| {
            let patch = text::line_or(patch, "a patch");
            json!({ "type": "backport", "resolves": resolves(&patch) })
        });
        component["pedigree"] = json!({ "patches": patches.collect::<Vec<_>>() });
    }
    component
}
