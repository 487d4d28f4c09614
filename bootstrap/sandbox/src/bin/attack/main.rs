//! An adversary for the tests: tries one way out of a sandbox and says how it went.
//!
//! `sandbox-attack NAME` prints `held: …` with what the kernel answered, `open: …` when the way is open,
//! or `ended: …` when the watchdog ended it. `sandbox-attack --start N` starts N empty sandboxes and
//! prints two medians in microseconds, until all is laid and closed and until the end, for the benchmark.
#![allow(
    clippy::print_stdout,
    reason = "what became of the attack is its output"
)]

mod kernel;
mod ways;

use std::fs::File;
use std::process::ExitCode;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use snowguard_sandbox::{End, Limits, Sandbox, Tree, run};

/// The limits that the bombs run against.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    memory: 96 << 20,
    files: 8 << 20,
    inodes: 512,
    processes: 12,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--list"] => {
            ways::WAYS.iter().for_each(|way| println!("{}", way.name));
            Ok(())
        }
        ["--start", count] => start(count.parse().unwrap_or(1)),
        [name] => attack(name),
        _ => Err("usage: sandbox-attack NAME | --list | --start N".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox-attack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn attack(name: &str) -> Result<(), String> {
    let way = ways::WAYS
        .iter()
        .find(|way| way.name == name)
        .ok_or_else(|| format!("there is no attack `{name}`"))?;
    let input = std::env::temp_dir().join(format!("sandbox-attack-{}", std::process::id()));
    std::fs::write(&input, "an input\n").map_err(|error| error.to_string())?;
    let sandbox = Sandbox {
        trees: vec![Tree {
            host: input.clone(),
            at: "/in/input".into(),
            executable: false,
        }],
        limits: Limits {
            time: if name.starts_with("time-bomb") {
                Duration::from_secs(1)
            } else {
                LIMITS.time
            },
            ..LIMITS
        },
        ..Sandbox::default()
    };
    // A descriptor that the caller forgot, open to every program that it starts.
    let forgotten = File::open("/etc/passwd").map_err(|error| error.to_string())?;
    fcntl(&forgotten, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|error| error.to_string())?;
    let outcome = run(&sandbox, &[], || kernel::in_child(way.attempt));
    std::fs::remove_file(&input).map_err(|error| error.to_string())?;
    let outcome = outcome.map_err(|error| error.to_string())?;
    match outcome.end {
        End::Returned(0) => Ok(()),
        End::Time => {
            println!("ended: time");
            Ok(())
        }
        End::Memory => {
            println!("ended: memory");
            Ok(())
        }
        other => Err(format!("{other:?}")),
    }
}

fn start(count: usize) -> Result<(), String> {
    let mut times = Vec::new();
    for _ in 0..count.clamp(1, 10_000) {
        let outcome = run(&Sandbox::default(), &[], || 0).map_err(|error| error.to_string())?;
        times.push((outcome.setup.as_micros(), outcome.took.as_micros()));
    }
    times.sort_unstable();
    let (setup, _) = times[times.len() / 2];
    times.sort_unstable_by_key(|(_, took)| *took);
    let (_, took) = times[times.len() / 2];
    println!("{setup} {took}");
    Ok(())
}
