//! The graph as Nix derivations: a folder with a `default.nix`, the sources, and the step runner.
//!
//! Each step is one derivation whose builder is `snowguard-step` (with its loader and libraries, unless it is static), which does in
//! Nix's sandbox exactly what it does for the driver, in a sandbox of its own within Nix's. Inputs are other
//! derivations, so Nix orders, builds, caches and sends to remote builders; where a hash is recorded the
//! runner compares, and Nix's own hash of the output is the same one.

mod loader;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build::Build;
use crate::graph::{Digest, Name, Step};
use crate::runner::{Plan, Seen, Variation};
use crate::sources::provide;

const HEAD: &str = r#"# Written by `snowguard bootstrap export`. Each attribute is one step: `nix-build -A NAME`.
{ system ? "@system@" }:
let
  runner = builtins.path { path = ./snowguard-step; name = "snowguard-step"; };
@loader@  source = name: sha256: builtins.path {
    path = ./sources + "/${sha256}";
    inherit name sha256;
    recursive = false;
  };
  step = name: texts: paths: derivation {
    inherit system;
    name = builtins.replaceStrings [ "~" ] [ "-" ] name;
    builder = @builder@;
    passAsFile = [ "plan" ];
    plan = builtins.replaceStrings texts paths (builtins.readFile (./plans + "/${name}.json"));
  };
in rec {
"#;

/// How a static runner is started.
const STATIC: &str = r#"runner;
    args = [ "nix" ]"#;
/// How another is.
const LOADED: &str = r#"loader + "/loader";
    args = [ "--library-path" loader runner "nix" ]"#;
const LOADER: &str =
    "  loader = builtins.path { path = ./loader; name = \"snowguard-step-loader\"; };\n";

/// Writes the steps of `wanted` (all when empty) and what they need into `folder`, which must not exist.
///
/// # Errors
/// When the runner is no program of this machine, a source can't be had, or something can't be written.
pub fn nix(build: &Build<'_>, wanted: &[Name], runner: &Path, folder: &Path) -> Result<usize> {
    let program = fs::read(runner).with_context(|| format!("cannot read {}", runner.display()))?;
    let loader = loader::needed(runner, &program)?;
    let steps = build
        .graph
        .needed(wanted)
        .map_err(|name| anyhow::anyhow!("there is no step `{name}`"))?;
    for part in ["", "sources", "plans"] {
        let part = folder.join(part);
        fs::create_dir(&part).with_context(|| format!("cannot make {}", part.display()))?;
    }
    write_program(&folder.join("snowguard-step"), &program)?;
    let (beside, builder) = match &loader {
        None => ("", STATIC),
        Some(loader) => {
            write_loader(loader, folder)?;
            (LOADER, LOADED)
        }
    };
    let system = format!("{}-linux", std::env::consts::ARCH);
    let mut text = HEAD
        .replace("@system@", &system)
        .replace("@loader@", beside)
        .replace("@builder@", builder);
    for step in &steps {
        let references = sources(build, step, folder)?;
        write_plan(step, &references, folder)?;
        derivation(&mut text, step, &references);
    }
    text.push_str("}\n");
    let file = folder.join("default.nix");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(steps.len())
}

fn write_program(file: &Path, content: &[u8]) -> Result<()> {
    fs::write(file, content)
        .and_then(|()| fs::set_permissions(file, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The loader and the libraries in a folder of their own, each under the name by which it is asked for.
fn write_loader(loader: &loader::Loader, folder: &Path) -> Result<()> {
    let to = folder.join("loader");
    fs::create_dir(&to).with_context(|| format!("cannot make {}", to.display()))?;
    let own = ("loader", &loader.program);
    let libraries = loader.libraries.iter();
    for (name, from) in libraries
        .map(|(name, from)| (name.as_str(), from))
        .chain([own])
    {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        write_program(&to.join(name), &content)?;
    }
    Ok(())
}

/// A file at `/src`: its hash, and whether it may be run.
type References = BTreeMap<Name, (Digest, bool)>;

/// Copies what a step sees at `/src`.
fn sources(build: &Build<'_>, step: &Step, folder: &Path) -> Result<References> {
    let mut references = References::new();
    for name in &step.sources {
        let source = build.graph.sources.get(name).context("an unknown source")?;
        provide(build.store, source, build.places)?;
        references.insert(name.clone(), (source.sha256, source.is_executable()));
    }
    for (name, hash) in build.files(step)? {
        references.insert(name, (hash, false));
    }
    for (hash, _) in references.values() {
        let to = folder.join("sources").join(hash.to_string());
        if !to.exists() {
            fs::copy(build.store.source_path(*hash), &to)
                .with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    Ok(references)
}

/// A plan in which the places of inputs and sources are left for Nix to fill in.
fn write_plan(step: &Step, references: &References, folder: &Path) -> Result<()> {
    let mut seen: Vec<Seen> = step
        .inputs
        .iter()
        .map(|name| Seen {
            host: PathBuf::from(placeholder("in", name)),
            at: format!("/in/{name}"),
            executable: true,
            sha256: None,
        })
        .collect();
    seen.extend(references.iter().map(|(name, (hash, executable))| Seen {
        host: PathBuf::from(placeholder("src", name)),
        at: format!("/src/{name}"),
        executable: *executable,
        sha256: Some(*hash),
    }));
    let plan = Plan::new(step, seen, Variation::default());
    let file = folder.join("plans").join(format!("{}.json", step.name));
    fs::write(&file, serde_json::to_vec_pretty(&plan)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Text that stands for a store path until Nix knows it. No step can hold it: names have no `@`.
fn placeholder(kind: &str, name: &Name) -> String {
    format!("/@{kind}:{name}@")
}

fn derivation(text: &mut String, step: &Step, references: &References) {
    let mut texts = String::new();
    let mut paths = String::new();
    for input in &step.inputs {
        let _fits = write!(texts, " \"{}\"", placeholder("in", input));
        let _fits = write!(paths, " \"${{{}}}\"", attribute(input));
    }
    for (name, (hash, _)) in references {
        let _fits = write!(texts, " \"{}\"", placeholder("src", name));
        let _fits = write!(
            paths,
            " \"${{source \"{}\" \"{hash}\"}}\"",
            name.as_str().replace('~', "-")
        );
    }
    let _fits = writeln!(
        text,
        "  {} = step \"{}\" [{texts} ] [{paths} ];",
        attribute(&step.name),
        step.name
    );
}

/// An attribute's name: letters, digits, `_` and `-`, with a letter in front, so that no quoting is needed.
fn attribute(name: &Name) -> String {
    let mut text = String::from("step-");
    text.extend(name.as_str().chars().map(|character| match character {
        '.' | '+' | '~' => '_',
        other => other,
    }));
    text
}
