//! The ways out that are tried, each named after what it would reach.

use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork};

use crate::kernel::{Attempt, call, must_fail};

/// A way out.
pub struct Way {
    pub name: &'static str,
    pub attempt: Attempt,
}

const fn way(name: &'static str, attempt: Attempt) -> Way {
    Way { name, attempt }
}

/// All of them.
pub const WAYS: &[Way] = &[
    way("network", || {
        let socket = call(
            libc::SYS_socket,
            [
                libc::AF_INET as usize,
                libc::SOCK_STREAM as usize,
                0,
                0,
                0,
                0,
            ],
        );
        must_fail("socket", socket)
    }),
    way("network-pair", || {
        let mut pair = [0_i32; 2];
        let family = libc::AF_INET as usize;
        let address = pair.as_mut_ptr() as usize;
        must_fail(
            "socketpair",
            call(
                libc::SYS_socketpair,
                [family, libc::SOCK_STREAM as usize, 0, address, 0, 0],
            ),
        )
    }),
    way("host-file", || {
        for path in [
            "/etc/passwd",
            "/../../etc/passwd",
            "/tmp/../etc/passwd",
            "/root",
            "/home",
            "/usr",
        ] {
            if fs::metadata(path).is_ok() {
                return Err(path.into());
            }
        }
        Ok("none of the machine's files is there".into())
    }),
    way("proc", || {
        if fs::metadata("/proc").is_ok() || fs::metadata("/sys").is_ok() {
            return Err("/proc or /sys is there".into());
        }
        fs::create_dir("/tmp/proc").map_err(|e| e.to_string())?;
        must_fail("mount proc", mount(c"proc", c"/tmp/proc", c"proc"))
    }),
    way("device-node", || {
        let device = libc::makedev(8, 0) as usize;
        let mode = (libc::S_IFBLK | 0o600) as usize;
        let path = c"/build/sda".as_ptr() as usize;
        must_fail(
            "mknod",
            call(
                libc::SYS_mknodat,
                [libc::AT_FDCWD as usize, path, mode, device, 0, 0],
            ),
        )
    }),
    way("symlink-out", || {
        symlink("/../../etc/passwd", "/out/link").map_err(|e| e.to_string())?;
        must_fail("open", File::open("/out/link").map_err(errno))
    }),
    way("hardlink-out", || {
        must_fail(
            "link",
            fs::hard_link("/in/input", "/out/input").map_err(errno),
        )
    }),
    way("write-input", || {
        let opened = OpenOptions::new()
            .write(true)
            .open("/in/input")
            .map_err(errno);
        must_fail("open for writing", opened)
    }),
    way("write-root", || {
        must_fail("create", File::create("/etc").map_err(errno))
    }),
    way("replace-input", || {
        must_fail(
            "rename",
            fs::rename("/in/input", "/in/other").map_err(errno),
        )?;
        must_fail("remove", fs::remove_file("/in/input").map_err(errno))
    }),
    way("setuid", || {
        File::create("/out/program").map_err(|e| e.to_string())?;
        must_fail("setuid", call(libc::SYS_setuid, [0; 6]))?;
        let path = c"/out/program".as_ptr() as usize;
        must_fail(
            "chmod",
            call(
                libc::SYS_fchmodat,
                [libc::AT_FDCWD as usize, path, 0o4755, 0, 0, 0],
            ),
        )
    }),
    way("ptrace-of-the-driver", || {
        must_fail(
            "ptrace",
            call(
                libc::SYS_ptrace,
                [libc::PTRACE_ATTACH as usize, 1, 0, 0, 0, 0],
            ),
        )?;
        let mut byte = 0_u8;
        let vector = libc::iovec {
            iov_base: (&raw mut byte).cast(),
            iov_len: 1,
        };
        let address = &raw const vector as usize;
        must_fail(
            "process_vm_readv",
            call(libc::SYS_process_vm_readv, [1, address, 1, address, 1, 0]),
        )
    }),
    way("kill-of-the-driver", || {
        // The kernel keeps signals of its own namespace from the first process; other processes have no number here.
        let _ignored = kill(Pid::from_raw(1), Signal::SIGKILL);
        let others = (3..4096)
            .filter(|pid| kill(Pid::from_raw(*pid), None).is_ok())
            .count();
        if others > 0 {
            return Err(format!("{others} processes of others can be signalled"));
        }
        Ok("nobody else can be named".into())
    }),
    way("unlink-of-a-device", || {
        must_fail("unlink", fs::remove_file("/dev/null").map_err(errno))?;
        must_fail(
            "rename",
            fs::rename("/dev/null", "/dev/zero").map_err(errno),
        )?;
        must_fail("create", File::create("/dev/new").map_err(errno))?;
        let mut null = OpenOptions::new()
            .write(true)
            .open("/dev/null")
            .map_err(|e| e.to_string())?;
        null.write_all(b"x").map_err(|e| e.to_string())?;
        Ok("devices stay, and can be used".into())
    }),
    way("mount", || {
        must_fail("mount", mount(c"none", c"/tmp", c"tmpfs"))?;
        must_fail(
            "umount",
            call(
                libc::SYS_umount2,
                [
                    c"/in".as_ptr() as usize,
                    libc::MNT_DETACH as usize,
                    0,
                    0,
                    0,
                    0,
                ],
            ),
        )?;
        must_fail(
            "fsopen",
            call(
                libc::SYS_fsopen,
                [c"tmpfs".as_ptr() as usize, 0, 0, 0, 0, 0],
            ),
        )?;
        must_fail(
            "open_tree",
            call(
                libc::SYS_open_tree,
                [libc::AT_FDCWD as usize, c"/".as_ptr() as usize, 1, 0, 0, 0],
            ),
        )?;
        must_fail(
            "mount_setattr",
            call(
                libc::SYS_mount_setattr,
                [libc::AT_FDCWD as usize, c"/".as_ptr() as usize, 0, 0, 0, 0],
            ),
        )
    }),
    way("chroot", || {
        let root = c"/build".as_ptr() as usize;
        must_fail("chroot", call(libc::SYS_chroot, [root, 0, 0, 0, 0, 0]))?;
        must_fail(
            "pivot_root",
            call(libc::SYS_pivot_root, [root, root, 0, 0, 0, 0]),
        )
    }),
    way("user-namespace-inside", || {
        let flags = (libc::CLONE_NEWUSER | libc::SIGCHLD) as usize;
        must_fail(
            "unshare",
            call(
                libc::SYS_unshare,
                [libc::CLONE_NEWUSER as usize, 0, 0, 0, 0, 0],
            ),
        )?;
        must_fail("clone", call(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]))?;
        must_fail("clone3", call(libc::SYS_clone3, [0; 6]))?;
        must_fail("setns", call(libc::SYS_setns, [0, 0, 0, 0, 0, 0]))
    }),
    way("keyctl", || {
        must_fail(
            "keyctl",
            call(
                libc::SYS_keyctl,
                [0, (-3_isize).cast_unsigned(), 0, 0, 0, 0],
            ),
        )?;
        let kind = c"user".as_ptr() as usize;
        must_fail(
            "add_key",
            call(
                libc::SYS_add_key,
                [kind, kind, kind, 4, (-3_isize).cast_unsigned(), 0],
            ),
        )
    }),
    way("bpf", || {
        let zeros = [0_u64; 16];
        let address = zeros.as_ptr() as usize;
        must_fail("bpf", call(libc::SYS_bpf, [0, address, 128, 0, 0, 0]))?;
        must_fail(
            "perf_event_open",
            call(libc::SYS_perf_event_open, [address, 0, 0, usize::MAX, 0, 0]),
        )
    }),
    way("io-uring", || {
        let zeros = [0_u64; 32];
        must_fail(
            "io_uring_setup",
            call(
                libc::SYS_io_uring_setup,
                [1, zeros.as_ptr() as usize, 0, 0, 0, 0],
            ),
        )
    }),
    way("userfaultfd", || {
        must_fail("userfaultfd", call(libc::SYS_userfaultfd, [0; 6]))
    }),
    way("terminal-input", || {
        let typed = b'x';
        must_fail(
            "ioctl TIOCSTI",
            call(
                libc::SYS_ioctl,
                [
                    0,
                    libc::TIOCSTI as usize,
                    &raw const typed as usize,
                    0,
                    0,
                    0,
                ],
            ),
        )
    }),
    way("file-handle", || {
        let handle = [0_u64; 20];
        must_fail(
            "open_by_handle_at",
            call(
                libc::SYS_open_by_handle_at,
                [
                    libc::AT_FDCWD as usize,
                    handle.as_ptr() as usize,
                    0,
                    0,
                    0,
                    0,
                ],
            ),
        )
    }),
    way("inherited-descriptors", || {
        let open: Vec<usize> = (3..1024)
            .filter(|fd| call(libc::SYS_fcntl, [*fd, libc::F_GETFD as usize, 0, 0, 0, 0]).is_ok())
            .collect();
        if open.is_empty() {
            Ok("none".into())
        } else {
            Err(format!("{open:?}"))
        }
    }),
    way("other-call-tables", || {
        // The numbers of x32, on which a filter that looks at numbers alone can trip.
        must_fail("x32 mount", call(0x4000_0000 | libc::SYS_mount, [0; 6]))?;
        compatibility_call()
    }),
    way("raise-limits", || {
        let wanted = libc::rlimit {
            rlim_cur: 4096,
            rlim_max: 4096,
        };
        let address = &raw const wanted as usize;
        must_fail(
            "prlimit",
            call(
                libc::SYS_prlimit64,
                [0, libc::RLIMIT_NPROC as usize, address, 0, 0, 0],
            ),
        )?;
        must_fail(
            "prlimit of another",
            call(
                libc::SYS_prlimit64,
                [1, libc::RLIMIT_NPROC as usize, address, 0, 0, 0],
            ),
        )
    }),
    way("clock", || {
        let time = [0_u64; 2];
        must_fail(
            "clock_settime",
            call(
                libc::SYS_clock_settime,
                [0, time.as_ptr() as usize, 0, 0, 0, 0],
            ),
        )
    }),
    way("host-name", || {
        must_fail(
            "sethostname",
            call(
                libc::SYS_sethostname,
                [c"x".as_ptr() as usize, 1, 0, 0, 0, 0],
            ),
        )
    }),
    way("fork-bomb", || {
        let mut children = 0;
        for _ in 0..1000 {
            match twin() {
                Ok(true) => std::thread::sleep(Duration::from_secs(60)),
                Ok(false) => children += 1,
                Err(error) => return Ok(format!("{children} children, then {error:?}")),
            }
        }
        Err(format!("{children} children"))
    }),
    way("time-bomb", || {
        std::thread::sleep(Duration::from_secs(60));
        Err("slept".into())
    }),
    way("time-bomb-busy", || {
        let mut spins = 0_u64;
        loop {
            spins = std::hint::black_box(spins.wrapping_add(1));
        }
    }),
    way("memory-bomb", || {
        // Each stays within its own limit; together they don't.
        for _ in 0..5 {
            if twin() == Ok(true) {
                let mut held = Vec::new();
                for _ in 0..40 {
                    held.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
                std::thread::sleep(Duration::from_secs(60));
                return Err(held.len().to_string());
            }
        }
        std::thread::sleep(Duration::from_secs(60));
        Err("nobody ended it".into())
    }),
    way("memory-bomb-alone", || {
        let mut held: Vec<Vec<u8>> = Vec::new();
        for _ in 0..400 {
            let mut block = Vec::new();
            if block.try_reserve_exact(1 << 20).is_err() {
                return Ok(format!("no more after {} MiB", held.len()));
            }
            block.resize(1 << 20, 1);
            held.push(std::hint::black_box(block));
        }
        Err(format!("{} MiB", held.len()))
    }),
    way("file-bomb", || {
        let mut written = 0;
        let block = vec![0; 1 << 20];
        for index in 0..64 {
            let file =
                File::create(format!("/out/{index}")).and_then(|mut file| file.write_all(&block));
            if let Err(error) = file {
                return Ok(format!("after {written} MiB: {:?}", errno(error)));
            }
            written += 1;
        }
        Err(format!("{written} MiB"))
    }),
    way("inode-bomb", || {
        for index in 0..4096 {
            if let Err(error) = File::create(format!("/build/{index}")) {
                return Ok(format!("after {index} files: {:?}", errno(error)));
            }
        }
        Err("4096 files".into())
    }),
    way("orphan", || {
        // Outlives its parent, and would outlive the step.
        if twin() == Ok(true) {
            std::thread::sleep(Duration::from_secs(3600));
        }
        Ok("left an orphan".into())
    }),
];

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

fn mount(from: &CStr, at: &CStr, kind: &CStr) -> Result<usize, Errno> {
    let address = |text: &CStr| text.as_ptr() as usize;
    call(
        libc::SYS_mount,
        [address(from), address(at), address(kind), 0, 0, 0],
    )
}

/// A fork; whether this is the child.
fn twin() -> Result<bool, Errno> {
    #[allow(unsafe_code, reason = "a bomb forks")]
    // SAFETY: this process has one thread, so no lock is held by another.
    let forked = unsafe { fork() };
    forked.map(|forked| matches!(forked, ForkResult::Child))
}

/// `getpid` by the table of 32-bit programs: the filter kills who uses it.
#[cfg(target_arch = "x86_64")]
fn compatibility_call() -> Result<String, String> {
    let answer: u64;
    #[allow(unsafe_code, reason = "only an instruction reaches the other table")]
    // SAFETY: call 20 of the 32-bit table is getpid, which touches no memory; the kernel
    // changes rax, and in this table r8 to r11.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inlateout("rax") 20_u64 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    Err(format!("the 32-bit table answers {answer}"))
}

#[cfg(not(target_arch = "x86_64"))]
fn compatibility_call() -> Result<String, String> {
    Ok("this processor has no second table".into())
}
