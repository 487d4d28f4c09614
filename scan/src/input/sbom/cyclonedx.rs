//! CycloneDX 1.2 to 1.6, as JSON; [`super::cyclonedx_xml`] brings XML into the same form.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>

use serde::Deserialize;

use super::{Bill, COMPONENTS, Component};

/// Components in components in components.
pub(super) const DEPTH: usize = 32;

#[derive(Default, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) components: Vec<Entry>,
    #[serde(default)]
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) component: Option<Entry>,
}

#[derive(Default, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(rename = "bom-ref", default)]
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) purl: Option<String>,
    #[serde(default)]
    pub(super) cpe: Option<String>,
    #[serde(default)]
    pub(super) properties: Vec<Property>,
    #[serde(default)]
    pub(super) pedigree: Option<Pedigree>,
    #[serde(default)]
    pub(super) components: Vec<Entry>,
}

#[derive(Default, Deserialize)]
pub(super) struct Property {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Pedigree {
    #[serde(default)]
    pub(super) patches: Vec<Patch>,
}

#[derive(Default, Deserialize)]
pub(super) struct Patch {
    #[serde(default)]
    pub(super) diff: Option<Diff>,
    #[serde(default)]
    pub(super) resolves: Vec<Issue>,
}

#[derive(Default, Deserialize)]
pub(super) struct Diff {
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Issue {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Dependency {
    #[serde(rename = "ref")]
    pub(super) reference: String,
    #[serde(rename = "dependsOn", default)]
    pub(super) depends_on: Vec<String>,
}

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Result<Bill, String> {
    of(serde_json::from_slice(bytes).map_err(|error| error.to_string())?)
}

/// What a document says.
pub(super) fn of(document: Document) -> Result<Bill, String> {
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
