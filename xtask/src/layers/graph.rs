//! The part of `cargo metadata` that the rules speak about, as plain data.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

/// The workspace's crates and what they depend on.
#[derive(Debug, Default)]
pub struct Graph {
    /// By name.
    pub crates: BTreeMap<String, Crate>,
}

/// A crate of the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crate {
    /// Its folder from the root, `/`-separated: `core/advisory`.
    pub folder: String,
    /// Names of the packages it names itself, of any kind (normal, build, dev).
    pub direct: BTreeSet<String>,
    /// Names of all packages that get linked or run when it is built: normal and build
    /// dependencies and theirs in turn.
    pub reached: BTreeSet<String>,
}

impl Crate {
    /// The first part of the folder.
    pub fn pillar(&self) -> &str {
        self.folder.split('/').next().unwrap_or_default()
    }
}

impl Graph {
    /// Reads the workspace's members; metadata without a resolved graph gives crates that reach
    /// nothing, so ask for it with dependencies.
    pub fn from_metadata(metadata: &Metadata) -> Self {
        let edges = linked_edges(metadata);
        let names: HashMap<&PackageId, &str> = metadata
            .packages
            .iter()
            .map(|p| (&p.id, p.name.as_str()))
            .collect();
        let crates = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| {
                let folder = package
                    .manifest_path
                    .parent()
                    .and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok())
                    .map(|folder| folder.as_str().replace('\\', "/"))
                    .unwrap_or_default();
                let direct = package
                    .dependencies
                    .iter()
                    .map(|d| d.name.clone())
                    .collect();
                let reached = reach(&package.id, &edges)
                    .into_iter()
                    .filter_map(|id| names.get(id).map(|name| (*name).to_owned()))
                    .collect();
                (
                    package.name.to_string(),
                    Crate {
                        folder,
                        direct,
                        reached,
                    },
                )
            })
            .collect();
        Self { crates }
    }
}

type Edges<'a> = HashMap<&'a PackageId, Vec<&'a PackageId>>;

fn linked_edges(metadata: &Metadata) -> Edges<'_> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let linked = node.deps.iter().filter(|dep| {
                dep.dep_kinds
                    .iter()
                    .any(|kind| kind.kind != DependencyKind::Development)
            });
            (&node.id, linked.map(|dep| &dep.pkg).collect())
        })
        .collect()
}

fn reach<'a>(from: &'a PackageId, edges: &Edges<'a>) -> BTreeSet<&'a PackageId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for next in edges.get(id).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}
