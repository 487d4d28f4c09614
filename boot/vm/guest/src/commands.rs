//! Commands that stand on the boot partition, as the test has put them there.

use std::process::Command;

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// The first partition of the only disk.
const DISK: &str = "/dev/vda1";
const FOLDER: &str = "/boot";
/// One command a line, words between blanks.
const LIST: &str = "/boot/test/commands";

/// A command that was run.
pub struct Run {
    /// How it ended.
    pub status: String,
    /// What it wrote to both outputs.
    pub output: Vec<u8>,
}

/// Mounts the boot partition, runs every command to its end, and takes the partition off again.
pub fn run_all() -> Result<Vec<Run>> {
    // Keys must be their owner's alone.
    let options = c"umask=0077,iocharset=ascii";
    mount(DISK, FOLDER, "vfat", MountFlags::empty(), Some(options))
        .with_context(|| format!("cannot mount {DISK}"))?;
    let list = std::fs::read_to_string(LIST).with_context(|| format!("cannot read {LIST}"))?;
    let runs = list.lines().map(run).collect();
    unmount(FOLDER, UnmountFlags::empty()).context("cannot take the boot partition off")?;
    runs
}

fn run(line: &str) -> Result<Run> {
    let mut words = line.split_whitespace();
    let program = words.next().context("an empty line among the commands")?;
    let output = Command::new(program).args(words).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    Ok(Run {
        status: output.status.to_string(),
        output: [output.stdout, output.stderr].concat(),
    })
}
