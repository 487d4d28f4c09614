//! `ladder`: the project's own rungs, built, shown, and taken out as sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use snowguard_bootstrap_ladder::{Ladder, climb, derive, steps, trust};

use super::Failure;

/// What to do with the ladder.
#[derive(Debug, Args)]
pub struct Options {
    /// The architecture
    #[arg(long, default_value = "amd64", global = true)]
    architecture: String,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Climb from the seed, each rung made by the one below it
    Build(Build),
    /// List the rungs, their commands, and what each makes
    Show {
        /// Only this rung
        rung: Option<String>,
    },
    /// List the sources, print one, or write all into a folder
    Sources {
        /// Print this one
        name: Option<String>,
        /// Write all into this folder
        #[arg(long, value_name = "DIR", conflicts_with = "name")]
        into: Option<PathBuf>,
    },
    /// Print the script as a step file for `build`
    Steps,
    /// List what has to be believed: the seed, the script and the sources, with sizes and hashes
    Trust,
}

#[derive(Debug, Args)]
struct Build {
    /// Where to build; has to be empty or missing
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Stop after this rung
    #[arg(long, value_name = "RUNG")]
    until: Option<String>,
    /// Let the rung `run` follow the script, so that this program starts one process and no more
    #[arg(long, conflicts_with = "until")]
    kaem: bool,
}

/// Runs the subcommand.
pub fn run(options: &Options) -> Result<(), Failure> {
    let ladder = Ladder::built_in(&options.architecture).map_err(anyhow::Error::new)?;
    match &options.command {
        Action::Build(build) => build_into(&ladder, build),
        Action::Show { rung } => show(&ladder, rung.as_deref()),
        Action::Sources { name, into } => sources(&ladder, name.as_deref(), into.as_deref()),
        Action::Steps => {
            say_raw!("{}", steps::render(&ladder).map_err(anyhow::Error::new)?);
            Ok(())
        }
        Action::Trust => trusted(&ladder),
    }
}

fn build_into(ladder: &Ladder, options: &Build) -> Result<(), Failure> {
    let folder = &options.into;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(anyhow!("{} is not empty", folder.display()).into());
    }
    if let Some(name) = &options.until
        && ladder.rung(name).is_none()
    {
        return Err(anyhow!("no rung `{name}`; `ladder show` lists them").into());
    }
    climb::prepare(ladder, folder).map_err(anyhow::Error::new)?;
    let started = Instant::now();
    if options.kaem {
        follow(ladder, folder)?;
    } else {
        let tell = |done: &climb::Done| {
            let output = done.output.as_deref().unwrap_or("compared");
            say!("{:8} {output:24} {:>9.1?}", done.rung, done.took);
        };
        climb::climb(ladder, folder, options.until.as_deref(), tell).map_err(anyhow::Error::new)?;
    }
    say!("climbed in {:.2?}", started.elapsed());
    Ok(())
}

/// The script followed by `run`, which the ladder made in a folder of its own.
fn follow(ladder: &Ladder, folder: &Path) -> Result<(), Failure> {
    let before = tempfile::tempdir().context("cannot make a folder to climb in")?;
    climb::prepare(ladder, before.path()).map_err(anyhow::Error::new)?;
    climb::climb(ladder, before.path(), Some("run"), |_| ()).map_err(anyhow::Error::new)?;
    let runner = folder.join("seed/run");
    fs::copy(before.path().join("bin/run"), &runner)
        .with_context(|| format!("cannot write {}", runner.display()))?;
    let runner = fs::canonicalize(&runner).context("cannot find the runner")?;
    let status = Command::new(runner)
        .arg("src/climb")
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .status()
        .context("cannot start the runner")?;
    if !status.success() {
        return Err(anyhow!("the runner failed ({status}); it named the command").into());
    }
    let [used, made] = ["seed/run", "bin/run"].map(|path| fs::read(folder.join(path)));
    if used.context("cannot read seed/run")? != made.context("cannot read bin/run")? {
        let what = "the runner that climbed is not the one that the ladder makes";
        return Err(Failure::Bytes(anyhow!(what)));
    }
    Ok(())
}

fn show(ladder: &Ladder, only: Option<&str>) -> Result<(), Failure> {
    let derived = derive(ladder).map_err(anyhow::Error::new)?;
    let mut shown = 0;
    for rung in &ladder.rungs {
        if only.is_some_and(|name| name != rung.name) {
            continue;
        }
        say!("{}: {}", rung.name, rung.about);
        for command in &rung.commands {
            let made = command.output().and_then(|path| derived.get(path));
            let size =
                made.map_or_else(String::new, |made| format!("{} bytes", made.bytes().len()));
            let words = command.arguments.join(" ");
            say!("  {} {words}  {size}", command.program);
        }
        shown += 1;
    }
    match (shown, only) {
        (0, Some(name)) => Err(anyhow!("no rung `{name}`").into()),
        _ => Ok(()),
    }
}

fn sources(ladder: &Ladder, name: Option<&str>, into: Option<&Path>) -> Result<(), Failure> {
    if let Some(name) = name {
        let source = ladder.sources.get(name);
        let source =
            source.ok_or_else(|| anyhow!("no source `{name}`; `ladder sources` lists them"))?;
        say_raw!("{}", String::from_utf8_lossy(&source.text));
        return Ok(());
    }
    if let Some(folder) = into {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for (name, source) in &ladder.sources {
            let path = folder.join(name);
            fs::write(&path, &source.text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        return Ok(());
    }
    for (name, source) in &ladder.sources {
        let lines = source.text.iter().filter(|byte| **byte == b'\n').count();
        say!("{name:12} {lines:>5} lines {:>7} bytes", source.text.len());
    }
    Ok(())
}

fn trusted(ladder: &Ladder) -> Result<(), Failure> {
    for thing in trust::trusted(ladder).map_err(anyhow::Error::new)? {
        say!(
            "{:16} {:>7} bytes  {}  {}",
            thing.name,
            thing.size,
            thing.sha256,
            thing.reason
        );
    }
    Ok(())
}
