//! CycloneDX 1.2 to 1.6, JSON.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>

use serde::Deserialize;

use super::{Bill, COMPONENTS, Component};

/// Components in components in components.
const DEPTH: usize = 32;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Vec<Entry>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Option<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "bom-ref", default)]
    reference: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    cpe: Option<String>,
    #[serde(default)]
    properties: Vec<Property>,
    #[serde(default)]
    pedigree: Option<Pedigree>,
    #[serde(default)]
    components: Vec<Entry>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
struct Pedigree {
    #[serde(default)]
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
struct Patch {
    #[serde(default)]
    diff: Option<Diff>,
    #[serde(default)]
    resolves: Vec<Issue>,
}

#[derive(Deserialize)]
struct Diff {
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(rename = "dependsOn", default)]
    depends_on: Vec<String>,
}

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Result<Bill, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut bill = Bill::default();
    let root = document.metadata.and_then(|metadata| metadata.component);
    for entry in root.into_iter().chain(document.components) {
        add(&mut bill, entry, 0)?;
    }
    for dependency in document.dependencies {
        let from = dependency.reference;
        let edges = dependency.depends_on.into_iter();
        bill.edges.extend(edges.map(|to| (from.clone(), to)));
    }
    Ok(bill)
}

fn add(bill: &mut Bill, entry: Entry, depth: usize) -> Result<(), String> {
    if depth > DEPTH || bill.components.len() > COMPONENTS {
        return Err(format!(
            "components lie more than {DEPTH} deep, or are more than {COMPONENTS}"
        ));
    }
    for inner in entry.components {
        add(bill, inner, depth + 1)?;
    }
    let is_software = !matches!(
        entry.kind.as_str(),
        "file" | "data" | "device" | "cryptographic-asset" | "machine-learning-model"
    );
    let property = |names: &[&str]| {
        let mut properties = entry.properties.iter();
        let found = properties.find(|property| names.contains(&property.name.as_str()))?;
        found.value.clone()
    };
    let reference = entry.reference.unwrap_or_default();
    let path = property(&["nix:store_path", "nix:output_path", "nix:out_path"])
        .or_else(|| Some(reference.clone()).filter(|text| text.starts_with("/nix/store/")));
    // A file of the store leads on to what it refers to.
    if !is_software && path.is_none() {
        return Ok(());
    }
    let mut patches = Vec::new();
    for patch in entry.pedigree.into_iter().flat_map(|all| all.patches) {
        let mut words: Vec<String> = patch
            .resolves
            .into_iter()
            .flat_map(|issue| [issue.name, issue.id])
            .flatten()
            .collect();
        words.extend(patch.diff.and_then(|diff| diff.url));
        words.dedup();
        if !words.is_empty() {
            patches.push(words.join(" "));
        }
    }
    bill.components.push(Component {
        derivation: property(&["nix:derivation", "nix:drv_path"]),
        path: path.filter(|path| !path.ends_with(".drv")),
        id: reference,
        name: match entry.group.filter(|group| !group.is_empty()) {
            Some(group) => format!("{group}/{}", entry.name),
            None => entry.name,
        },
        version: entry.version.unwrap_or_default(),
        purl: entry.purl,
        cpe: entry.cpe,
        patches,
    });
    Ok(())
}
