//! The rules on files: length, no I/O named in the core, every crate on the map.

use std::path::Path;

use anyhow::{Context, Result};

use super::graph::Graph;
use super::rules::Violation;
use super::rules::{PURE, doer};

/// A file of more lines has to be split by meaning.
const MAX_LINES: usize = 500;

/// Parts of the standard library that touch the world outside.
const IO_PATHS: [&str; 5] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env::",
    "std::thread",
];

/// A Rust file of the workspace.
#[derive(Debug)]
pub struct SourceFile {
    /// From the root, `/`-separated.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Every `.rs` file under `root`, in order of path; build output and hidden folders left out.
pub fn rust_sources(root: &Path) -> Result<Vec<SourceFile>> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot look at {}", path.display()))?;
            if kind.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if kind.is_file() && name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let path = path.strip_prefix(root).unwrap_or(&path);
                sources.push(SourceFile {
                    path: path.to_string_lossy().replace('\\', "/"),
                    text,
                });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// Length of files, and I/O in the core's own code (its tests may read files).
pub fn check_sources(sources: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            let what = format!("has {lines} lines; split it by meaning below {MAX_LINES}");
            violations.push(Violation::new(&source.path, what));
        }
        violations.extend(io_in_core(source));
    }
    violations
}

fn io_in_core(source: &SourceFile) -> Vec<Violation> {
    let parts: Vec<&str> = source.path.split('/').collect();
    let folder = parts.iter().take(2).copied().collect::<Vec<_>>().join("/");
    let is_pure = folder.starts_with("core/") || PURE.contains(&folder.as_str());
    let is_code = parts.get(2) == Some(&"src");
    let who = doer(&folder);
    // A module `tests` may stand in a file of its own.
    if !is_pure || !is_code || parts.last() == Some(&"tests.rs") || parts.contains(&"tests") {
        return Vec::new();
    }
    let own = source
        .text
        .lines()
        .take_while(|line| !line.contains("#[cfg(test)]"));
    own.enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(at, line)| {
            IO_PATHS
                .iter()
                .filter(move |path| line.contains(**path))
                .map(move |path| {
                    let what = format!("line {} names `{path}`; {who} does no I/O", at + 1);
                    Violation::new(&source.path, what)
                })
        })
        .collect()
}

/// The map names every crate, as code.
pub fn check_map(graph: &Graph, map: &str) -> Vec<Violation> {
    let unnamed = graph
        .crates
        .keys()
        .filter(|name| !map.contains(&format!("`{name}`")));
    unnamed
        .map(|name| Violation::new(name, "ARCHITECTURE.md doesn't name it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::graph::Crate;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_long_file_is_refused_at_the_limit() {
        assert!(check_sources(&[file("cli/src/a.rs", &"x\n".repeat(500))]).is_empty());
        let told = check_sources(&[file("cli/src/a.rs", &"x\n".repeat(501))]);
        assert_eq!(
            told[0].to_string(),
            "cli/src/a.rs: has 501 lines; split it by meaning below 500"
        );
    }

    #[test]
    fn the_core_names_no_io_outside_of_its_tests() {
        let io = "use std::fs::File;\n";
        assert_eq!(
            check_sources(&[file("core/advisory/src/a.rs", io)]).len(),
            1
        );
        assert_eq!(
            check_sources(&[file("core/advisory/src/deep/a.rs", io)]).len(),
            1
        );
        assert_eq!(
            check_sources(&[file("tracker/export/src/a.rs", io)]).len(),
            1
        );
        let test_only = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n    {io}}}\n");
        for innocent in [
            file("core/advisory/src/a.rs", "// std::fs is for others\n"),
            file("core/advisory/src/a.rs", &test_only),
            file("core/advisory/src/a/tests.rs", io),
            file("core/advisory/tests/it/main.rs", io),
            file("tracker/db/src/a.rs", io),
        ] {
            assert!(check_sources(&[innocent]).is_empty());
        }
    }

    #[test]
    fn a_crate_that_the_map_forgot_is_told() {
        let crates = ["snowguard", "snowguard-tracker"].map(|n| (n.to_owned(), Crate::default()));
        let graph = Graph {
            crates: crates.into(),
        };
        assert_eq!(
            check_map(&graph, "`snowguard` runs `snowguard-tracker`.").len(),
            0
        );
        // A longer name does not stand for a shorter one, nor prose for code.
        assert_eq!(check_map(&graph, "`snowguard-tracker`, snowguard").len(), 1);
    }
}
