//! Follows the script with the rungs themselves: each program is made by the one below it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use crate::derive::Artifact;
use crate::notation::hex0;
use crate::{Command, Ladder, Rung};

/// What a climb needs to know of one command that ended well.
#[derive(Debug, Clone)]
pub struct Done {
    /// The rung it belongs to.
    pub rung: String,
    /// The path of what it wrote, from the folder.
    pub output: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// Why a climb ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClimbError {
    /// The seed's listing is none.
    #[error("the seed")]
    Seed(#[source] crate::notation::NotationError),
    /// A file or folder.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program cannot be started.
    #[error("climb:{line}: cannot start {program}")]
    Start {
        /// The command's line in the script.
        line: usize,
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program failed.
    #[error("climb:{line}: {program} failed ({status}): {said}")]
    Failed {
        /// The command's line in the script.
        line: usize,
        /// The program.
        program: String,
        /// How it ended.
        status: process::ExitStatus,
        /// What it wrote to the standard error.
        said: String,
    },
}

/// Puts the sources into `src/` and the seed into `seed/hex0` of a folder, and makes the folders
/// that the script writes to.
///
/// # Errors
/// When the seed's listing is not hex0, or something cannot be written.
pub fn prepare(ladder: &Ladder, folder: &Path) -> Result<(), ClimbError> {
    for name in ["seed", "src", "bin", "tmp"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).map_err(|source| ClimbError::Write { path, source })?;
    }
    for (name, source) in &ladder.sources {
        write(&folder.join("src").join(name), &source.text, 0o644)?;
    }
    let seed = seed(ladder)?;
    write(&folder.join("seed/hex0"), seed.bytes(), 0o755)
}

/// The seed's bytes, read from its listing.
///
/// # Errors
/// When the listing is not hex0.
pub fn seed(ladder: &Ladder) -> Result<Artifact, ClimbError> {
    let image = hex0::assemble(&ladder.sources["hex0.hex0"]).map_err(ClimbError::Seed)?;
    Ok(Artifact::Image(image))
}

/// Runs the script in a folder that [`prepare`] made, command by command, up to and with the rung
/// `last`; `tell` hears of each. Programs get no environment and no input.
///
/// # Errors
/// At the first command that cannot be started or fails.
pub fn climb(
    ladder: &Ladder,
    folder: &Path,
    last: Option<&str>,
    mut tell: impl FnMut(&Done),
) -> Result<(), ClimbError> {
    for rung in &ladder.rungs {
        for command in &rung.commands {
            tell(&run(folder, rung, command)?);
        }
        if last == Some(rung.name.as_str()) {
            break;
        }
    }
    Ok(())
}

fn run(folder: &Path, rung: &Rung, command: &Command) -> Result<Done, ClimbError> {
    let started = Instant::now();
    let ended = process::Command::new(folder.join(&command.program))
        .args(&command.arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ClimbError::Start {
            line: command.line,
            program: command.program.clone(),
            source,
        })?;
    if !ended.status.success() {
        return Err(ClimbError::Failed {
            line: command.line,
            program: command.program.clone(),
            status: ended.status,
            said: String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
        });
    }
    Ok(Done {
        rung: rung.name.clone(),
        output: command.output().map(str::to_owned),
        took: started.elapsed(),
    })
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ClimbError> {
    let fail = |source| ClimbError::Write {
        path: path.to_owned(),
        source,
    };
    fs::write(path, bytes).map_err(fail)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(fail)
}
