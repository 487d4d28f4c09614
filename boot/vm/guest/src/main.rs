//! The first process of a test machine.
//!
//! Purpose: report over the second serial line what a booted system sees (command line, PCRs, event
//! log, firmware variables, files that the stub handed over), run the commands that stand on the boot
//! partition if the command line asks for it (`snowguard.run`), and power off.
//!
//! A report is lines of `key=hexadecimal bytes` between `report=` and `end=`.

mod commands;
mod report;

use std::path::Path;

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, reboot};

/// The word of the command line that has the commands run.
const RUN: &str = "snowguard.run";

fn main() {
    if let Err(error) = run() {
        // An initrd without device nodes leaves this process without any open file.
        let line = format!("guest: {error:#}\n");
        let _nobody_else_to_tell = std::fs::write("/dev/console", line);
    }
    rustix::fs::sync();
    // Without this process the kernel panics, which ends the machine as well.
    let _ends_anyway = reboot(RebootCommand::PowerOff);
}

fn run() -> Result<()> {
    for (kind, folder) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        mount(kind, folder, kind, MountFlags::empty(), None)
            .with_context(|| format!("cannot mount {folder}"))?;
    }
    let security = "/sys/kernel/security";
    mount(
        "securityfs",
        security,
        "securityfs",
        MountFlags::empty(),
        None,
    )
    .with_context(|| format!("cannot mount {security}"))?;
    let line = std::fs::read_to_string("/proc/cmdline")?;
    load_modules(Path::new("/modules"))?;
    let variables = "/sys/firmware/efi/efivars";
    mount("efivarfs", variables, "efivarfs", MountFlags::empty(), None)
        .with_context(|| format!("cannot mount {variables}"))?;
    let runs = if line.split_whitespace().any(|word| word == RUN) {
        load_modules(Path::new("/disk-modules"))?;
        commands::run_all()?
    } else {
        Vec::new()
    };
    report::write(&line, &runs)
}

/// In the order of their names, which say what needs what.
fn load_modules(folder: &Path) -> Result<()> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let file = std::fs::File::open(&path)?;
        rustix::system::finit_module(&file, c"", 0)
            .with_context(|| format!("cannot load {}", path.display()))?;
    }
    Ok(())
}
