//! SPDX 2.3, JSON: a bill of materials, and the findings as security references.
//!
//! Source: <https://spdx.github.io/spdx-spec/v2.3/>

use std::collections::BTreeMap;

use serde_json::{Value, json};
use snowguard_matching::package::Package;

use super::licence;
use super::sarif::address;
use super::{Report, hex, time_in_seconds};
use crate::closure::{Closure, PathIndex};
use crate::identify::Identified;

/// The bill of a scan: the software that was judged, and for each what affects it.
#[must_use]
pub fn document(report: &Report<'_>, software: &[Identified], now: i64) -> Value {
    let mut packages: Vec<Value> = Vec::with_capacity(software.len());
    let mut relationships: Vec<Value> = Vec::with_capacity(software.len());
    let mut by_place: BTreeMap<*const Identified, usize> = BTreeMap::new();
    for (number, one) in software.iter().enumerate() {
        by_place.insert(std::ptr::from_ref(one), number);
        let id = format!("SPDXRef-{number}");
        relationships.push(relation("SPDXRef-DOCUMENT", "DESCRIBES", &id));
        packages.push(package(&id, one));
    }
    for finding in &report.findings {
        let Some(place) = by_place.get(&std::ptr::from_ref(finding.software)) else {
            continue;
        };
        if let (Some(url), Some(references)) = (
            address(&finding.found.advisory),
            packages[*place]["externalRefs"].as_array_mut(),
        ) {
            references.push(json!({
                "referenceCategory": "SECURITY",
                "referenceType": "advisory",
                "referenceLocator": url,
                "comment": match &finding.found.fixed_in {
                    Some(fixed) => format!("{} affects it; fixed in {fixed}", finding.found.advisory),
                    None => format!("{} affects it", finding.found.advisory),
                },
            }));
        }
    }
    finish(packages, relationships, software.iter(), now)
}

/// The bill of a closure: every store path, and what it refers to.
#[must_use]
pub fn bill(closure: &Closure, software: &[Identified], now: i64) -> Value {
    let by_path = super::by_path(software);
    let mut packages: Vec<Value> = Vec::with_capacity(closure.entries.len());
    let mut relationships: Vec<Value> = Vec::new();
    let id = |index: PathIndex| format!("SPDXRef-{}", index.0);
    for (index, entry) in (0_u32..).map(PathIndex).zip(&closure.entries) {
        let own = id(index);
        let mut value = match by_path.get(&index) {
            Some(one) => package(&own, one),
            None => json!({
                "SPDXID": own,
                "name": entry.path.name(),
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": false,
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "NOASSERTION",
                "copyrightText": "NOASSERTION",
                "externalRefs": [],
            }),
        };
        value["packageFileName"] = Value::String(format!("/nix/store/{}", entry.path.as_str()));
        packages.push(value);
        for reference in &entry.references {
            relationships.push(relation(&own, "DEPENDS_ON", &id(*reference)));
        }
    }
    for root in &closure.roots {
        relationships.push(relation("SPDXRef-DOCUMENT", "DESCRIBES", &id(*root)));
    }
    for (number, one) in software
        .iter()
        .filter(|one| one.software.paths.is_empty())
        .enumerate()
    {
        let own = format!("SPDXRef-named-{number}");
        relationships.push(relation("SPDXRef-DOCUMENT", "DESCRIBES", &own));
        packages.push(package(&own, one));
    }
    finish(packages, relationships, software.iter(), now)
}

fn finish<'a>(
    packages: Vec<Value>,
    relationships: Vec<Value>,
    software: impl Iterator<Item = &'a Identified>,
    now: i64,
) -> Value {
    let mut licences: BTreeMap<String, &str> = BTreeMap::new();
    for name in software.flat_map(|one| &one.package.licenses) {
        if licence::spdx_id(name).is_none() {
            licences.insert(licence::reference(name), name);
        }
    }
    let licences: Vec<Value> = licences
        .into_iter()
        .map(|(id, name)| {
            let text = format!("{name}, as Nixpkgs calls it; SPDX has no id for it.");
            json!({ "licenseId": id, "name": name, "extractedText": text })
        })
        .collect();
    let content = json!([packages, relationships]).to_string();
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "closure",
        // From the content, so that the same closure gives the same document.
        "documentNamespace": format!("https://spdx.org/spdxdocs/snowguard-{}", hex(content.as_bytes())),
        "creationInfo": {
            "created": time_in_seconds(now),
            "creators": [concat!("Tool: snowguard-scan-", env!("CARGO_PKG_VERSION"))],
            "licenseListVersion": licence::list_version(),
        },
        "packages": packages,
        "relationships": relationships,
    });
    if !licences.is_empty() {
        document["hasExtractedLicensingInfos"] = Value::Array(licences);
    }
    document
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

fn package(id: &str, one: &Identified) -> Value {
    let package = &one.package;
    let mut references = vec![json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": one.purl(),
    })];
    if let Some(cpe) = super::cpe(one) {
        references.push(json!({
            "referenceCategory": "SECURITY",
            "referenceType": "cpe23Type",
            "referenceLocator": cpe,
        }));
    }
    let mut value = json!({
        "SPDXID": id,
        "name": one.software.pname,
        "versionInfo": one.software.version,
        "downloadLocation": download(package),
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence::expression(&package.licenses),
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
        "externalRefs": references,
    });
    if let Some(homepage) = package
        .homepages
        .iter()
        .find(|url| super::is_plain_url(url))
    {
        value["homepage"] = Value::String(homepage.clone());
    }
    if let Some(description) = &package.description {
        value["summary"] = Value::String(description.clone());
    }
    if !package.patches.is_empty() {
        let patches = package.patches.join(", ");
        value["sourceInfo"] = Value::String(format!("built with the patches {patches}"));
    }
    value
}

/// Where its source is from, if that can be said as a URL.
fn download(package: &Package) -> &str {
    let mut sources = package.sources.iter();
    sources
        .find(|url| super::is_plain_url(url))
        .map_or("NOASSERTION", String::as_str)
}
