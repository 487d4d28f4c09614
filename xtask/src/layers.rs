//! `cargo xtask layers`: who may use whom, and the house rules a compiler doesn't know.
//!
//! The rules are pure functions over a small [`graph::Graph`] and over [`tree::SourceFile`]s;
//! reading `cargo metadata` and the folder happens here. Source: `ARCHITECTURE.md`, "Dependency
//! direction".

pub mod dependencies;
pub mod graph;
pub mod lints;
pub mod rules;
pub mod size;
pub mod tree;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Checks everything and fails with all violations at once.
pub fn run(workspace: &Workspace) -> Result<()> {
    let graph = graph::Graph::from_metadata(workspace.metadata());
    let sources = tree::rust_sources(workspace.root())?;
    let outside = dependencies::outside(workspace.metadata());
    let map = read(&workspace.root().join("ARCHITECTURE.md"))?;
    let deny = read(&workspace.root().join("deny.toml"))?;

    let mut violations = rules::check(&graph);
    violations.extend(dependencies::check(
        &outside,
        &dependencies::allowed_licences(&deny),
    ));
    violations.extend(tree::check_sources(&sources));
    violations.extend(lints::check(&graph, workspace.root())?);
    violations.extend(size::check(workspace.root())?);
    violations.extend(tree::check_map(&graph, &map));

    if violations.is_empty() {
        println!(
            "layers: {} crates, {} source files and {} packages from outside keep the rules",
            graph.crates.len(),
            sources.len(),
            outside.len()
        );
        return Ok(());
    }
    for violation in &violations {
        eprintln!("layers: {violation}");
    }
    bail!("{} violations of the layers", violations.len())
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays a workspace of empty crates: `(name, folder, names of crates it uses)`.
    fn lay(members: &[(&str, &str, &[&str])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folders: Vec<&str> = members.iter().map(|(_, folder, _)| *folder).collect();
        let manifest = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {folders:?}\n[workspace.lints.rust]\n"
        );
        std::fs::write(root.path().join("Cargo.toml"), manifest).unwrap();
        let mut map = String::new();
        for (name, folder, used) in members {
            let mut manifest = format!(
                "[package]\nname = \"{name}\"\nedition = \"2024\"\n[lints]\nworkspace = true\n[dependencies]\n"
            );
            for used in *used {
                let (_, place, _) = members.iter().find(|(name, ..)| name == used).unwrap();
                let up = "../".repeat(folder.split('/').count());
                manifest.push_str(&format!("{used} = {{ path = \"{up}{place}\" }}\n"));
            }
            let folder = root.path().join(folder);
            std::fs::create_dir_all(folder.join("src")).unwrap();
            std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
            std::fs::write(folder.join("src/lib.rs"), "").unwrap();
            map.push_str(&format!("`{name}` "));
        }
        std::fs::write(root.path().join("ARCHITECTURE.md"), map).unwrap();
        std::fs::write(root.path().join("deny.toml"), "").unwrap();
        root
    }

    fn told(members: &[(&str, &str, &[&str])]) -> Option<String> {
        let root = lay(members);
        run(&Workspace::at(root.path()).unwrap())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn a_workspace_in_order_passes_and_each_breach_fails() {
        let formats: (&str, &str, &[&str]) = ("formats", "core/nix-formats", &[]);
        assert_eq!(told(&[formats, ("db", "tracker/db", &["formats"])]), None);
        for breach in [
            vec![
                ("db", "tracker/db", &[][..]),
                ("scanner", "scan", &["db"][..]),
            ],
            vec![
                ("formats", "core/nix-formats", &["db"]),
                ("db", "tracker/db", &[]),
            ],
            vec![
                ("formats", "core/nix-formats", &["adv"]),
                ("adv", "core/advisory", &[]),
            ],
            vec![("stray", "helpers/stray", &[])],
        ] {
            assert_eq!(
                told(&breach).as_deref(),
                Some("1 violations of the layers"),
                "{breach:?}"
            );
        }
    }

    #[test]
    fn what_a_core_crate_reaches_through_others_is_seen() {
        let root = lay(&[
            ("formats", "core/nix-formats", &[]),
            ("adv", "core/advisory", &["formats"]),
            ("matching", "core/matching", &["adv"]),
        ]);
        let graph = graph::Graph::from_metadata(Workspace::at(root.path()).unwrap().metadata());
        let matching = &graph.crates["matching"];
        assert_eq!(matching.folder, "core/matching");
        assert_eq!(matching.direct.iter().collect::<Vec<_>>(), ["adv"]);
        assert_eq!(
            matching.reached.iter().collect::<Vec<_>>(),
            ["adv", "formats"]
        );
    }

    #[test]
    fn a_forgotten_crate_or_a_missing_map_fails() {
        let root = lay(&[("formats", "core/nix-formats", &[])]);
        let workspace = Workspace::at(root.path()).unwrap();
        let map = root.path().join("ARCHITECTURE.md");
        std::fs::write(&map, "Nothing here.").unwrap();
        assert!(run(&workspace).is_err());
        std::fs::remove_file(&map).unwrap();
        let error = format!("{:#}", run(&workspace).unwrap_err());
        assert!(error.contains("ARCHITECTURE.md"), "{error}");
    }

    #[test]
    fn this_workspace_keeps_the_rules() {
        run(&Workspace::find().unwrap()).unwrap();
    }
}
