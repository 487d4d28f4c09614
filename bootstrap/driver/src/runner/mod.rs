//! Running one step: the sandbox around, the actions inside, the output as an archive.
//!
//! This is the part of the driver that a step has to trust, so it is a program of its own
//! (`snowguard-step`) with little in it: `audit` counts its bytes, and `export --nix` gives the same
//! program to Nix.

mod each;
mod files;
mod output;
mod patch;
mod paths;
mod pattern;
mod plan;
mod program;
mod tar;
mod unpack;

use std::fs::File;
use std::io::BufWriter;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use snowguard_sandbox::End;

use crate::graph::Digest;
use crate::graph::schema::Action;
pub use files::{fixed_time, set_fixed_time};
pub use output::pack;
pub use patch::{PatchError, apply};
pub use pattern::Pattern;
pub use plan::{FIXED_ENVIRONMENT, Plan, Seen, Variation};
pub use program::MAX_JOBS;
pub use unpack::{decompress as nested_stream, open as archive_stream};

/// What running a step used; written as one line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// From start to end.
    pub seconds: f64,
    /// To lay the sandbox.
    pub setup_seconds: f64,
    /// Bytes of private memory, at most.
    pub peak_memory: u64,
}

/// Runs a plan; its output's archive goes to `archive`, an empty file.
///
/// # Errors
/// When a file is not the one that was declared (nothing ran), the sandbox can't be built, an action
/// fails, or a limit is reached.
pub fn run(plan: &Plan, archive: &File) -> Result<Used> {
    for seen in &plan.seen {
        if let Some(declared) = seen.sha256 {
            verify(&seen.host, declared)?;
        }
    }
    let outcome = snowguard_sandbox::run(&plan.sandbox(), &[archive.as_fd()], || {
        match inside(plan, archive) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("step {}: {error:#}", plan.name);
                1
            }
        }
    })?;
    match outcome.end {
        End::Returned(0) => {}
        End::Returned(_) => bail!("step {} failed", plan.name),
        End::Signal(signal) => bail!(
            "step {}: the runner was killed by signal {signal}",
            plan.name
        ),
        End::Time => bail!(
            "step {} ran longer than its limit of {} s",
            plan.name,
            plan.limits.seconds
        ),
        End::Memory => bail!(
            "step {} held more memory than its limit of {} MiB",
            plan.name,
            plan.limits.memory_mib
        ),
    }
    Ok(Used {
        seconds: seconds(outcome.took),
        setup_seconds: seconds(outcome.setup),
        peak_memory: outcome.peak_memory,
    })
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

fn verify(file: &Path, declared: Digest) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let found = Digest::of(&bytes);
    if found != declared {
        bail!(
            "{} is not the file that was declared: its SHA-256 is {found}, declared is {declared}; nothing ran",
            file.display()
        );
    }
    Ok(())
}

/// Inside: the actions in order, then the archive.
fn inside(plan: &Plan, archive: &File) -> Result<()> {
    let step = program::Step::new(plan);
    for (index, action) in plan.actions.iter().enumerate() {
        act(&step, action).with_context(|| format!("action {} ({})", index + 1, kind(action)))?;
    }
    program::end_all();
    output::pack(
        Path::new("/out"),
        BufWriter::with_capacity(256 << 10, archive),
    )
    .context("the output in /out")
}

fn act(step: &program::Step, action: &Action) -> Result<()> {
    match action {
        Action::Unpack(action) => unpack::unpack(action),
        Action::Patch(action) => files::patch(action),
        Action::Write(action) => files::write(action),
        Action::Copy(action) => files::copy(action),
        Action::Remove(action) => files::remove(action),
        Action::Folder(action) => files::folder(action),
        Action::Link(action) => files::link(action),
        Action::Executable(action) => files::executable(action),
        Action::Run(action) => step.run(action),
        Action::Each(action) => step.each(action),
        Action::Same(action) => files::same(action),
    }
}

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Unpack(_) => "unpack",
        Action::Patch(_) => "patch",
        Action::Write(_) => "write",
        Action::Copy(_) => "copy",
        Action::Remove(_) => "remove",
        Action::Folder(_) => "folder",
        Action::Link(_) => "link",
        Action::Executable(_) => "executable",
        Action::Run(_) => "run",
        Action::Each(_) => "each",
        Action::Same(_) => "same",
    }
}
