//! The script as step files for the driver: one step per rung, each in its sandbox.
//!
//! The format is described in `docs/bootstrap-steps.md`. `rungs/steps.toml` is what
//! [`render`] makes; a test keeps them the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::climb::{ClimbError, seed};
use crate::{Command, Ladder, Rung, sha256};

/// The path of the seed in a step, where it may be run.
const SEED: &str = "/build/seed";

/// The step file of a ladder. Each source is named by the folder it stands in: `c/` or the architecture's.
///
/// # Errors
/// When the seed's listing is not hex0.
pub fn render(ladder: &Ladder) -> Result<String, ClimbError> {
    let seed = seed(ladder)?;
    let folder = ladder.architecture;
    let mut text = format!(
        "# The ladder as steps, one per rung. Made by `snowguard bootstrap ladder steps` from {folder}/climb.\n\
         format = 1\n\n\
         [[source]]\n\
         name = \"hex0-seed\"\n\
         sha256 = \"{}\"\n\
         size = {}\n\
         hex = \"{folder}/hex0.hex0\"\n\
         trust = \"seed\"\n\
         description = \"The program that everything starts from; each byte is explained in its listing.\"\n",
        sha256(seed.bytes()),
        seed.bytes().len(),
    );
    let mut makers: BTreeMap<&str, &str> = BTreeMap::new();
    for rung in &ladder.rungs {
        step(&mut text, folder, rung, &makers);
        for path in rung.commands.iter().filter_map(Command::output) {
            makers.insert(path, &rung.name);
        }
    }
    Ok(text)
}

fn step(text: &mut String, own: &str, rung: &Rung, makers: &BTreeMap<&str, &str>) {
    let used = |command: &Command| {
        let mut paths = command.inputs().to_vec();
        paths.push(command.program.clone());
        paths
    };
    let paths: Vec<String> = rung.commands.iter().flat_map(used).collect();
    let mut inputs: Vec<String> = paths
        .iter()
        .filter_map(|path| makers.get(path.as_str()))
        .map(|maker| format!("ladder-{maker}"))
        .collect();
    inputs.sort();
    inputs.dedup();
    let mut files: Vec<String> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("src/"))
        .map(|name| {
            let folder = if name.ends_with(".c") { "c" } else { own };
            format!("{folder}/{name}")
        })
        .collect();
    files.sort();
    files.dedup();
    let from_seed = paths.iter().any(|path| path.starts_with("seed/"));
    let name = &rung.name;
    let about = &rung.about;
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "\n[[step]]\nname = \"ladder-{name}\"\ndescription = \"{about}\"\n\
         inputs = {inputs:?}\nfiles = {files:?}\n"
    );
    if from_seed {
        text.push_str("sources = [\"hex0-seed\"]\n");
    }
    text.push_str("limits = { seconds = 10, memory_mib = 256, files_mib = 64, processes = 4 }\n");
    if from_seed {
        let _ = write!(
            text,
            "\n[[step.action]]\ncopy = {{ from = \"/src/hex0-seed\", to = \"{SEED}\" }}\n\
             \n[[step.action]]\nexecutable = {{ paths = \"{SEED}\" }}\n"
        );
    }
    let place = |path: &str| match (path.split_once('/'), makers.get(path)) {
        (Some(("seed", _)), _) => SEED.to_owned(),
        (Some(("src", name)), _) => format!("/src/{name}"),
        (Some((_, name)), Some(maker)) => format!("/in/ladder-{maker}/{name}"),
        (Some((_, name)), None) => format!("/out/{name}"),
        (None, _) => path.to_owned(),
    };
    for command in &rung.commands {
        let arguments: Vec<String> = command.arguments.iter().map(|path| place(path)).collect();
        if let ("same", [left, right]) = (command.tool(), arguments.as_slice()) {
            // The driver's own comparison; the ladder's program is for those who climb without it.
            let _ = write!(
                text,
                "\n[[step.action]]\nsame = {{ left = {left:?}, right = {right:?} }}\n"
            );
            continue;
        }
        let argv: Vec<String> = std::iter::once(place(&command.program))
            .chain(arguments)
            .collect();
        let _ = write!(text, "\n[[step.action]]\nrun = {{ argv = {argv:?} }}\n");
    }
}
