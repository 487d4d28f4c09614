//! `seed`: the one program that no other made.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use snowguard_bootstrap_ladder::explain::{self, Explained};
use snowguard_bootstrap_ladder::{Ladder, climb, sha256};

use super::Failure;

/// What to do with the seed.
#[derive(Debug, Args)]
pub struct Options {
    /// Print every byte with the instruction that it belongs to and what that is for
    #[arg(long)]
    explain: bool,
    /// Write the seed to a new file, which may be run
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The architecture
    #[arg(long, default_value = "amd64")]
    architecture: String,
}

/// Prints size and hash of the seed, or its bytes side by side with their meaning.
pub fn run(options: &Options) -> Result<(), Failure> {
    let ladder = Ladder::built_in(&options.architecture).map_err(anyhow::Error::new)?;
    let seed = climb::seed(&ladder).map_err(anyhow::Error::new)?;
    let bytes = seed.bytes();
    if let Some(path) = &options.write {
        let write = |path: &PathBuf| {
            use std::io::Write as _;
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o755)
                .open(path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write(path).with_context(|| format!("cannot write the seed to {}", path.display()))?;
    }
    if options.explain {
        let lines = explain::seed(&ladder).map_err(anyhow::Error::new)?;
        for line in &lines {
            print(line);
        }
        say!("");
    }
    say!(
        "hex0 for {}: {} bytes, SHA-256 {}",
        ladder.architecture,
        bytes.len(),
        sha256(bytes)
    );
    Ok(())
}

fn print(line: &Explained) {
    if let Some(heading) = &line.heading {
        say!("\n{heading}");
    }
    let bytes: Vec<String> = line
        .bytes
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    say!(
        "{:04X}  {:23}  {:24}  {}",
        line.offset,
        bytes.join(" "),
        line.instruction.as_deref().unwrap_or_default(),
        line.meaning
    );
}
