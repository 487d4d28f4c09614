//! How much of the machine a step may use, and the part of it that the kernel holds for each process.

use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};

use crate::error::{SandboxError, Stage};

const MIB: u64 = 1 << 20;

/// Limits of one step.
///
/// Time, memory of all processes together, and their number are held by the watchdog outside;
/// files by the size of the file system; memory and files of one process and the number of
/// processes also by the kernel's resource limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// On the wall clock.
    pub time: Duration,
    /// Bytes of private memory, all processes together; also the address space of each.
    pub memory: u64,
    /// Bytes of files that the step writes.
    pub files: u64,
    /// Files and folders that the step makes.
    pub inodes: u64,
    /// Processes and threads at the same time.
    pub processes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(300),
            memory: 2048 * MIB,
            files: 1024 * MIB,
            inodes: 1 << 20,
            processes: 64,
        }
    }
}

impl Limits {
    /// Lays the kernel's limits on this process and all that it starts. They are the same on every
    /// machine: a stack of another size or more open files must not change an output.
    pub(crate) fn lay(&self) -> Result<(), SandboxError> {
        // The first process of the namespace counts too.
        let processes = self.processes.saturating_add(1);
        for (resource, limit, name) in [
            (Resource::RLIMIT_CORE, 0, "RLIMIT_CORE"),
            (Resource::RLIMIT_NPROC, processes, "RLIMIT_NPROC"),
            (Resource::RLIMIT_AS, self.memory.max(64 * MIB), "RLIMIT_AS"),
            (Resource::RLIMIT_FSIZE, self.files, "RLIMIT_FSIZE"),
            (Resource::RLIMIT_NOFILE, 1024, "RLIMIT_NOFILE"),
            (Resource::RLIMIT_STACK, 8 * MIB, "RLIMIT_STACK"),
            (Resource::RLIMIT_MEMLOCK, 0, "RLIMIT_MEMLOCK"),
            (Resource::RLIMIT_MSGQUEUE, 0, "RLIMIT_MSGQUEUE"),
            (Resource::RLIMIT_SIGPENDING, 256, "RLIMIT_SIGPENDING"),
        ] {
            setrlimit(resource, limit, limit).stage(|| format!("set {name} to {limit}"))?;
        }
        Ok(())
    }
}
