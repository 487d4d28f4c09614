//! `snowguard-step`: runs one step from a plan; the only program that a step's output has to trust
//! besides what the step declares.
//!
//! `snowguard-step PLAN.json ARCHIVE USED.json` writes the output's Nix archive to ARCHIVE and what the
//! step used to USED.json. What programs print goes to standard output and error. Exit codes: 0 done, 1
//! failed, 2 usage.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use snowguard_bootstrap::runner::{Plan, run};

fn main() -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    let [plan, archive, used] = arguments.as_slice() else {
        eprintln!("usage: snowguard-step PLAN.json ARCHIVE USED.json");
        return ExitCode::from(2);
    };
    match step(Path::new(plan), Path::new(archive), Path::new(used)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snowguard-step: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn step(plan: &Path, archive: &Path, used_file: &Path) -> Result<()> {
    let text = std::fs::read(plan).with_context(|| format!("cannot read {}", plan.display()))?;
    let plan: Plan = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no plan of a step", plan.display()))?;
    let archive = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(archive)
        .with_context(|| format!("cannot make {}", archive.display()))?;
    let used = run(&plan, &archive)?;
    std::fs::write(used_file, serde_json::to_vec(&used)?)
        .with_context(|| format!("cannot write {}", used_file.display()))
}
