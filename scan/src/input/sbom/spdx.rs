//! SPDX 2.2 and 2.3, JSON.
//!
//! Source: <https://spdx.github.io/spdx-spec/v2.3/>

use serde::Deserialize;

use super::{Bill, Component};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Entry>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "SPDXID", default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "versionInfo", default)]
    version: Option<String>,
    #[serde(rename = "packageFileName", default)]
    file: Option<String>,
    #[serde(rename = "externalRefs", default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "referenceType", default)]
    kind: String,
    #[serde(rename = "referenceLocator", default)]
    locator: String,
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(rename = "spdxElementId", default)]
    from: String,
    #[serde(rename = "relationshipType", default)]
    kind: String,
    #[serde(rename = "relatedSpdxElement", default)]
    to: String,
}

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Result<Bill, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut bill = Bill::default();
    for entry in document.packages {
        let mut component = Component {
            id: entry.id,
            name: entry.name,
            version: entry.version.unwrap_or_default(),
            path: entry.file,
            ..Component::default()
        };
        for reference in entry.references {
            refer(&mut component, &reference.kind, reference.locator);
        }
        bill.components.push(component);
    }
    for relationship in document.relationships {
        relate(
            &mut bill,
            relationship.from,
            &relationship.kind,
            relationship.to,
        );
    }
    Ok(bill)
}

/// Takes in an external reference.
pub(super) fn refer(component: &mut Component, kind: &str, locator: String) {
    match kind.rsplit('/').next().unwrap_or(kind) {
        "purl" => component.purl = Some(locator),
        "cpe23Type" | "cpe22Type" => {
            component.cpe.get_or_insert(locator);
        }
        _ => {}
    }
}

/// Takes in a relationship.
pub(super) fn relate(bill: &mut Bill, from: String, kind: &str, to: String) {
    match kind {
        "DEPENDS_ON" | "CONTAINS" | "DYNAMIC_LINK" | "STATIC_LINK" => bill.edges.push((from, to)),
        "DEPENDENCY_OF" | "CONTAINED_BY" | "RUNTIME_DEPENDENCY_OF" => bill.edges.push((to, from)),
        _ => {}
    }
}
