//! Which system calls a step may make. What is not listed answers `ENOSYS`, as on a kernel that
//! doesn't have it, so that programs fall back to what is there.

mod list;

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::error::SandboxError;
use list::{ALLOWED, OLDER};
pub use list::{Allowed, When};

/// Every call that a step may make.
pub fn allowed() -> impl Iterator<Item = &'static Allowed> {
    ALLOWED.iter().chain(OLDER)
}

/// The bits of `mode` that give a program its owner's rights.
const SET_ID: u64 = (libc::S_ISUID | libc::S_ISGID) as u64;
/// The flags of `clone` that make namespaces; `CLONE_NEWTIME` shares its bit with the signal.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u64;
/// What a terminal or a pipe may be asked. `TIOCSTI`, which types into it, is not there.
const IOCTLS: [u64; 7] = [
    libc::TCGETS,
    libc::TIOCGWINSZ,
    libc::TIOCGPGRP,
    libc::FIONREAD,
    libc::FIONBIO,
    libc::FIOCLEX,
    libc::FIONCLEX,
];
/// What a process may say of itself.
const PRCTLS: [u64; 6] = [
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_SET_PDEATHSIG as u64,
    libc::PR_GET_DUMPABLE as u64,
    libc::PR_SET_DUMPABLE as u64,
    libc::PR_SET_NO_NEW_PRIVS as u64,
];
/// Asking for the personality, the usual one, and that one with fixed addresses.
const PERSONALITIES: [u64; 3] = [0xffff_ffff, 0, libc::ADDR_NO_RANDOMIZE as u64];

/// The filter, compiled for this processor.
pub(crate) fn compile() -> Result<BpfProgram, SandboxError> {
    let failed = |error: seccompiler::BackendError| {
        SandboxError::setup("compile the list of system calls", error)
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for allowed in allowed() {
        rules.insert(allowed.number, conditions(allowed.when).map_err(failed)?);
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(failed)?;
    let refuse = SeccompAction::Errno(libc::ENOSYS as u32);
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)
        .and_then(BpfProgram::try_from)
        .map_err(failed)
}

/// One rule is enough to allow; no rule allows always.
fn conditions(when: When) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let one_of = |argument: u8, values: &[u64]| {
        values
            .iter()
            .map(|value| rule(argument, SeccompCmpOp::Eq, *value))
            .collect()
    };
    match when {
        When::Always => Ok(Vec::new()),
        When::NoNamespaces => Ok(vec![rule(0, SeccompCmpOp::MaskedEq(NEW_NAMESPACES), 0)?]),
        When::PlainMode(argument) => Ok(vec![rule(argument, SeccompCmpOp::MaskedEq(SET_ID), 0)?]),
        When::Fifo(argument) => {
            let kind = SeccompCmpOp::MaskedEq(u64::from(libc::S_IFMT));
            let fifo = u64::from(libc::S_IFIFO);
            Ok(vec![rule(argument, kind, fifo)?])
        }
        When::Ioctl => one_of(1, &IOCTLS),
        When::Prctl => one_of(0, &PRCTLS),
        When::Personality => one_of(0, &PERSONALITIES),
        When::LocalSocket => one_of(0, &[libc::AF_UNIX as u64]),
        When::OwnLimits => one_of(0, &[0]),
    }
}

fn rule(
    argument: u8,
    operation: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operation, value)?;
    SeccompRule::new(vec![condition])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_compiles_and_names_nothing_twice() {
        assert!(compile().is_ok());
        let mut numbers: Vec<i64> = allowed().map(|allowed| allowed.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), allowed().count());
        assert!(allowed().all(|allowed| allowed.reason.len() > 5));
    }

    #[test]
    fn what_reaches_beyond_the_step_is_not_on_the_list() {
        for (name, number) in [
            ("ptrace", libc::SYS_ptrace),
            ("process_vm_readv", libc::SYS_process_vm_readv),
            ("process_vm_writev", libc::SYS_process_vm_writev),
            ("mount", libc::SYS_mount),
            ("move_mount", libc::SYS_move_mount),
            ("fsopen", libc::SYS_fsopen),
            ("open_tree", libc::SYS_open_tree),
            ("pivot_root", libc::SYS_pivot_root),
            ("chroot", libc::SYS_chroot),
            ("unshare", libc::SYS_unshare),
            ("setns", libc::SYS_setns),
            ("clone3", libc::SYS_clone3),
            ("keyctl", libc::SYS_keyctl),
            ("add_key", libc::SYS_add_key),
            ("bpf", libc::SYS_bpf),
            ("perf_event_open", libc::SYS_perf_event_open),
            ("io_uring_setup", libc::SYS_io_uring_setup),
            ("open_by_handle_at", libc::SYS_open_by_handle_at),
            ("userfaultfd", libc::SYS_userfaultfd),
            ("socket", libc::SYS_socket),
            ("connect", libc::SYS_connect),
            ("seccomp", libc::SYS_seccomp),
            ("pidfd_getfd", libc::SYS_pidfd_getfd),
            ("setuid", libc::SYS_setuid),
            ("capset", libc::SYS_capset),
            ("kexec_load", libc::SYS_kexec_load),
            ("init_module", libc::SYS_init_module),
            ("clock_settime", libc::SYS_clock_settime),
        ] {
            assert!(allowed().all(|allowed| allowed.number != number), "{name}");
        }
    }
}
