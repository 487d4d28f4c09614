//! Running programs: exactly the arguments and the environment that were declared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::paths::{from_build, resolve};
use super::pattern::find;
use super::plan::Plan;
use crate::graph::schema::{Argument, Run};

/// No step runs more jobs at the same time.
pub const MAX_JOBS: u32 = 256;

/// What the programs of a step have in common.
pub struct Step {
    environment: BTreeMap<String, String>,
    /// Jobs at the same time.
    pub jobs: usize,
}

/// A program that is ready to start.
pub struct Program {
    /// Its path and arguments.
    pub argv: Vec<String>,
    /// The working folder.
    pub folder: PathBuf,
    /// Standard input; empty without.
    pub stdin: Option<PathBuf>,
    /// Standard output; the log without.
    pub stdout: Option<PathBuf>,
    /// Besides that of the step.
    pub env: BTreeMap<String, String>,
}

impl Step {
    /// For a plan, on the processors that this process may use.
    pub fn new(plan: &Plan) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most = plan.limits.jobs.clamp(1, MAX_JOBS) as usize;
        Self {
            environment: plan.environment(),
            jobs: cores.min(most),
        }
    }

    /// `run`
    pub fn run(&self, action: &Run) -> Result<()> {
        let folder = from_build(&action.dir)?;
        let from_folder = |path: &Option<String>| {
            path.as_deref()
                .map(|path| resolve(&folder, path))
                .transpose()
        };
        let program = Program {
            argv: arguments(&action.argv, &folder, |text| self.fill(text))?,
            stdin: from_folder(&action.stdin)?,
            stdout: from_folder(&action.stdout)?,
            folder,
            env: action.env.clone(),
        };
        let child = self.start(&program)?;
        let status = loop {
            let (ended, status) = wait_any()?;
            if ended == child {
                break status;
            }
        };
        check(&program.argv, status, action.status)
    }

    /// Fills in what every argument may hold.
    pub fn fill(&self, text: &str) -> String {
        text.replace("{jobs}", &self.jobs.to_string())
    }

    /// Starts a program; `wait_any` tells its end.
    pub fn start(&self, program: &Program) -> Result<Pid> {
        let Some((name, arguments)) = program.argv.split_first() else {
            bail!("argv is empty");
        };
        if !name.contains('/') {
            bail!("`{name}` is no path; programs are not searched for");
        }
        let path = resolve(&program.folder, name)?;
        let stdin = match &program.stdin {
            Some(file) => Stdio::from(
                File::open(file).with_context(|| format!("cannot open {}", file.display()))?,
            ),
            None => Stdio::null(),
        };
        let stdout = match &program.stdout {
            Some(file) => {
                if let Some(parent) = file.parent() {
                    fs::create_dir_all(parent)
                        .with_context(|| format!("cannot make {}", parent.display()))?;
                }
                Stdio::from(
                    File::create(file)
                        .with_context(|| format!("cannot make {}", file.display()))?,
                )
            }
            None => Stdio::inherit(),
        };
        let mut command = Command::new(&path);
        std::os::unix::process::CommandExt::arg0(&mut command, name);
        let child = command
            .args(arguments)
            .current_dir(&program.folder)
            .env_clear()
            .envs(&self.environment)
            .envs(&program.env)
            .stdin(stdin)
            .stdout(stdout)
            .spawn()
            .with_context(|| format!("cannot start {}", shown(&program.argv)))?;
        let pid = i32::try_from(child.id()).context("a process id of 31 bits")?;
        Ok(Pid::from_raw(pid))
    }
}

/// Waits for the end of any process: a program of ours, or an orphan, which is ours too since this
/// is the first process of the namespace.
pub fn wait_any() -> Result<(Pid, ExitStatus)> {
    loop {
        match waitpid(None, None).context("cannot wait for a program")? {
            WaitStatus::Exited(pid, code) => return Ok((pid, ExitStatus::from_raw(code << 8))),
            WaitStatus::Signaled(pid, signal, _) => {
                return Ok((pid, ExitStatus::from_raw(signal as i32)));
            }
            _ => {}
        }
    }
}

/// Ends every process that the step left behind, so that nobody changes the output any more.
pub fn end_all() {
    // It fails when nobody is left.
    let _none = kill(Pid::from_raw(-1), Signal::SIGKILL);
    while waitpid(None, Some(WaitPidFlag::empty())).is_ok() {}
}

/// Whether a program ended as it should.
pub fn check(argv: &[String], status: ExitStatus, expected: u8) -> Result<()> {
    match status.code() {
        Some(code) if code == i32::from(expected) => Ok(()),
        Some(code) => bail!("{} ended with status {code}", shown(argv)),
        None => bail!(
            "{} was killed by signal {}",
            shown(argv),
            status.signal().unwrap_or_default()
        ),
    }
}

/// The arguments, with lists of files in place of patterns.
pub fn arguments(
    listed: &[Argument],
    folder: &Path,
    fill: impl Fn(&str) -> String,
) -> Result<Vec<String>> {
    let mut argv = Vec::new();
    for argument in listed {
        match argument {
            Argument::Text(text) => argv.push(fill(text)),
            Argument::Files(files) => argv.extend(find(folder, &files.files, &files.except)?),
        }
    }
    Ok(argv)
}

/// A command for a message; thousands of arguments help nobody.
fn shown(argv: &[String]) -> String {
    let text = argv.join(" ");
    match text.char_indices().nth(500) {
        Some((end, _)) => format!("`{}…` ({} arguments)", &text[..end], argv.len() - 1),
        None => format!("`{text}`"),
    }
}
