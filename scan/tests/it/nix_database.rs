//! The database of a real Nix, filled by `nix-store --load-db`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::stage::{Stage, digest, text};

/// Fills a Nix database under `root`, or says why that is left out.
fn fill(stage: &Stage, registration: &str) -> bool {
    let state = stage.path("root/nix/var/nix");
    std::fs::create_dir_all(&state).unwrap();
    let started = Command::new("nix-store")
        .arg("--load-db")
        .env("NIX_STATE_DIR", &state)
        .env("NIX_STORE_DIR", "/nix/store")
        .env("NIX_REMOTE", "")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut nix = match started {
        Ok(nix) => nix,
        Err(error) => {
            println!("left out: no database of a real Nix: nix-store: {error}");
            return false;
        }
    };
    nix.stdin
        .take()
        .unwrap()
        .write_all(registration.as_bytes())
        .unwrap();
    assert!(nix.wait().unwrap().success());
    true
}

fn entry(path: &str, deriver: &str, references: &[&str]) -> String {
    format!(
        "{path}\n{}\n1\n{deriver}\n{}\n{}",
        "0".repeat(64),
        references.len(),
        references
            .iter()
            .map(|reference| format!("{reference}\n"))
            .collect::<String>()
    )
}

struct Paths {
    system: String,
    openssl: String,
    curl: String,
    alone: String,
}

fn paths() -> Paths {
    let path = |letter: char, name: &str| format!("/nix/store/{}-{name}", digest(letter));
    Paths {
        system: path('a', "system-1"),
        openssl: path('b', "openssl-3.0.13"),
        curl: path('c', "curl-8.4.0"),
        alone: path('d', "openssl-3.0.12"),
    }
}

fn filled(stage: &Stage) -> bool {
    let all = paths();
    let registration = [
        entry(&all.openssl, "", &[&all.openssl]),
        entry(&all.curl, "", &[&all.openssl]),
        entry(&all.system, "", &[&all.curl]),
        entry(&all.alone, "", &[]),
    ]
    .concat();
    fill(stage, &registration)
}

#[test]
fn the_closure_of_a_path_is_scanned_and_nothing_beside_it() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let all = paths();
    let (out, err, code) = text(&stage.run(&["--root", "root", &all.system]));
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("openssl-3.0.13"), "{out}");
    assert!(!out.contains("openssl-3.0.12"), "{out}");
    assert!(
        out.contains("because of system-1 → curl-8.4.0 → openssl-3.0.13"),
        "{out}"
    );
    let (out, _, _) = text(&stage.run(&["--root", "root", "--store"]));
    assert!(out.contains("openssl-3.0.12"), "{out}");
}

#[test]
fn links_into_the_store_are_followed() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let all = paths();
    std::os::unix::fs::symlink(&all.curl, stage.path("result")).unwrap();
    std::os::unix::fs::symlink("result", stage.path("again")).unwrap();
    let (out, err, _) = text(&stage.run(&["--root", "root", "again"]));
    assert!(out.contains("curl-8.4.0"), "{out}{err}");
}

#[test]
fn an_unknown_path_is_told() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let unknown = format!("/nix/store/{}-openssl-3.0.13", digest('z'));
    let (_, err, code) = text(&stage.run(&["--root", "root", &unknown]));
    assert_eq!(code, Some(3));
    assert!(err.contains("is not known to the Nix database"), "{err}");
}

/// A writer's transaction is open, and what it wrote is in the log beside the file.
#[test]
fn it_is_read_while_nix_writes() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let database = stage.path("root/nix/var/nix/db/db.sqlite");
    let writer = rusqlite::Connection::open(&database).unwrap();
    writer
        .execute_batch(
            "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; \
             UPDATE ValidPaths SET narSize = 2;",
        )
        .unwrap();
    let (out, err, code) = text(&stage.run(&["--root", "root", &paths().system]));
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("openssl-3.0.13"), "{out}");
    writer.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn a_half_written_or_foreign_database_is_told() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let database = stage.path("root/nix/var/nix/db/db.sqlite");
    let whole = std::fs::read(&database).unwrap();
    for (what, bytes) in [
        ("half", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("text", b"not a database at all, but a text".repeat(99)),
    ] {
        std::fs::write(&database, bytes).unwrap();
        let (_, err, code) = text(&stage.run(&["--root", "root", &paths().system]));
        assert_eq!(code, Some(3), "{what}: {err}");
        assert!(err.contains("db.sqlite"), "{what}: {err}");
    }
}
