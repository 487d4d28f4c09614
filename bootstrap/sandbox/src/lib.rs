//! One build step locked in: it sees what it was given and the kernel, and nothing else.
//!
//! [`run`] starts a process in new user, mount, pid, network, IPC, UTS and cgroup namespaces, lays a root
//! that holds only what a [`Sandbox`] names, drops every capability, closes what is not needed with
//! seccomp and Landlock, and calls a function there as the namespace's first process. Outside, a
//! watchdog holds the limits.
//!
//! What is the same on every machine: paths, user and group (1000), host name, umask, clock
//! variables (the caller's), the order in which folders list their entries, the layout of
//! addresses. What is not, because the kernel offers no way: the time that a program asks for, the
//! kernel's release, what the processor says of itself.
//!
//! Non-goals: what runs inside, where inputs come from, what becomes of outputs. No cgroup
//! controllers: memory is bounded for each process by the kernel and for all together by the
//! watchdog, which looks every few milliseconds.
//!
//! Entry types: [`Sandbox`], [`Limits`], [`run`], [`Outcome`].
//!
//! Sources: namespaces(7), user_namespaces(7), pid_namespaces(7), mount_setattr(2), seccomp(2),
//! landlock(7), capabilities(7).

mod confine;
mod error;
mod filter;
mod launch;
mod limits;
mod root;
mod tree;
mod watch;

pub use error::SandboxError;
pub use filter::{Allowed, When, allowed};
pub use launch::run;
pub use limits::Limits;
pub use watch::{End, Outcome};

use std::path::PathBuf;

/// The user and group inside.
pub const INSIDE_ID: u32 = 1000;
/// The host name inside.
pub const HOST_NAME: &str = "snowguard";
/// The time of every file that the sandbox lays, in seconds since 1970.
pub const EPOCH: i64 = 1;

/// What a step sees, and how much of the machine it may use.
#[derive(Debug, Clone, Default)]
pub struct Sandbox {
    /// Files and folders of the machine that are seen, read-only.
    pub trees: Vec<Tree>,
    /// Symbolic links in the root: where, and what they say.
    pub links: Vec<(String, String)>,
    /// What may be used.
    pub limits: Limits,
    /// In which order folders list their entries.
    pub order: Order,
    /// How many processors the step may run on; all that this process may when 0.
    pub processors: usize,
}

/// A file or folder of the machine, seen read-only at another path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Where it is.
    pub host: PathBuf,
    /// Where it is seen: an absolute path such as `/in/musl`.
    pub at: String,
    /// Whether a single file may be run. In folders, the mode of each file decides.
    pub executable: bool,
}

/// In which order entries of folders are laid, and thereby listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By the bytes of their names.
    #[default]
    Sorted,
    /// Shuffled by a seed: a step whose output changes with it depends on the order.
    Shuffled(u64),
}
