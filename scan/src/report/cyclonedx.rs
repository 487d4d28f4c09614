//! CycloneDX 1.6: the software of a closure, and what a scan says of it.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>

use serde_json::{Value, json};
use snowguard_matching::package::Package;

use super::licence;
use super::sarif::address;
use super::{Finding, Report, time};
use crate::closure::{Closure, PathIndex};
use crate::identify::Identified;
use crate::suppress::{Claim, Suppression};

/// A bill of materials with the findings as vulnerabilities. Without a serial number, so that the
/// same closure gives the same document.
#[must_use]
pub fn document(report: &Report<'_>, software: &[Identified], now: i64) -> Value {
    let components = software
        .iter()
        .map(|one| component(one, reference(one)))
        .collect();
    let mut document = head(components, now);
    let standing = report.findings.iter().map(|finding| (finding, None));
    let aside = report
        .set_aside
        .iter()
        .map(|(finding, rule)| (finding, Some(*rule)));
    let vulnerabilities: Vec<Value> = standing
        .chain(aside)
        .map(|(finding, rule)| vulnerability(finding, rule))
        .collect();
    document["vulnerabilities"] = Value::Array(vulnerabilities);
    document
}

/// The bill of a closure: every store path, what it refers to, and the patches of its software.
#[must_use]
pub fn bill(closure: &Closure, software: &[Identified], now: i64) -> Value {
    let by_path = super::by_path(software);
    let name = |index: PathIndex| {
        let entry = closure.entry(index);
        entry.map_or(String::new(), |entry| {
            format!("/nix/store/{}", entry.path.as_str())
        })
    };
    let mut components: Vec<Value> = Vec::with_capacity(closure.entries.len());
    let mut dependencies: Vec<Value> = Vec::with_capacity(closure.entries.len());
    for (index, entry) in (0_u32..).map(PathIndex).zip(&closure.entries) {
        let own = name(index);
        let mut value = match by_path.get(&index) {
            Some(one) => component(one, own.clone()),
            None => json!({ "type": "file", "bom-ref": own, "name": entry.path.name() }),
        };
        let mut properties = vec![json!({ "name": "nix:store_path", "value": own })];
        for deriver in &entry.derivers {
            let deriver = format!("/nix/store/{}", deriver.as_str());
            properties.push(json!({ "name": "nix:derivation", "value": deriver }));
        }
        if let Some(known) = value["properties"].as_array_mut() {
            known.append(&mut properties);
        } else {
            value["properties"] = Value::Array(properties);
        }
        components.push(value);
        let needs: Vec<String> = entry.references.iter().map(|to| name(*to)).collect();
        dependencies.push(json!({ "ref": own, "dependsOn": needs }));
    }
    let named = software.iter().filter(|one| one.software.paths.is_empty());
    components.extend(
        named
            .enumerate()
            .map(|(number, one)| component(one, format!("{}#named-{number}", one.purl()))),
    );
    let mut document = head(components, now);
    document["dependencies"] = Value::Array(dependencies);
    if let [only] = closure.roots.as_slice() {
        let root = format!("{}#system", name(*only));
        let called = closure.entry(*only).map_or("", |entry| entry.path.name());
        document["metadata"]["component"] =
            json!({ "type": "operating-system", "bom-ref": root, "name": called });
        if let Some(dependencies) = document["dependencies"].as_array_mut() {
            dependencies.push(json!({ "ref": root, "dependsOn": [name(*only)] }));
        }
    }
    document
}

/// What every document begins with.
fn head(components: Vec<Value>, now: i64) -> Value {
    json!({
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
    })
}

/// Each group of builds is one component, named by its first path.
fn reference(software: &Identified) -> String {
    let first = software.software.paths.first().map_or(0, |path| path.0);
    format!("{}#{first}", software.purl())
}

fn component(one: &Identified, reference: String) -> Value {
    let package = &one.package;
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": one.software.pname,
        "version": one.software.version,
        "purl": one.purl(),
    });
    if let Some(cpe) = super::cpe(one) {
        component["cpe"] = Value::String(cpe);
    }
    if let Some(description) = &package.description {
        component["description"] = Value::String(description.clone());
    }
    if !package.licenses.is_empty() {
        let licenses = package
            .licenses
            .iter()
            .map(|name| match licence::spdx_id(name) {
                Some(id) => json!({ "license": { "id": id } }),
                None => json!({ "license": { "name": name } }),
            });
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
    let mut entry = json!({
        "type": if ids.is_empty() { "unofficial" } else { "backport" },
        // Its name as a reference: where its text is, nobody else could follow.
        "diff": { "url": escaped(patch) },
    });
    if !ids.is_empty() {
        let resolves = ids
            .iter()
            .map(|id| json!({ "type": "security", "id": id, "name": patch }));
        entry["resolves"] = Value::Array(resolves.collect());
    }
    entry
}

/// A name as a relative reference, RFC 3986, section 4.2.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn links(package: &Package) -> Vec<Value> {
    let of = |urls: &[String], kind: &'static str| -> Vec<Value> {
        urls.iter()
            .filter(|url| super::is_plain_url(url))
            .map(|url| json!({ "type": kind, "url": url }))
            .collect()
    };
    [
        of(&package.homepages, "website"),
        of(&package.sources, "distribution"),
    ]
    .concat()
}

fn vulnerability(finding: &Finding<'_>, rule: Option<&Suppression>) -> Value {
    let id = finding.found.advisory.as_str();
    let mut out = json!({
        "id": id,
        "affects": [{ "ref": reference(finding.software) }],
        "analysis": match rule {
            Some(rule) if rule.claim == Claim::NotAffected => {
                json!({ "state": "not_affected", "detail": rule.reason })
            }
            Some(rule) => json!({
                "state": "exploitable",
                "response": ["will_not_fix"],
                "detail": format!("Accepted by {}: {}", rule.origin, rule.reason),
            }),
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
