//! `snowguard-step`: runs one step from a plan; the only program that a step's output has to trust
//! besides what the step declares.
//!
//! `snowguard-step PLAN.json ARCHIVE USED.json` writes the output's Nix archive to ARCHIVE and what the
//! step used to USED.json. What programs print goes to standard output and error. It ends with the process that
//! started it, and the step with it. Exit codes: 0 done, 1 failed, 2 usage.
//!
//! `snowguard-step nix` is a builder of Nix: the plan is the file that `planPath` names, the output goes to
//! where `out` says, and its hash is compared with the one in the plan.

use std::fs::OpenOptions;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use snowguard_bootstrap::runner::{Plan, run};
use snowguard_bootstrap::store::restore;

fn main() -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    if arguments == ["nix"] {
        return told(nix_builder());
    }
    let [plan, archive, used] = arguments.as_slice() else {
        eprintln!("usage: snowguard-step PLAN.json ARCHIVE USED.json");
        return ExitCode::from(2);
    };
    let done = follow_the_driver()
        .and_then(|()| step(Path::new(plan), Path::new(archive), Path::new(used)));
    told(done)
}

/// Has the kernel kill this process when the driver dies, be it by `kill -9`: nobody would take its output. The
/// driver may be gone already; then the pipe that it left as standard input is closed at the other end.
fn follow_the_driver() -> Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).context("cannot follow the driver")?;
    let input = std::io::stdin();
    let mut alive = [PollFd::new(input.as_fd(), PollFlags::empty())];
    poll(&mut alive, PollTimeout::ZERO).context("cannot look for the driver")?;
    let gone = alive[0]
        .revents()
        .is_some_and(|events| events.contains(PollFlags::POLLHUP));
    if gone {
        bail!("the driver is gone");
    }
    Ok(())
}

fn told(result: Result<()>) -> ExitCode {
    match result {
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

/// As Nix calls a builder: what to do and where to is in the environment.
fn nix_builder() -> Result<()> {
    let path = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .with_context(|| format!("Nix set no `{name}`"))
    };
    let folder = path("NIX_BUILD_TOP")?;
    let archive = folder.join("archive");
    step(&path("planPath")?, &archive, &folder.join("used.json"))?;
    let plan = std::fs::read(path("planPath")?).context("cannot read the plan")?;
    let plan: Plan = serde_json::from_slice(&plan).context("no plan of a step")?;
    let file = std::fs::File::open(&archive).context("cannot open the archive")?;
    let restored = restore(file, &path("out")?)?;
    match plan.expected {
        Some(expected) if expected != restored.hash => bail!(
            "step {} made an output with the hash {}; recorded is {expected}",
            plan.name,
            restored.hash
        ),
        _ => Ok(()),
    }
}
