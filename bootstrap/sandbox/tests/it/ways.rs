//! One test for each way out: what the kernel answered is part of it, so that a way that is closed by
//! accident, or for another reason than meant, is seen.

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const ATTACK: &str = env!("CARGO_BIN_EXE_sandbox-attack");
/// An ordinary user.
const ORDINARY: u32 = 1000;

fn command(name: &str) -> Command {
    let mut command = Command::new(ATTACK);
    command.env_clear().arg(name);
    command
}

fn told(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// As the user of the test, and as an ordinary user when that is root.
fn holds(name: &str, expected: &str) {
    let as_we_are = told(&command(name).output().expect("it starts"));
    assert!(as_we_are.starts_with(expected), "{as_we_are}");
    if is_root() {
        let output = command(name).uid(ORDINARY).gid(ORDINARY).output();
        let as_ordinary = told(&output.expect("it starts"));
        assert!(
            as_ordinary.starts_with(expected),
            "as an ordinary user: {as_ordinary}"
        );
    }
}

#[test]
fn every_way_has_a_test() {
    let mut listed: Vec<String> = told(&command("--list").output().expect("it starts"))
        .lines()
        .map(|name| name.replace('-', "_"))
        .collect();
    let this = include_str!("ways.rs");
    listed.retain(|name| !this.contains(&format!("fn {name}()")));
    assert_eq!(listed, Vec::<String>::new());
}

#[test]
fn an_end_of_the_driver_ends_the_step() {
    let mut driver = command("time-bomb").spawn().expect("it starts");
    let pid = driver.id();
    let children = format!("/proc/{pid}/task/{pid}/children");
    let deadline = Instant::now() + Duration::from_secs(10);
    let first = loop {
        let text = std::fs::read_to_string(&children).unwrap_or_default();
        // The step's own child shows that it runs.
        if let Some(first) = text.split_whitespace().next() {
            let below = format!("/proc/{first}/task/{first}/children");
            if std::fs::read_to_string(below).is_ok_and(|text| !text.trim().is_empty()) {
                break first.to_owned();
            }
        }
        assert!(Instant::now() < deadline, "the step never ran");
        std::thread::sleep(Duration::from_millis(2));
    };
    driver.kill().expect("SIGKILL");
    driver.wait().expect("its end");
    while std::path::Path::new(&format!("/proc/{first}")).exists() {
        assert!(Instant::now() < deadline, "the step outlived the driver");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn network() {
    holds("network", "held: socket: ENOSYS");
}

#[test]
fn network_pair() {
    holds("network-pair", "held: socketpair: ENOSYS");
}

#[test]
fn host_file() {
    holds("host-file", "held: none");
}

#[test]
fn proc() {
    holds("proc", "held: mount proc: ENOSYS");
}

#[test]
fn device_node() {
    holds("device-node", "held: mknod: ENOSYS");
}

#[test]
fn symlink_out() {
    holds("symlink-out", "held: open: ENOENT");
}

#[test]
fn hardlink_out() {
    holds("hardlink-out", "held: link: EXDEV");
}

#[test]
fn write_input() {
    holds("write-input", "held: open for writing: EACCES");
}

#[test]
fn write_root() {
    holds("write-root", "held: create: EROFS");
}

#[test]
fn replace_input() {
    holds("replace-input", "held: remove: EROFS");
}

#[test]
fn setuid() {
    holds("setuid", "held: chmod: ENOSYS");
}

#[test]
fn ptrace_of_the_driver() {
    holds("ptrace-of-the-driver", "held: process_vm_readv: ENOSYS");
}

#[test]
fn kill_of_the_driver() {
    holds("kill-of-the-driver", "held: nobody");
}

#[test]
fn unlink_of_a_device() {
    holds("unlink-of-a-device", "held: devices stay");
}

#[test]
fn mount() {
    holds("mount", "held: mount_setattr: ENOSYS");
}

#[test]
fn chroot() {
    holds("chroot", "held: pivot_root: ENOSYS");
}

#[test]
fn user_namespace_inside() {
    holds("user-namespace-inside", "held: setns: ENOSYS");
}

#[test]
fn keyctl() {
    holds("keyctl", "held: add_key: ENOSYS");
}

#[test]
fn bpf() {
    holds("bpf", "held: perf_event_open: ENOSYS");
}

#[test]
fn io_uring() {
    holds("io-uring", "held: io_uring_setup: ENOSYS");
}

#[test]
fn userfaultfd() {
    holds("userfaultfd", "held: userfaultfd: ENOSYS");
}

#[test]
fn terminal_input() {
    holds("terminal-input", "held: ioctl TIOCSTI: ENOSYS");
}

#[test]
fn file_handle() {
    holds("file-handle", "held: open_by_handle_at: ENOSYS");
}

#[test]
fn inherited_descriptors() {
    holds("inherited-descriptors", "held: none");
}

#[test]
fn other_call_tables() {
    holds("other-call-tables", "held: killed by SIGSYS");
}

#[test]
fn raise_limits() {
    holds("raise-limits", "held: prlimit of another: ENOSYS");
}

#[test]
fn clock() {
    holds("clock", "held: clock_settime: ENOSYS");
}

#[test]
fn host_name() {
    holds("host-name", "held: sethostname: ENOSYS");
}

#[test]
fn fork_bomb() {
    holds("fork-bomb", "held: 11 children, then EAGAIN");
}

#[test]
fn time_bomb() {
    holds("time-bomb", "ended: time");
}

#[test]
fn time_bomb_busy() {
    holds("time-bomb-busy", "ended: time");
}

#[test]
fn memory_bomb() {
    holds("memory-bomb", "ended: memory");
}

#[test]
fn memory_bomb_alone() {
    holds("memory-bomb-alone", "held: no more after");
}

#[test]
fn file_bomb() {
    holds("file-bomb", "held: after 8 MiB: ENOSPC");
}

#[test]
fn inode_bomb() {
    holds("inode-bomb", "held: after 50");
}

#[test]
fn orphan() {
    holds("orphan", "held: left an orphan");
}
