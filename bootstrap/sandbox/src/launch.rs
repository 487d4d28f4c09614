//! Starting the first process of a sandbox, and what it does before the step.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::waitpid;
use nix::unistd::{
    Gid, Pid, Uid, dup2_stdin, getegid, geteuid, pipe2, setgroups, setresgid, setresuid, setsid,
};
use seccompiler::BpfProgram;

use crate::error::{SandboxError, Stage};
use crate::watch::{Outcome, watch};
use crate::{INSIDE_ID, Sandbox, confine, filter, root};

/// Who a step is outside when root starts it: an id without rights. Root's own would escape the
/// limit on processes, and root's files would be its own.
const NOBODY: u32 = 65534;
/// Told to the first process: which user it is outside.
const AS_NOBODY: u8 = b'n';
const AS_CALLER: u8 = b'c';

/// Runs `inside` as the first process of a new sandbox and waits for its end, within the limits.
///
/// `inside` sees what `sandbox` names, is user 1000, and starts in `/build`; standard input is
/// empty, standard output and error are this process's. Descriptors in `keep` stay open for it, but not for
/// programs that it starts. What it returns is in [`Outcome::end`]; a panic counts as 101.
///
/// # Errors
/// When the process has several threads, or anything could not be set up; `inside` did not run.
pub fn run(
    sandbox: &Sandbox,
    keep: &[BorrowedFd<'_>],
    inside: impl FnOnce() -> u8,
) -> Result<Outcome, SandboxError> {
    one_thread()?;
    let filter = filter::compile()?;
    let (go_read, go_write) = pipe2(OFlag::O_CLOEXEC).stage(|| "make a pipe".into())?;
    let (told_read, told_write) = pipe2(OFlag::O_CLOEXEC).stage(|| "make a pipe".into())?;
    let started = Instant::now();
    let Some((first, ended)) = fork_into_namespaces()? else {
        drop(go_write);
        drop(told_read);
        let code = first_process(sandbox, keep, &filter, go_read, told_write, inside);
        #[allow(unsafe_code, reason = "exit handlers belong to the process outside")]
        // SAFETY: `_exit` ends the process; nothing of it is used afterwards.
        unsafe {
            libc::_exit(i32::from(code))
        };
    };
    drop(go_read);
    drop(told_write);
    let prepared = admit(first, go_write.as_fd()).and_then(|()| {
        let mut told = Vec::new();
        fs::File::from(told_read)
            .take(64 << 10)
            .read_to_end(&mut told)
            .stage(|| "hear from the first process".into())?;
        match told.as_slice() {
            b"+" => Ok(()),
            told => Err(decode(told)),
        }
    });
    let setup = started.elapsed();
    if let Err(error) = prepared {
        // It may wait for us, or have ended already; either way it is ours to reap.
        let _gone = kill(first, Signal::SIGKILL);
        let _gone = waitpid(first, None);
        return Err(error);
    }
    let (end, peak_memory) = watch(first, &ended, &sandbox.limits, started)?;
    drop(go_write);
    Ok(Outcome {
        end,
        took: started.elapsed(),
        setup,
        peak_memory,
    })
}

fn one_thread() -> Result<(), SandboxError> {
    let threads = fs::read_dir("/proc/self/task")
        .stage(|| "count threads in /proc/self/task".into())?
        .count();
    match threads {
        1 => Ok(()),
        threads => Err(SandboxError::Threads(threads)),
    }
}

/// A fork into new namespaces: `None` in the child, its pid and a handle of it in the parent.
fn fork_into_namespaces() -> Result<Option<(Pid, OwnedFd)>, SandboxError> {
    let flags = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_PIDFD
        | libc::SIGCHLD;
    let mut handle: RawFd = -1;
    #[allow(
        unsafe_code,
        reason = "fork has no flags, and nix's clone wants another stack"
    )]
    // SAFETY: without CLONE_VM and with a null stack, clone(2) is a fork: the child goes on with a
    // copy of this memory. The process has one thread (`one_thread`), so no lock is left held by a thread
    // that the child doesn't have. The kernel writes the descriptor to `handle`, which lives here.
    let result = unsafe {
        libc::syscall(
            libc::SYS_clone,
            libc::c_long::from(flags),
            std::ptr::null_mut::<libc::c_void>(),
            &raw mut handle,
            0,
            0,
        )
    };
    let pid = Errno::result(result).map_err(|error| SandboxError::Namespaces {
        error: error.desc().to_owned(),
    })?;
    if pid == 0 {
        return Ok(None);
    }
    #[allow(unsafe_code, reason = "the kernel gave the descriptor as a number")]
    // SAFETY: the call succeeded with CLONE_PIDFD, so `handle` is a new descriptor that nobody else owns.
    let handle = unsafe { OwnedFd::from_raw_fd(handle) };
    let pid = i32::try_from(pid).map_err(|error| SandboxError::setup("fork", error))?;
    Ok(Some((Pid::from_raw(pid), handle)))
}

/// Maps user and group 1000 of the new namespace, and lets the first process go on. The pipe stays
/// open as long as this process lives.
fn admit(first: Pid, go: BorrowedFd<'_>) -> Result<(), SandboxError> {
    let map = |name: &str, line: String| fs::write(format!("/proc/{first}/{name}"), line);
    let as_nobody = geteuid().is_root()
        && map("gid_map", format!("{INSIDE_ID} {NOBODY} 1")).is_ok()
        && map("uid_map", format!("{INSIDE_ID} {NOBODY} 1")).is_ok();
    if !as_nobody {
        // user_namespaces(7): without rights outside, groups can't be dropped, and must not be gained.
        map("setgroups", "deny".into()).stage(|| "forbid setgroups".into())?;
        map("gid_map", format!("{INSIDE_ID} {} 1", getegid())).stage(|| "map the group".into())?;
        map("uid_map", format!("{INSIDE_ID} {} 1", geteuid())).stage(|| "map the user".into())?;
    }
    let told = if as_nobody { AS_NOBODY } else { AS_CALLER };
    nix::unistd::write(go, &[told])
        .map(drop)
        .stage(|| "start the first process".into())
}

/// The first process: sets up, tells the parent, runs `inside`. Returns its exit status.
fn first_process(
    sandbox: &Sandbox,
    keep: &[BorrowedFd<'_>],
    filter: &BpfProgram,
    go: OwnedFd,
    told: OwnedFd,
    inside: impl FnOnce() -> u8,
) -> u8 {
    let mut told = fs::File::from(told);
    if let Err(error) = set_up(sandbox, keep, filter, go, told.as_fd()) {
        // If nobody listens any more, there is nobody to tell.
        let _unheard = told.write_all(encode(&error).as_bytes());
        return 1;
    }
    if told.write_all(b"+").is_err() {
        return 1;
    }
    drop(told);
    catch_unwind(AssertUnwindSafe(inside)).unwrap_or(101)
}

fn set_up(
    sandbox: &Sandbox,
    keep: &[BorrowedFd<'_>],
    filter: &BpfProgram,
    go: OwnedFd,
    told: BorrowedFd<'_>,
) -> Result<(), SandboxError> {
    let mut who = [0];
    let read = nix::unistd::read(&go, &mut who).stage(|| "wait for the parent".into())?;
    if read != 1 {
        return Err(SandboxError::setup("wait for the parent", "it is gone"));
    }
    umask(Mode::from_bits_truncate(0o022));
    let trees = root::open_trees(sandbox)?;
    if who[0] == AS_NOBODY {
        setgroups(&[]).stage(|| "drop groups".into())?;
    }
    let group = Gid::from_raw(INSIDE_ID);
    let user = Uid::from_raw(INSIDE_ID);
    setresgid(group, group, group).stage(|| "change the group".into())?;
    setresuid(user, user, user).stage(|| "change the user".into())?;
    // After the change of user, which clears it: the kernel kills this process, and with it the
    // namespace, when the parent dies, be it by `kill -9`.
    prctl::set_pdeathsig(Signal::SIGKILL).stage(|| "follow the parent".into())?;
    let mut alive = [PollFd::new(go.as_fd(), PollFlags::empty())];
    let gone = poll(&mut alive, PollTimeout::ZERO).stage(|| "look for the parent".into())?;
    if gone != 0 {
        return Err(SandboxError::setup("look for the parent", "it is gone"));
    }
    setsid().stage(|| "leave the terminal".into())?;
    root::enter(sandbox, &trees)?;
    drop(trees);
    drop(go);
    close_others(keep, told)?;
    let null = open(
        "/dev/null",
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
    .stage(|| "open /dev/null".into())?;
    dup2_stdin(&null).stage(|| "empty the standard input".into())?;
    drop(null);
    confine::confine(sandbox, filter)
}

/// Closes every descriptor but the standard ones, `keep` and `told`; none of those is inherited by
/// programs of the step.
fn close_others(keep: &[BorrowedFd<'_>], told: BorrowedFd<'_>) -> Result<(), SandboxError> {
    let mut kept: Vec<RawFd> = keep.iter().map(AsRawFd::as_raw_fd).collect();
    kept.push(told.as_raw_fd());
    kept.sort_unstable();
    let mut next = 3;
    for fd in kept.into_iter().filter(|fd| *fd > 2) {
        if fd > next {
            close_range(next, fd - 1)?;
        }
        next = fd + 1;
    }
    close_range(next, RawFd::MAX)?;
    for fd in keep.iter().filter(|fd| fd.as_raw_fd() > 2) {
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
            .stage(|| "keep a descriptor from programs".into())?;
    }
    Ok(())
}

fn close_range(first: RawFd, last: RawFd) -> Result<(), SandboxError> {
    #[allow(unsafe_code, reason = "no crate in use wraps close_range")]
    // SAFETY: nothing in this process uses a descriptor in the range any more: those of `run` were
    // dropped or are kept, and the parent's own values live only in the parent.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    Errno::result(result)
        .map(drop)
        .stage(|| "close inherited descriptors".into())
}

/// Errors cross the pipe as stage and text.
fn encode(error: &SandboxError) -> String {
    match error {
        SandboxError::Setup { stage, error } => format!("{stage}\n{error}"),
        other => format!("check the machine\n{other}"),
    }
}

fn decode(told: &[u8]) -> SandboxError {
    let told = String::from_utf8_lossy(told);
    let (stage, error) = told
        .split_once('\n')
        .unwrap_or(("start", "the first process ended without a word"));
    SandboxError::setup(stage, error)
}
