//! Confinement while untrusted input is parsed: the Nix database, JSON, derivations, the advisory
//! file. A flaw in a parser then reaches no file beyond those that were named, no network, and no
//! other program.
//!
//! Landlock says which files may be opened, and forbids TCP; a seccomp filter forbids system calls
//! that a scan never makes. Both hold for the calling thread and all that it starts, for good.
//! Where the kernel has neither, the scan goes on and says so.
//!
//! Source: landlock(7), seccomp(2)

use std::collections::BTreeMap;
use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use thiserror::Error;

/// The newest Landlock that is asked for; an older kernel gives what it has.
const LANDLOCK: ABI = ABI::V6;

/// What remains allowed.
#[derive(Debug, Clone, Default)]
pub struct Allowance {
    /// Files and folders that may be read.
    pub read: Vec<PathBuf>,
    /// Folders in which files may be written.
    pub write: Vec<PathBuf>,
}

/// What the kernel gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confined {
    /// Whether files and TCP are restricted.
    pub files: Held,
    /// Whether system calls are.
    pub calls: bool,
}

impl Confined {
    /// Whether everything that was asked for holds.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.files == Held::Fully && self.calls
    }
}

/// How far Landlock holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// All that was asked for.
    Fully,
    /// What this kernel knows of it.
    Partly,
    /// Not at all.
    Not,
}

impl std::fmt::Display for Confined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files = match self.files {
            Held::Fully => "files and network confined",
            Held::Partly => "files confined as far as this kernel's Landlock goes",
            Held::Not => "this kernel has no Landlock: files and network are not confined",
        };
        let calls = if self.calls {
            "system calls filtered"
        } else {
            "system calls are not filtered"
        };
        write!(f, "{files}; {calls}")
    }
}

/// Why confinement failed although the kernel has it.
#[derive(Debug, Error)]
#[error("this process cannot be confined: {0}")]
pub struct ConfineError(String);

/// Confines the calling thread and every thread that it starts from now on.
///
/// # Errors
/// [`ConfineError`] when the kernel has the means and refuses them.
pub fn confine(allowance: &Allowance) -> Result<Confined, ConfineError> {
    let files = files(allowance).map_err(|error| ConfineError(error.to_string()))?;
    let calls = calls()?;
    Ok(Confined { files, calls })
}

fn files(allowance: &Allowance) -> Result<Held, landlock::RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write =
        read | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(&allowance.read, read))?
        .add_rules(path_beneath_rules(&allowance.write, write))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Held::Fully,
        RulesetStatus::PartiallyEnforced => Held::Partly,
        RulesetStatus::NotEnforced => Held::Not,
    })
}

/// Calls by which a process reaches others, the network or the kernel's configuration.
const FORBIDDEN: [i64; 47] = [
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_add_key,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_connect,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_kill,
    libc::SYS_listen,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_settimeofday,
];

fn calls() -> Result<bool, ConfineError> {
    let failed = |error: seccompiler::BackendError| ConfineError(error.to_string());
    // Another kind of processor than the filter can be made for.
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(false);
    };
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> = FORBIDDEN
        .into_iter()
        .map(|call| (call, Vec::new()))
        .collect();
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).map_err(failed)?;
    let program: BpfProgram = filter.try_into().map_err(failed)?;
    // A kernel without seccomp, or a sandbox around this process that forbids it.
    Ok(seccompiler::apply_filter(&program).is_ok())
}
