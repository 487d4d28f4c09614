//! `check`: the rungs against their independent checkers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use snowguard_bootstrap_ladder::check::{self, Finding};
use snowguard_bootstrap_ladder::derive::Derived;
use snowguard_bootstrap_ladder::{Ladder, climb, derive, sha256};

use super::Failure;

/// What to check.
#[derive(Debug, Args)]
pub struct Options {
    /// Only this rung
    rung: Option<String>,
    /// Check what was built in this folder (`ladder build --into`) instead of climbing now
    #[arg(long, value_name = "DIR")]
    outputs: Option<PathBuf>,
    /// Compare the sources in this folder with those that this program was built with
    #[arg(long, value_name = "DIR")]
    sources: Option<PathBuf>,
    /// The architecture
    #[arg(long, default_value = "amd64")]
    architecture: String,
}

/// Makes every file of the ladder twice, by the rungs and by the checkers in Rust, compares them
/// with each other and with the recorded hashes, and says where the first byte differs.
pub fn run(options: &Options) -> Result<(), Failure> {
    let ladder = Ladder::built_in(&options.architecture).map_err(anyhow::Error::new)?;
    let mut findings = Vec::new();
    if let Some(folder) = &options.sources {
        let found = Ladder::read_sources(folder).map_err(anyhow::Error::new)?;
        findings.extend(check::sources(&ladder, &found));
    }
    let derived = derive(&ladder).map_err(anyhow::Error::new)?;
    if let Some(name) = &options.rung
        && ladder.rung(name).is_none()
    {
        let names: Vec<&str> = ladder.rungs.iter().map(|rung| rung.name.as_str()).collect();
        return Err(anyhow!("no rung `{name}`; there are {}", names.join(", ")).into());
    }
    findings.extend(
        check::recorded(&ladder, &derived)
            .into_iter()
            .filter(|finding| {
                // Of another rung it is not asked.
                match (&options.rung, finding) {
                    (Some(name), Finding::Recorded { path, .. }) => {
                        ladder.rung(name).is_some_and(|rung| {
                            rung.commands
                                .iter()
                                .any(|command| command.output() == Some(path.as_str()))
                        })
                    }
                    _ => true,
                }
            }),
    );
    match &options.outputs {
        Some(folder) => outputs(options, &ladder, &derived, folder, &mut findings)?,
        None => {
            let folder = tempfile::tempdir().context("cannot make a folder to climb in")?;
            climb::prepare(&ladder, folder.path()).map_err(anyhow::Error::new)?;
            climb::climb(&ladder, folder.path(), options.rung.as_deref(), |_| ())
                .map_err(anyhow::Error::new)?;
            outputs(options, &ladder, &derived, folder.path(), &mut findings)?;
        }
    }
    for finding in &findings {
        say!("{finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    let what = format!(
        "{} of the ladder's files are not what they have to be",
        findings.len()
    );
    Err(Failure::Bytes(anyhow!(what)))
}

fn outputs(
    options: &Options,
    ladder: &Ladder,
    derived: &Derived,
    folder: &Path,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    for rung in &ladder.rungs {
        if options.rung.as_ref().is_some_and(|name| *name != rung.name) {
            continue;
        }
        for path in rung.commands.iter().filter_map(|command| command.output()) {
            let found = fs::read(folder.join(path))
                .with_context(|| format!("cannot read {path}, which rung {} makes", rung.name))?;
            let expected = derived
                .get(path)
                .ok_or_else(|| anyhow!("no checker makes {path}"))?;
            match check::made(&rung.name, path, expected, &found) {
                Some(finding) => findings.push(finding),
                None => say!(
                    "{:8} {:24} {:>7} bytes  {}",
                    rung.name,
                    path,
                    found.len(),
                    sha256(&found)
                ),
            }
        }
    }
    Ok(())
}
