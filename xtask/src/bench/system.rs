//! A NixOS system in a Nix database of its own: the paths of a build graph, registered by Nix itself,
//! with their real derivations in the store's folder. Nothing was built: the references of a path
//! are what its derivation was built from, downloads left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::data::decoder;

const GRAPH: &str = "nixpkgs-2026-drv-graph-nixos-system.jsonl.zst";
const SAMPLES: &str = "nix-cli-samples.tar.zst";
/// The archive of derivations inside of the samples.
const DERIVATIONS: &str = "./drv-closure-nixos-system.tar";

/// A system to scan.
#[derive(Debug)]
pub struct System {
    /// The folder that holds `nix/store` and `nix/var`.
    pub root: PathBuf,
    /// The system's own store path.
    pub path: String,
    /// Paths of its closure.
    pub paths: usize,
    /// Its derivation, where it is registered with all that it needs.
    pub derivation: Option<String>,
    /// What is in it, in the form in which a channel's `packages.json` gives it.
    pub packages: Value,
}

/// One derivation of the graph.
struct Node {
    derivation: String,
    name: String,
    outputs: BTreeMap<String, String>,
    inputs: Vec<(usize, Vec<String>)>,
    patches: Vec<String>,
    is_fetched: bool,
}

/// Lays a system out under `folder`.
///
/// # Errors
/// When the collection lacks a part of it, or Nix is missing.
pub fn lay(collection: &Path, folder: &Path) -> Result<System> {
    let nodes = nodes(&collection.join(GRAPH))?;
    let root = folder.join("system");
    unpack(&collection.join(SAMPLES), folder, &root)?;
    let has_derivations = can_be_entered(&root);
    register(&nodes, &root, has_derivations)?;
    let own = nodes
        .iter()
        .position(|node| node.name.starts_with("nixos-system-"))
        .context("the graph has no system")?;
    let mut open = vec![own];
    let mut reached = BTreeSet::from([own]);
    let mut paths: BTreeSet<&str> = nodes[own].outputs.values().map(String::as_str).collect();
    while let Some(at) = open.pop() {
        for (input, path) in references(&nodes, at) {
            paths.insert(path);
            if reached.insert(input) {
                open.push(input);
            }
        }
    }
    let packages = reached.iter().map(|number| {
        let node = &nodes[*number];
        let patches: Vec<&str> = node.patches.iter().map(String::as_str).collect();
        let package = json!({ "name": node.name, "patches": patches });
        (node.derivation.clone(), package)
    });
    Ok(System {
        path: nodes[own]
            .outputs
            .values()
            .next()
            .cloned()
            .unwrap_or_default(),
        paths: paths.len(),
        derivation: has_derivations.then(|| nodes[own].derivation.clone()),
        packages: Value::Object(packages.collect()),
        root,
    })
}

fn nodes(graph: &Path) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for line in decoder(graph)?.lines() {
        let line: Value = serde_json::from_str(&line.context("the graph")?).context("the graph")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = |value: &Value| format!("/nix/store/{}", value.as_str().unwrap_or_default());
        let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let outputs = line["o"].as_object().into_iter().flatten();
        let inputs = all(&line["in"]).into_iter().map(|input| {
            let several = all(&input);
            let number = several
                .first()
                .unwrap_or(&input)
                .as_u64()
                .unwrap_or(u64::MAX);
            let mut names: Vec<String> = several.iter().skip(1).map(text).collect();
            if names.is_empty() {
                names.push("out".to_owned());
            }
            (usize::try_from(number).unwrap_or(usize::MAX), names)
        });
        nodes.push(Node {
            derivation: path(&line["drv"]),
            name: text(&line["name"]),
            outputs: outputs
                .map(|(name, value)| (name.clone(), path(value)))
                .collect(),
            inputs: inputs.collect(),
            patches: all(&line["patches"]).iter().map(text).collect(),
            is_fetched: !line["fod"].is_null(),
        });
    }
    Ok(nodes)
}

/// What the outputs of a derivation refer to, with the derivation of each.
fn references(nodes: &[Node], at: usize) -> impl Iterator<Item = (usize, &str)> {
    let inputs = nodes[at].inputs.iter();
    inputs.flat_map(|(number, names)| {
        let input = nodes.get(*number).filter(|input| !input.is_fetched);
        let paths = names
            .iter()
            .filter_map(move |name| input?.outputs.get(name));
        paths.map(|path| (*number, path.as_str()))
    })
}

/// A program that sees the system's `/nix` as its own, in a mount namespace that ends with it.
#[must_use]
pub fn inside(root: &Path, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .args([
            "--mount",
            "sh",
            "-c",
            "mount --bind \"$0\" /nix && exec \"$@\"",
        ])
        .arg(root.join("nix"))
        .arg(program)
        .env("NIX_REMOTE", "");
    command
}

/// Whether programs can be run so: that takes root, and a folder `/nix`.
fn can_be_entered(root: &Path) -> bool {
    let mut command = inside(root, Path::new("true"));
    let status = command.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Registers all outputs but downloads, as `nix-store --load-db` reads them; also the derivations, which
/// Nix then reads.
fn register(nodes: &[Node], root: &Path, has_derivations: bool) -> Result<()> {
    let state = root.join("nix/var/nix");
    fs::create_dir_all(&state).context("making a folder for the database")?;
    let mut command = if has_derivations {
        inside(root, Path::new("nix-store"))
    } else {
        let mut command = Command::new("nix-store");
        command.env("NIX_STATE_DIR", &state).env("NIX_REMOTE", "");
        command
    };
    let mut nix = command
        .arg("--load-db")
        .env("NIX_STORE_DIR", "/nix/store")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("nix-store cannot be started")?;
    let mut text = String::new();
    for node in nodes.iter().filter(|_| has_derivations) {
        let inputs = node.inputs.iter();
        let needed: BTreeSet<&str> = inputs
            .filter_map(|(number, _)| Some(nodes.get(*number)?.derivation.as_str()))
            .collect();
        push_entry(&mut text, &node.derivation, "", &needed);
    }
    for (number, node) in nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| !node.is_fetched)
    {
        let referred: BTreeSet<&str> = references(nodes, number).map(|(_, path)| path).collect();
        for output in node.outputs.values() {
            push_entry(&mut text, output, &node.derivation, &referred);
        }
    }
    let mut input = nix.stdin.take().context("no standard input")?;
    input
        .write_all(text.as_bytes())
        .context("writing to nix-store")?;
    drop(input);
    let status = nix.wait().context("waiting for nix-store")?;
    if !status.success() {
        bail!("nix-store --load-db failed ({status})");
    }
    Ok(())
}

/// One path, as `nix-store --load-db` reads it.
fn push_entry(text: &mut String, path: &str, deriver: &str, referred: &BTreeSet<&str>) {
    let hash = "0".repeat(64);
    let count = referred.len();
    text.push_str(&format!("{path}\n{hash}\n1000\n{deriver}\n{count}\n"));
    for path in referred {
        text.push_str(&format!("{path}\n"));
    }
}

/// Unpacks the derivations into the store's folder.
fn unpack(samples: &Path, folder: &Path, root: &Path) -> Result<()> {
    fs::create_dir_all(root).context("making a folder for the store")?;
    let outer = folder.join("samples.tar");
    let mut file = File::create(&outer).context("unpacking the samples")?;
    std::io::copy(&mut decoder(samples)?, &mut file).context("unpacking the samples")?;
    for (archive, into, member) in [
        (&outer, folder, Some(DERIVATIONS)),
        (&folder.join(DERIVATIONS), root, None),
    ] {
        let status = Command::new("tar")
            .arg("-xf")
            .arg(archive)
            .arg("-C")
            .arg(into)
            .args(member)
            .status()
            .context("tar cannot be started")?;
        if !status.success() {
            bail!("tar could not unpack {} ({status})", archive.display());
        }
    }
    Ok(())
}

/// Lines of a file that is not packed.
pub fn lines(file: &Path) -> Result<impl Iterator<Item = Result<Value>> + use<>> {
    let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    Ok(BufReader::new(opened).lines().map(|line| {
        let line = line.context("reading a line")?;
        serde_json::from_str(&line).context("reading a line")
    }))
}
