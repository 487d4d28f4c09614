//! CycloneDX 1.2 to 1.6, as XML.
//!
//! A document type definition is refused, and with it every entity that could grow; the number of
//! elements and their depth are limited.
//!
//! Source: <https://cyclonedx.org/docs/1.6/xml/>

use roxmltree::{Document as Xml, Node, ParsingOptions};

use super::cyclonedx::{
    DEPTH, Dependency, Diff, Document, Entry, Issue, Metadata, Patch, Pedigree, Property,
};
use super::{Bill, cyclonedx};

/// Elements, texts and comments; a bill of 100,000 components has some millions.
const NODES: u32 = 50_000_000;
/// Every element of the format stands in a namespace of this kind.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

/// Whether a text begins as XML does, and nothing else that is read.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.starts_with(b"<")
}

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Result<Bill, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let xml = Xml::parse_with_options(text.trim_start_matches('\u{feff}'), options)
        .map_err(|error| error.to_string())?;
    let bom = xml.root_element();
    let namespace = bom.tag_name().namespace().unwrap_or_default();
    if bom.tag_name().name() != "bom" || !namespace.starts_with(NAMESPACE) {
        return Err(format!(
            "its first element is `{}` in `{namespace}`, not CycloneDX's `bom`",
            bom.tag_name().name()
        ));
    }
    let root = child(bom, "metadata").and_then(|metadata| child(metadata, "component"));
    let root = root.map(|root| entry(root, 0)).transpose()?;
    cyclonedx::of(Document {
        metadata: Some(Metadata { component: root }),
        components: entries(bom, 0)?,
        dependencies: all(bom, "dependencies", "dependency")
            .map(|dependency| Dependency {
                reference: attribute(dependency, "ref").unwrap_or_default(),
                depends_on: elements(dependency, "dependency")
                    .filter_map(|needed| attribute(needed, "ref"))
                    .collect(),
            })
            .collect(),
    })
}

fn entries(parent: Node<'_, '_>, depth: usize) -> Result<Vec<Entry>, String> {
    all(parent, "components", "component")
        .map(|node| entry(node, depth))
        .collect()
}

fn entry(node: Node<'_, '_>, depth: usize) -> Result<Entry, String> {
    if depth > DEPTH {
        return Err(format!("components lie more than {DEPTH} deep"));
    }
    let properties = all(node, "properties", "property").map(|property| Property {
        name: attribute(property, "name").unwrap_or_default(),
        value: property.text().map(|text| text.trim().to_owned()),
    });
    let patches = child(node, "pedigree").map(|pedigree| Pedigree {
        patches: all(pedigree, "patches", "patch").map(patch).collect(),
    });
    Ok(Entry {
        kind: attribute(node, "type").unwrap_or_default(),
        reference: attribute(node, "bom-ref"),
        group: text(node, "group"),
        name: text(node, "name").unwrap_or_default(),
        version: text(node, "version"),
        purl: text(node, "purl"),
        cpe: text(node, "cpe"),
        properties: properties.collect(),
        pedigree: patches,
        components: entries(node, depth + 1)?,
    })
}

fn patch(node: Node<'_, '_>) -> Patch {
    Patch {
        diff: child(node, "diff").map(|diff| Diff {
            url: text(diff, "url"),
        }),
        resolves: all(node, "resolves", "issue")
            .map(|issue| Issue {
                id: text(issue, "id"),
                name: text(issue, "name"),
            })
            .collect(),
    }
}

fn elements<'a, 'b>(
    parent: Node<'a, 'b>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'b>> {
    parent
        .children()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// The elements of a list: `<dependencies><dependency/>…`.
fn all<'a, 'b>(
    parent: Node<'a, 'b>,
    list: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'b>> {
    elements(parent, list).flat_map(move |list| elements(list, name))
}

fn child<'a, 'b>(parent: Node<'a, 'b>, name: &'static str) -> Option<Node<'a, 'b>> {
    elements(parent, name).next()
}

fn text(parent: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = child(parent, name)?.text()?.trim();
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}
