//! Running a step in a process of its own, and taking its output into the store.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::graph::{Digest, Graph, Name, Step};
use crate::runner::{Plan, Seen, Used, Variation};
use crate::store::{Object, Store};

/// How much of a log is shown when a step fails.
const TAIL_LINES: usize = 25;
const TAIL_BYTES: usize = 8 << 10;

/// The program that runs a step.
#[derive(Debug, Clone)]
pub struct StepRunner {
    program: PathBuf,
}

impl StepRunner {
    /// The runner beside the running program.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn beside_this() -> Result<Self> {
        let this = std::env::current_exe().context("cannot find this program")?;
        let program = this.with_file_name("snowguard-step");
        if !program.is_file() {
            bail!(
                "there is no `snowguard-step` beside {}; both are built from the same crate",
                this.display()
            );
        }
        Ok(Self { program })
    }

    /// This program.
    pub fn at(program: &Path) -> Self {
        Self {
            program: program.to_path_buf(),
        }
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a plan; its output is in the store afterwards.
    ///
    /// # Errors
    /// When the step fails, with the end of its log.
    pub fn run(&self, store: &Store, plan: &Plan, key: Digest) -> Result<(Object, Used)> {
        let work = store.work()?;
        let plan_file = work.path().join("plan.json");
        let archive = work.path().join("archive");
        fs::write(&plan_file, serde_json::to_vec(plan)?).context("cannot write the plan")?;
        let log_path = store.log_path(&plan.name, key);
        let log = File::create(&log_path)
            .with_context(|| format!("cannot make {}", log_path.display()))?;
        // Standard output carries the figures; what programs print goes to the log by standard error.
        let used_path = work.path().join("used.json");
        let starts = || format!("cannot start {}", self.program.display());
        let mut child = Command::new(&self.program)
            .arg(&plan_file)
            .arg(&archive)
            .arg(&used_path)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("cannot share the log")?)
            .stderr(log)
            .spawn()
            .with_context(starts)?;
        // Nothing is ever said through it; that it closes tells the runner that this process is gone.
        let alive = child.stdin.take();
        let status = child.wait().with_context(starts)?;
        drop(alive);
        if !status.success() {
            bail!(
                "step {} failed\n{}\nthe whole log: {}",
                plan.name,
                tail(&log_path),
                log_path.display()
            );
        }
        let used = fs::read(&used_path).context("the step runner told nothing")?;
        let used: Used = serde_json::from_slice(&used).context("the step runner told nonsense")?;
        let object = store.put_object(&archive)?;
        Ok((object, used))
    }
}

/// The plan of a step.
///
/// # Errors
/// When the step names a source that the graph hasn't.
pub fn plan(
    graph: &Graph,
    store: &Store,
    step: &Step,
    inputs: &BTreeMap<Name, Digest>,
    files: &BTreeMap<Name, Digest>,
    variation: &Variation,
) -> Result<Plan> {
    let mut seen: Vec<Seen> = inputs
        .iter()
        .map(|(name, hash)| Seen {
            host: store.object_path(*hash),
            at: format!("/in/{name}"),
            executable: true,
            sha256: None,
        })
        .collect();
    let mut flat: BTreeMap<&Name, (Digest, bool)> = BTreeMap::new();
    for name in &step.sources {
        let source = graph.sources.get(name).context("an unknown source")?;
        flat.insert(name, (source.sha256, source.is_executable()));
    }
    flat.extend(files.iter().map(|(name, hash)| (name, (*hash, false))));
    seen.extend(flat.into_iter().map(|(name, (hash, executable))| Seen {
        host: store.source_path(hash),
        at: format!("/src/{name}"),
        executable,
        sha256: Some(hash),
    }));
    Ok(Plan::new(step, seen, variation.clone()))
}

/// The end of a log.
fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text =
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL_LINES);
    let shown: Vec<String> = lines[start..]
        .iter()
        .map(|line| format!("  | {}", line.escape_debug()))
        .collect();
    shown.join("\n")
}
