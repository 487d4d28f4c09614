//! The watchdog: what the kernel doesn't hold for all processes of a step together is held by
//! looking, every few milliseconds, from outside.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::error::{SandboxError, Stage};
use crate::limits::Limits;

/// How often memory is looked at; a step that allocates faster is bounded by the address space of
/// each process.
const LOOK_EVERY: u16 = 20;

/// How a step ended, and what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// From the fork to the end.
    pub took: Duration,
    /// From the fork to when the root was laid and everything closed.
    pub setup: Duration,
    /// The most private memory that was seen, in bytes, all processes together.
    pub peak_memory: u64,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The function returned this.
    Returned(u8),
    /// The first process was killed by this signal.
    Signal(i32),
    /// It ran longer than it may.
    Time,
    /// Its processes held more memory than they may.
    Memory,
}

/// Waits for the first process, within the limits. `ended` is readable once it has ended.
pub(crate) fn watch(
    first: Pid,
    ended: &OwnedFd,
    limits: &Limits,
    started: Instant,
) -> Result<(End, u64), SandboxError> {
    let mut peak = 0;
    let mut reached = None;
    loop {
        let mut wait = [PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
        let ready = match poll(&mut wait, PollTimeout::from(LOOK_EVERY)) {
            Err(nix::errno::Errno::EINTR) => 0,
            other => other.stage(|| "wait for the step".into())?,
        };
        if ready > 0 {
            break;
        }
        if reached.is_some() {
            continue;
        }
        let memory = private_memory(first);
        peak = peak.max(memory);
        if memory > limits.memory {
            reached = Some(End::Memory);
        } else if started.elapsed() > limits.time {
            reached = Some(End::Time);
        }
        if reached.is_some() {
            // The kernel kills every other process of the namespace with its first.
            kill(first, Signal::SIGKILL).stage(|| "end the step".into())?;
        }
    }
    let end = match waitpid(first, None).stage(|| "wait for the step".into())? {
        WaitStatus::Exited(_, status) => End::Returned(u8::try_from(status).unwrap_or(u8::MAX)),
        WaitStatus::Signaled(_, signal, _) => End::Signal(signal as i32),
        other => {
            return Err(SandboxError::setup(
                "wait for the step",
                format!("{other:?}"),
            ));
        }
    };
    Ok((reached.unwrap_or(end), peak))
}

/// Private memory of a process and all below it. Orphans of a pid namespace belong to its first
/// process, so none is missed; one that ends meanwhile counts nothing.
fn private_memory(first: Pid) -> u64 {
    let mut open = vec![first.as_raw()];
    let mut sum = 0;
    while let Some(pid) = open.pop() {
        sum += anonymous(pid);
        let tasks = fs::read_dir(format!("/proc/{pid}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            open.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<i32>().ok()),
            );
        }
    }
    sum
}

/// `RssAnon` of proc_pid_status(5), in bytes.
fn anonymous(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
