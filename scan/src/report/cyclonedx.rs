//! CycloneDX 1.6: the software of a closure, and what a scan says of it.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>

use serde_json::{Value, json};
use snowguard_matching::package::Package;

use super::sarif::address;
use super::{Finding, Report, time};
use crate::identify::Identified;

/// A bill of materials with the findings as vulnerabilities. Without a serial number, so that the
/// same closure gives the same document.
#[must_use]
pub fn document(report: &Report<'_>, software: &[Identified], now: i64) -> Value {
    let components: Vec<Value> = software.iter().map(component).collect();
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time(now),
            "tools": { "components": [{
                "type": "application",
                "name": "snowguard-scan",
                "version": env!("CARGO_PKG_VERSION"),
            }]},
        },
        "components": components,
    });
    let standing = report.findings.iter().map(|finding| (finding, None));
    let aside = report
        .set_aside
        .iter()
        .map(|(finding, rule)| (finding, Some(rule.reason.as_str())));
    let vulnerabilities: Vec<Value> = standing
        .chain(aside)
        .map(|(finding, reason)| vulnerability(finding, reason))
        .collect();
    document["vulnerabilities"] = Value::Array(vulnerabilities);
    document
}

/// Each group of builds is one component, named by its first path.
fn reference(software: &Identified) -> String {
    let first = software.software.paths.first().map_or(0, |path| path.0);
    format!("{}#{first}", software.purl())
}

fn component(one: &Identified) -> Value {
    let package = &one.package;
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(one),
        "name": one.software.pname,
        "version": one.software.version,
        "purl": one.purl(),
    });
    if let Some(cpe) = package
        .cpe
        .as_ref()
        .filter(|cpe| cpe.starts_with("cpe:2.3:"))
    {
        component["cpe"] = Value::String(cpe.clone());
    }
    if let Some(description) = &package.description {
        component["description"] = Value::String(description.clone());
    }
    if !package.licenses.is_empty() {
        let licenses = package
            .licenses
            .iter()
            .map(|name| json!({ "license": { "name": name } }));
        component["licenses"] = Value::Array(licenses.collect());
    }
    let patches: Vec<Value> = package
        .patches
        .iter()
        .map(|patch| pedigree(patch))
        .collect();
    if !patches.is_empty() {
        component["pedigree"] = json!({ "patches": patches });
    }
    let links = links(package);
    if !links.is_empty() {
        component["externalReferences"] = Value::Array(links);
    }
    component["properties"] = json!([{
        "name": "nix:attribute",
        "value": package.attr,
    }]);
    component
}

fn pedigree(patch: &str) -> Value {
    let ids = snowguard_matching::mention::cve_ids(patch);
    let mut entry = json!({ "type": if ids.is_empty() { "unofficial" } else { "backport" } });
    if !ids.is_empty() {
        let resolves = ids
            .iter()
            .map(|id| json!({ "type": "security", "id": id, "name": patch }));
        entry["resolves"] = Value::Array(resolves.collect());
    }
    entry
}

fn links(package: &Package) -> Vec<Value> {
    let is_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    let plain = |url: &&String| {
        url.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
    };
    let of = |urls: &[String], kind: &'static str| -> Vec<Value> {
        urls.iter()
            .filter(is_web)
            .filter(plain)
            .map(|url| json!({ "type": kind, "url": url }))
            .collect()
    };
    [
        of(&package.homepages, "website"),
        of(&package.sources, "distribution"),
    ]
    .concat()
}

fn vulnerability(finding: &Finding<'_>, reason: Option<&str>) -> Value {
    let id = finding.found.advisory.as_str();
    let mut out = json!({
        "id": id,
        "affects": [{ "ref": reference(finding.software) }],
        "analysis": match reason {
            Some(reason) => json!({ "state": "not_affected", "detail": reason }),
            None => json!({ "state": "exploitable" }),
        },
    });
    if let Some(url) = address(id) {
        out["source"] = json!({ "url": url });
    }
    if let Some(fixed) = &finding.found.fixed_in {
        out["recommendation"] = Value::String(format!("Update to {fixed} or later."));
    }
    let Some(prose) = finding.prose else {
        return out;
    };
    if !prose.description.is_empty() {
        out["description"] = Value::String(prose.description.clone());
    }
    let ratings: Vec<Value> = prose
        .severities
        .iter()
        .filter_map(|severity| {
            let score = severity.score?;
            let method = match severity.version.as_str() {
                "2.0" => "CVSSv2",
                "3.0" => "CVSSv3",
                "3.1" => "CVSSv31",
                "4.0" => "CVSSv4",
                _ => "other",
            };
            Some(json!({
                "source": { "name": severity.by },
                "score": score,
                "severity": super::Level::of(Some(score)).as_str(),
                "method": method,
                "vector": severity.vector,
            }))
        })
        .collect();
    out["ratings"] = Value::Array(ratings);
    let cwes: Vec<u64> = prose
        .weaknesses
        .iter()
        .filter_map(|weakness| weakness.strip_prefix("CWE-")?.parse().ok())
        .filter(|number| *number > 0)
        .collect();
    if !cwes.is_empty() {
        out["cwes"] = json!(cwes);
    }
    out
}
