//! `install`: a profile's generations onto the boot partition.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_boot_installer::error::{Error, Refusal};
use snowguard_boot_installer::loader::{ConsoleMode, Menu};
use snowguard_boot_installer::naming::ImageName;
use snowguard_boot_installer::plan::{Booted, Plan, Request, Settings};
use snowguard_boot_installer::profile::Profile;
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_installer::transaction::{Summary, carry_out};

use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::partitions::{Locked, PartitionOptions, VariableOptions};
use crate::policy_signer::PolicyKeyOptions;
use crate::signer::SignerOptions;

/// What to install, and where.
#[derive(Debug, Args)]
pub struct Options {
    /// The system that is to boot (a generation of the profile); the profile's own without
    toplevel: Option<PathBuf>,
    /// The profile
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/nix/var/nix/profiles/system"
    )]
    profile: PathBuf,
    #[command(flatten)]
    partitions: PartitionOptions,
    #[command(flatten)]
    variables: VariableOptions,
    /// The firmware stub
    #[arg(long, value_name = "FILE")]
    stub: PathBuf,
    /// systemd-boot, as its package has it (systemd-bootx64.efi)
    #[arg(long, value_name = "FILE")]
    systemd_boot: PathBuf,
    /// Lines of SBAT to put behind those of the stub and the kernel, as text or @FILE
    #[arg(long, value_name = "TEXT")]
    sbat: Option<String>,
    /// The system that runs now
    #[arg(long, value_name = "PATH", default_value = "/run/booted-system")]
    booted: PathBuf,
    /// Keep this many generations, newest first; the booted and the last good one stay besides
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Count boots: a new entry is tried so often, until it is blessed
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    tries: Option<u32>,
    /// Seconds that the menu is shown; it waits without
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// Let the menu edit command lines (the stub refuses edited ones under Secure Boot)
    #[arg(long)]
    editor: bool,
    /// Resolution of the menu: keep, max, auto, or a mode's number
    #[arg(long, value_name = "MODE", default_value = "keep")]
    console_mode: ConsoleMode,
    /// Print the plan, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signer: SignerOptions,
    #[command(flatten)]
    policy: PolicyKeyOptions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Installed<'p> {
    plan: &'p Plan,
    /// Nothing after a dry run.
    done: Option<Summary>,
}

/// A plan that was refused; for people the complaint says all.
#[derive(Serialize)]
struct NotBegun {
    refused: Refusal,
}

/// Plans, and unless it is a dry run, carries it out.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let now = crate::clock::now()?;
    let signer = options.signer.open(now)?;
    let policy_key = options.policy.open(&options.signer, now)?;
    let stub = files::read(&options.stub, files::MAX_SMALL)?;
    let boot_loader = files::read(&options.systemd_boot, files::MAX_SMALL)?;
    let mut forge = ThinForge::new(stub, signer);
    if let Some(key) = policy_key {
        forge = forge.with_policy_key(key);
    }
    if let Some(sbat) = &options.sbat {
        forge = forge.with_generations(files::read_text(sbat)?);
    }
    let profile = Profile::read(&options.profile)?;
    let toplevel = options.toplevel.as_ref().unwrap_or(&options.profile);
    let default = resolve(toplevel)?;
    let booted = options.booted.canonicalize().ok();
    let entry = booted_entry(&options.variables)?;
    let settings = Settings {
        limit: options.limit.map(|limit| limit as usize),
        tries: options.tries,
        menu: Menu {
            timeout: options.timeout,
            editor: options.editor,
            console_mode: options.console_mode,
        },
    };
    let request = Request {
        profile: &profile,
        default: &default,
        booted: Booted {
            toplevel: booted.as_deref(),
            entry: entry.as_ref(),
        },
        boot_loader: &boot_loader,
        settings: &settings,
    };
    let locked = Locked::open(&options.partitions)?;
    let partitions = locked.partitions();
    let plan = match Plan::make(&request, &partitions, &forge) {
        Ok(plan) => plan,
        Err(Error::Refused(refused)) => {
            crate::output::complain(&anyhow::Error::new(Error::Refused(refused.clone())));
            output.print(&NotBegun { refused })?;
            return Ok(Outcome::Wanting);
        }
        Err(error) => return Err(error.into()),
    };
    warn(&plan);
    let done = if options.dry_run {
        None
    } else {
        Some(carry_out(&plan, &partitions, &forge).context(Failure::Effect)?)
    };
    output.print(&Installed { plan: &plan, done })?;
    Ok(Outcome::Good)
}

/// The entry that runs now, where the firmware tells; by it the very image is kept, and not only its
/// generation.
fn booted_entry(options: &VariableOptions) -> Result<Option<ImageName>> {
    let entry = options.open().selected_entry()?;
    Ok(entry.and_then(|entry| ImageName::parse(&entry)))
}

fn resolve(toplevel: &Path) -> Result<PathBuf> {
    match toplevel.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) => bail!("{}: {error}", toplevel.display()),
    }
}

/// What was left out is told even where only JSON is read.
fn warn(plan: &Plan) {
    for skipped in &plan.skipped {
        tracing::warn!(
            "generation {} is skipped: {}",
            skipped.generation,
            skipped.reason
        );
    }
    for failed in &plan.failed {
        tracing::warn!("{} is skipped: {}", failed.title, failed.reason);
    }
}

impl fmt::Display for Installed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.plan)?;
        match self.done {
            None => write!(f, "dry run: nothing was changed"),
            Some(done) => write!(
                f,
                "done: {} files written ({} bytes), {} removed",
                done.written, done.bytes, done.removed
            ),
        }
    }
}

impl fmt::Display for NotBegun {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
