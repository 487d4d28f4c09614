//! The bootstrap pillar's figures: a sandbox's start beside bubblewrap's, hashing beside SHA-256, the ladder, the chain
//! up to its fixed point, a build with nothing to do, and checking the provenance.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::figures::{Figure, Quantity};
use super::{cargo_bench, divan, measure};
use crate::workspace::Workspace;

/// So many starts, of which the median counts.
const STARTS: usize = 200;
/// Where the hashing of other programs is measured.
const BYTES: usize = 256 << 20;

/// Measures everything of the pillar in a folder that is emptied before.
pub fn figures(workspace: &Workspace) -> Result<Vec<Figure>> {
    let built = crate::workspace::cargo()
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["-p", "snowguard-bootstrap", "-p", "snowguard-sandbox"])
        .current_dir(workspace.root())
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        bail!("the driver does not build ({built})");
    }
    let folder = workspace.target().join("bench-bootstrap");
    remove(&folder)?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let mut bench = Bootstrap {
        root: workspace.root().to_path_buf(),
        programs: workspace.target().join("release"),
        target: workspace.target().to_path_buf(),
        folder,
        figures: Vec::new(),
    };
    bench.sandbox()?;
    bench.hashing(workspace)?;
    bench.ladder()?;
    if bench.chain()? {
        bench.nothing_to_do()?;
        bench.provenance()?;
    }
    remove(&bench.folder)?;
    Ok(bench.figures)
}

struct Bootstrap {
    root: PathBuf,
    programs: PathBuf,
    target: PathBuf,
    folder: PathBuf,
    figures: Vec<Figure>,
}

impl Bootstrap {
    fn figure(&mut self, what: &str, measured: Quantity, reach: Option<Quantity>, on: &str) {
        eprintln!("{what}: {measured}");
        self.figures.push(Figure {
            what: what.to_owned(),
            measured,
            reach,
            on: on.to_owned(),
        });
    }

    fn driver(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("snowguard-bootstrap"));
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("SNOWGUARD_BOOTSTRAP_STORE", self.folder.join("store"))
            .env_remove("SNOWGUARD_BOOTSTRAP_STEPS");
        command
    }

    fn sandbox(&mut self) -> Result<()> {
        let mut command = Command::new(self.programs.join("sandbox-attack"));
        command.args(["--start", &STARTS.to_string()]);
        let told = measure::run(&mut command)?.stdout;
        let mut microseconds = told.split_whitespace().map(str::parse::<f64>);
        let mut next = || -> Result<Quantity> {
            let time = microseconds.next().context("sandbox-attack told no time")?;
            Ok(Quantity::Seconds(time? / 1e6))
        };
        let (start, end) = (next()?, next()?);
        let on = format!("median of {STARTS} empty sandboxes, one after the other");
        let reach = Some(Quantity::Seconds(0.005));
        self.figure("start a sandbox, until all is closed", start, reach, &on);
        self.figure("— and on until its end", end, None, &on);
        let Some(peer) = bubblewrap(STARTS)? else {
            eprintln!("left out: bubblewrap is not here");
            return Ok(());
        };
        let what = "— bubblewrap, with the start of `true`, until its end";
        let on = format!("median of {STARTS}");
        self.figure(what, Quantity::Seconds(peer.as_secs_f64()), None, &on);
        Ok(())
    }

    fn hashing(&mut self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-bootstrap", "hashing");
        let found = divan::throughputs(&measure::run(&mut command)?.stdout);
        let at = |name: &str| {
            let found = found.get(name).copied();
            found.with_context(|| format!("no {name}"))
        };
        let (archive, alone) = (at("output_hash")?, at("output_sha256_of_archive")?);
        let on = "an output of 2,002 files, 58 MB, in the kernel's cache";
        // Asked for: 0.9 times the speed.
        let reach = Some(Quantity::Times(1.0 / 0.9));
        let what =
            "time to hash an output as a Nix archive, beside SHA-256 over the archive in memory";
        self.figure(what, Quantity::Times(alone / archive), reach, on);
        let files = at("output_sha256_of_files")?;
        let what = "— beside SHA-256 over its files, read one after the other";
        self.figure(what, Quantity::Times(files / archive), None, on);
        self.figure(
            "— as a Nix archive, from files",
            Quantity::Throughput(archive),
            None,
            on,
        );
        self.figure(
            "— SHA-256 alone, from memory, one core",
            Quantity::Throughput(alone),
            None,
            on,
        );
        let file = self.folder.join("zeroes");
        std::fs::write(&file, vec![0; BYTES]).context("cannot write a file to hash")?;
        let took = measure::run(Command::new("sha256sum").arg(&file))?.wall;
        let rate = Quantity::Throughput(BYTES as f64 / took.as_secs_f64());
        self.figure(
            "— sha256sum, whole process, from a warm file",
            rate,
            None,
            "256 MiB",
        );
        Ok(())
    }

    fn ladder(&mut self) -> Result<()> {
        let into = self.folder.join("ladder");
        let mut command = self.driver(&["ladder", "build", "--into"]);
        let took = measure::run(command.arg(&into))?.wall;
        let reach = Some(Quantity::Seconds(10.0));
        let on = "the seed to c2 compiled by itself, whole process";
        let took = Quantity::Seconds(took.as_secs_f64());
        self.figure("climb the ladder", took, reach, on);
        let took = measure::run(&mut self.driver(&["check"]))?.wall;
        let took = Quantity::Seconds(took.as_secs_f64());
        self.figure("— and check every byte of it", took, None, on);
        Ok(())
    }

    /// The chain as far as its fixed point; whether its sources could be had.
    fn chain(&mut self) -> Result<bool> {
        let mut sources = self.driver(&["build", "--fetch", "tcc-source", "musl-source"]);
        for known in ["bootstrap", "tmp/chain"] {
            let known = self.target.join(known).join("sources");
            if known.is_dir() {
                sources.arg("--sources").arg(known);
            }
        }
        if let Err(error) = measure::run(&mut sources) {
            eprintln!("left out: the sources of the chain can't be had: {error:#}");
            return Ok(false);
        }
        let took = measure::run(&mut self.driver(&["build", "tcc"]))?.wall;
        let what = "the chain from the seed to tcc and musl made by themselves";
        let on = "an empty store but for both sources, whole process";
        let reach = Some(Quantity::Seconds(60.0));
        let took = Quantity::Seconds(took.as_secs_f64());
        self.figure(what, took, reach, on);
        Ok(true)
    }

    fn nothing_to_do(&mut self) -> Result<()> {
        let took = measure::run(&mut self.driver(&["build", "tcc"]))?.wall;
        let reach = Some(Quantity::Seconds(0.2));
        let on = "the same, a second time";
        let took = Quantity::Seconds(took.as_secs_f64());
        self.figure("build with nothing to do", took, reach, on);
        Ok(())
    }

    fn provenance(&mut self) -> Result<()> {
        let [key, public, statements] =
            ["key", "key.pub", "statements"].map(|name| self.folder.join(name));
        measure::run(self.driver(&["key", "bench-1"]).arg(&key))?;
        let mut attest = self.driver(&["attest", "tcc", "--key"]);
        measure::run(attest.arg(&key).arg("--out").arg(&statements))?;
        let mut verify = self.driver(&["verify", "--step", "tcc", "--key"]);
        let measured = measure::run(verify.arg(public).arg(&statements))?;
        let on = format!("{} statements", measured.stdout.lines().count());
        let took = Quantity::Seconds(measured.wall.as_secs_f64());
        let reach = Some(Quantity::Seconds(1.0));
        self.figure("verify the provenance", took, reach, &on);
        Ok(())
    }
}

/// The median time of bubblewrap with namespaces like ours; none where it is missing.
fn bubblewrap(starts: usize) -> Result<Option<Duration>> {
    let mut times = Vec::new();
    for _ in 0..starts {
        let started = Instant::now();
        let run = Command::new("bwrap")
            .args(["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev"])
            .args(["--", "/bin/true"])
            .stdin(Stdio::null())
            .status();
        match run {
            Ok(status) if status.success() => times.push(started.elapsed()),
            Ok(status) => bail!("bwrap failed ({status})"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context("cannot start bwrap"),
        }
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied())
}

/// Outputs in a store are read-only, for their owner too.
fn remove(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let writable = Command::new("chmod")
        .arg("-R")
        .arg("u+w")
        .arg(folder)
        .status();
    writable.context("cannot start chmod")?;
    std::fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))
}
