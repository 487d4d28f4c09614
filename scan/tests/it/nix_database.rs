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

pub struct Paths {
    pub system: String,
    openssl: String,
    curl: String,
    pub alone: String,
}

pub fn paths() -> Paths {
    let path = |letter: char, name: &str| format!("/nix/store/{}-{name}", digest(letter));
    Paths {
        system: path('a', "system-1"),
        openssl: path('b', "openssl-3.0.13"),
        curl: path('c', "curl-8.4.0"),
        alone: path('d', "openssl-3.0.12"),
    }
}

pub fn filled(stage: &Stage) -> bool {
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

/// Where the derivation is gone, the database still says what was fetched: by a content address, and
/// because it refers to nothing.
#[test]
fn what_was_fetched_is_no_software() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let all = paths();
    let database = stage.path("root/nix/var/nix/db/db.sqlite");
    let address = format!("fixed:r:sha256:{}", "0".repeat(52));
    let writer = rusqlite::Connection::open(&database).unwrap();
    let write = "UPDATE ValidPaths SET ca = ?1 WHERE path IN (?2, ?3)";
    writer
        .execute(write, [&address, &all.alone, &all.openssl])
        .unwrap();
    let (out, err, _) = text(&stage.run(&["--root", "root", "--store"]));
    assert!(!out.contains("openssl-3.0.12"), "{out}{err}");
    // It refers to something, if only to itself: it was built.
    assert!(out.contains("openssl-3.0.13"), "{out}{err}");
    let arguments = ["--root", "root", &all.alone, "--explain", "CVE-2024-1001"];
    let (told, err, _) = text(&stage.run(&arguments));
    assert!(told.contains("a source"), "{told}{err}");
    // A derivation whose outputs are named by their content built it.
    writer
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS Realisations (id integer primary key, drvPath text not null, \
             outputName text not null, outputPath integer not null, signatures text);",
        )
        .unwrap();
    let write = "INSERT INTO Realisations (drvPath, outputName, outputPath) \
                 SELECT 'sha256:0', 'out', id FROM ValidPaths WHERE path = ?1";
    writer.execute(write, [&all.alone]).unwrap();
    let (out, err, _) = text(&stage.run(&["--root", "root", "--store"]));
    assert!(out.contains("openssl-3.0.12"), "{out}{err}");
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
    // On a mounted disk, links lead over that disk.
    let profiles = stage.path("root/nix/var/nix/profiles");
    std::fs::create_dir_all(&profiles).unwrap();
    std::os::unix::fs::symlink(&all.curl, profiles.join("system-1-link")).unwrap();
    std::os::unix::fs::symlink(
        "/nix/var/nix/profiles/system-1-link",
        profiles.join("system"),
    )
    .unwrap();
    let (out, err, _) = text(&stage.run(&["--root", "root", "/nix/var/nix/profiles/system"]));
    assert!(out.contains("curl-8.4.0"), "{out}{err}");
    std::os::unix::fs::symlink("loop", stage.path("loop")).unwrap();
    let (_, err, code) = text(&stage.run(&["--root", "root", "loop"]));
    assert_eq!(code, Some(3), "{err}");
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
        assert!(!err.contains("readonly"), "{what}: {err}");
    }
}

/// Everything that can be told from its times is an hour old.
fn settle(stage: &Stage) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let folder = stage.path("root/nix/var/nix/db");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::File::options()
            .write(true)
            .open(entry.unwrap().path());
        file.unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn an_answer_is_kept_until_nix_writes() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    settle(&stage);
    let all = paths();
    let scan = || text(&stage.run(&["--root", "root", "--verbose", &all.system]));
    let same = "nothing changed since it was scanned before";
    let (first, err, _) = scan();
    assert!(!err.contains(same), "{err}");
    let (second, err, _) = scan();
    assert!(err.contains(same), "{err}");
    assert_eq!(first, second);
    let database = stage.path("root/nix/var/nix/db/db.sqlite");
    let writer = rusqlite::Connection::open(&database).unwrap();
    let refer = "INSERT INTO Refs (referrer, reference) SELECT a.id, b.id \
                 FROM ValidPaths a, ValidPaths b WHERE a.path = ?1 AND b.path = ?2";
    writer.execute(refer, [&all.system, &all.alone]).unwrap();
    let (out, err, _) = scan();
    assert!(out.contains("openssl-3.0.12"), "{out}{err}");
    // What was written a moment ago is not kept: it could be written again at the same time.
    let (_, err, _) = scan();
    assert!(!err.contains(same), "{err}");
}

#[test]
fn a_database_that_is_locked_or_left_half_done_is_told() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let folder = stage.path("root/nix/var/nix/db");
    let writer = rusqlite::Connection::open(folder.join("db.sqlite")).unwrap();
    writer
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN EXCLUSIVE; \
             CREATE TABLE Filler (text); UPDATE ValidPaths SET narSize = 2;",
        )
        .unwrap();
    // Pages go to the file before the transaction ends.
    for _ in 0..200 {
        writer
            .execute("INSERT INTO Filler VALUES (?1)", ["x".repeat(2000)])
            .unwrap();
    }
    // As a power cut would leave it.
    let cut = stage.path("cut/nix/var/nix/db");
    std::fs::create_dir_all(&cut).unwrap();
    for name in ["db.sqlite", "db.sqlite-journal"] {
        // By another process: this one would lose its lock with the first file that it closes.
        let copied = Command::new("cp")
            .args([folder.join(name), cut.join(name)])
            .status();
        assert!(copied.unwrap().success());
    }
    let system = paths().system;
    let (_, err, code) = text(&stage.run(&["--root", "cut", &system]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("half done"), "{err}");
    let (_, err, code) = text(&stage.run(&["--root", "root", &system]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("locked"), "{err}");
}

/// `openssl-3.0.13`, built by a derivation that applies a patch; the system's derivation needs it, and
/// the system does not refer to it.
fn with_derivations(stage: &Stage, patch: Option<&str>) -> Option<(String, String)> {
    let path = |letter: char, name: &str| format!("/nix/store/{}-{name}", digest(letter));
    let (system, openssl) = (path('a', "system-1"), path('b', "openssl-3.0.13"));
    let (system_drv, openssl_drv) = (path('f', "system-1.drv"), path('g', "openssl-3.0.13.drv"));
    let patch_path = path('h', "fix-overflow.patch");
    let registration = [
        entry(&openssl, &openssl_drv, &[]),
        entry(&system, &system_drv, &[]),
    ];
    if !fill(stage, &registration.concat()) {
        return None;
    }
    let store = stage.path("root/nix/store");
    std::fs::create_dir_all(&store).unwrap();
    let put = |path: &str, text: &str| {
        std::fs::write(store.join(&path["/nix/store/".len()..]), text).unwrap();
    };
    let derivation = |name: &str, out: &str, inputs: &str, patches: &str| {
        format!(
            "Derive([(\"out\",\"{out}\",\"\",\"\")],[{inputs}],[],\"x86_64-linux\",\"/bin/sh\",[],\
             [(\"name\",\"{name}\"),(\"out\",\"{out}\"),(\"patches\",\"{patches}\")])"
        )
    };
    put(
        &openssl_drv,
        &derivation("openssl-3.0.13", &openssl, "", &patch_path),
    );
    let needed = format!("(\"{openssl_drv}\",[\"out\"])");
    put(&system_drv, &derivation("system-1", &system, &needed, ""));
    if let Some(text) = patch {
        put(&patch_path, text);
    }
    Some((system, openssl))
}

#[test]
fn a_patch_whose_header_names_an_advisory_mends_it() {
    let stage = Stage::new();
    let Some((_, openssl)) = with_derivations(&stage, None) else {
        return;
    };
    let scan = |stage: &Stage, more: &[&str]| {
        text(&stage.run(&[&["--root", "root"], more, &[&openssl]].concat()))
    };
    let (out, err, code) = scan(&stage, &[]);
    assert_eq!(code, Some(1), "{err}");
    assert!(!out.contains("its patches are not known"), "{out}");
    let stage = Stage::new();
    let header =
        "An overflow (CVE-2024-1001)\n\n--- a/crypto/x.c\n+++ b/crypto/x.c\n@@ -1 +1 @@\n-a\n+b\n";
    with_derivations(&stage, Some(header));
    let (out, _, code) = scan(&stage, &[]);
    assert_eq!(code, Some(0), "{out}");
    let (out, _, _) = scan(&stage, &["--explain", "CVE-2024-1001"]);
    assert!(out.contains("openssl-3.0.13 (openssl): fixed"), "{out}");
    assert!(
        out.contains("its header names CVE-2024-1001; it touches crypto/x.c"),
        "{out}"
    );
}

#[test]
fn what_built_a_system_is_scanned_on_request() {
    let stage = Stage::new();
    let Some((system, _)) = with_derivations(&stage, None) else {
        return;
    };
    let (out, err, code) = text(&stage.run(&["--root", "root", &system]));
    assert_eq!(code, Some(0), "{out}{err}");
    let (out, _, code) = text(&stage.run(&["--root", "root", "--buildtime", &system]));
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("openssl-3.0.13"), "{out}");
}

#[test]
fn roots_of_the_garbage_collector_are_scanned() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let all = paths();
    let state = stage.path("root/nix/var/nix");
    std::fs::create_dir_all(state.join("gcroots/auto")).unwrap();
    std::fs::create_dir_all(state.join("profiles")).unwrap();
    let (_, err, code) = text(&stage.run(&["--root", "root", "--gc-roots"]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("no root of the garbage collector"), "{err}");
    // A root may lead over a link elsewhere, or nowhere.
    std::os::unix::fs::symlink(&all.curl, stage.path("root/result")).unwrap();
    std::os::unix::fs::symlink("/result", state.join("gcroots/auto/1")).unwrap();
    std::os::unix::fs::symlink("/gone", state.join("gcroots/auto/2")).unwrap();
    let (out, err, code) = text(&stage.run(&["--root", "root", "--gc-roots"]));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        out.contains("curl-8.4.0") && out.contains("openssl-3.0.13"),
        "{out}"
    );
    assert!(!out.contains("openssl-3.0.12"), "{out}");
    std::os::unix::fs::symlink(&all.alone, state.join("profiles/system-1-link")).unwrap();
    let (out, _, _) = text(&stage.run(&["--root", "root", "--gc-roots"]));
    assert!(out.contains("openssl-3.0.12"), "{out}");
}
