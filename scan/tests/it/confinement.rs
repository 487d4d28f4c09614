//! What a scan cannot do while it parses. Confinement holds for a thread, so that each test confines
//! one of its own.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use snowguard_scan::confine::{Allowance, Confined, Held, confine};

use crate::stage::{Stage, digest, text};

/// Runs something confined, in a thread.
fn confined<T: Send + 'static>(
    allowance: Allowance,
    then: impl FnOnce() -> T + Send + 'static,
) -> (Confined, T) {
    std::thread::spawn(move || {
        let confined = confine(&allowance).unwrap();
        (confined, then())
    })
    .join()
    .unwrap()
}

#[test]
fn nothing_but_what_is_allowed_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
    fs::create_dir(&open).unwrap();
    fs::create_dir(&closed).unwrap();
    fs::write(open.join("a"), "a").unwrap();
    fs::write(closed.join("a"), "a").unwrap();
    let allowance = Allowance {
        read: vec![open.clone()],
        write: Vec::new(),
    };
    let (held, (read, written, other, elsewhere)) = confined(allowance, move || {
        (
            fs::read(open.join("a")).is_ok(),
            File::create(open.join("b")).is_ok(),
            fs::read(closed.join("a")).is_ok(),
            File::create(closed.join("b")).is_ok(),
        )
    });
    if held.files == Held::Not {
        println!("left out: this kernel has no Landlock");
        return;
    }
    assert_eq!(
        (read, written, other, elsewhere),
        (true, false, false, false)
    );
}

#[test]
fn no_connection_is_made_and_no_program_is_started() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Without confinement both work, so that the test can fail.
    assert!(TcpStream::connect(address).is_ok());
    assert!(Command::new("true").status().is_ok());
    let (held, (connected, started)) = confined(Allowance::default(), move || {
        (
            TcpStream::connect(address).is_ok(),
            Command::new("true").status().is_ok(),
        )
    });
    if !held.calls {
        println!("left out: system calls cannot be filtered here");
        return;
    }
    assert_eq!((connected, started), (false, false));
}

#[test]
fn a_scan_says_how_it_is_confined() {
    let stage = Stage::new();
    stage.put("list", &format!("{}-curl-8.6.0\n", digest('b')));
    let (_, err, code) = text(&stage.run(&["--verbose", "list"]));
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("confined") && err.contains("system calls"),
        "{err}"
    );
}
