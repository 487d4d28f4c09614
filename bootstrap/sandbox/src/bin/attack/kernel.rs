//! Raw calls of the kernel, as an adversary makes them.

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// How an attempt went: what the kernel answered, or what is open.
pub type Attempt = fn() -> Result<String, String>;

/// A raw system call. Pointers in `arguments` have to be of live memory.
pub fn call(number: libc::c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    #[allow(unsafe_code, reason = "an attack makes calls that nobody wraps")]
    // SAFETY: callers pass numbers, or addresses of values that live during the call and are as long as
    // the call needs; this process is a fork with nothing to lose.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    Errno::result(result).map(|value| value as usize)
}

/// Tells of a call that must fail.
pub fn must_fail<T>(what: &str, result: Result<T, Errno>) -> Result<String, String> {
    match result {
        Ok(_) => Err(format!("{what} succeeded")),
        Err(error) => Ok(format!("{what}: {error:?}")),
    }
}

/// Runs an attempt in a child, as a program of a step would be, and prints how it went.
pub fn in_child(attempt: Attempt) -> u8 {
    #[allow(unsafe_code, reason = "an attack is a program of its own")]
    // SAFETY: this process has one thread, so no lock is held by another.
    let forked = unsafe { fork() };
    match forked {
        Ok(ForkResult::Child) => {
            match attempt() {
                Ok(told) => println!("held: {told}"),
                Err(told) => println!("open: {told}"),
            }
            std::process::exit(0)
        }
        Ok(ForkResult::Parent { child }) => match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, 0)) => 0,
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                println!("held: killed by {signal:?}");
                0
            }
            _ => 2,
        },
        Err(_) => 3,
    }
}
