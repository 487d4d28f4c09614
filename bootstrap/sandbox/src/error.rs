//! Why a sandbox could not be built.

use std::path::PathBuf;

use nix::errno::Errno;

/// Why a step could not be started. Nothing of it ran.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The process has several threads; only one would survive the fork, and locks with it.
    #[error("a sandbox starts from a process with one thread; this one has {0}")]
    Threads(usize),
    /// The kernel refused a process in new namespaces.
    #[error(
        "the kernel refuses new namespaces ({error}); an ordinary user needs \
         kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, and no rule of AppArmor against it"
    )]
    Namespaces {
        /// What it said.
        error: String,
    },
    /// Something could not be set up.
    #[error("cannot set up the sandbox: {stage}: {error}")]
    Setup {
        /// What was being done, with the path it was done to.
        stage: String,
        /// What the kernel said.
        error: String,
    },
    /// A device of the machine is not the device that it should be.
    #[error("{path} is not the character device {major}:{minor}; the machine's /dev is damaged")]
    Device {
        /// Its path.
        path: PathBuf,
        /// What it should be.
        major: u64,
        /// What it should be.
        minor: u64,
    },
}

impl SandboxError {
    /// `stage` failed with `error`.
    pub(crate) fn setup(stage: impl Into<String>, error: impl std::fmt::Display) -> Self {
        Self::Setup {
            stage: stage.into(),
            error: error.to_string(),
        }
    }
}

/// Names the stage of an error.
pub(crate) trait Stage<T> {
    /// The error says what was being done.
    fn stage(self, stage: impl FnOnce() -> String) -> Result<T, SandboxError>;
}

impl<T> Stage<T> for Result<T, Errno> {
    fn stage(self, stage: impl FnOnce() -> String) -> Result<T, SandboxError> {
        self.map_err(|error| SandboxError::setup(stage(), error.desc()))
    }
}

impl<T> Stage<T> for std::io::Result<T> {
    fn stage(self, stage: impl FnOnce() -> String) -> Result<T, SandboxError> {
        self.map_err(|error| SandboxError::setup(stage(), error))
    }
}
