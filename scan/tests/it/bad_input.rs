//! Bad input, by the list: what is broken or hostile is told, and nothing worse happens.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use snowguard_advisory_file::SecretKey;

use crate::stage::{Stage, digest, text};

fn told(stage: &Stage, arguments: &[&str]) -> (String, Option<i32>) {
    let (_, err, code) = text(&stage.run(arguments));
    assert!(!err.contains("panicked"), "{err}");
    (err, code)
}

fn list(stage: &Stage) {
    stage.put("list", &format!("{}-curl-8.4.0\n", digest('b')));
}

#[test]
fn a_truncated_advisory_file() {
    let stage = Stage::new();
    list(&stage);
    let whole = fs::read(stage.path("advisories")).unwrap();
    for length in [0, 7, 11, 60, whole.len() / 2, whole.len() - 1] {
        fs::write(stage.path("advisories"), &whole[..length]).unwrap();
        let (err, code) = told(&stage, &["list"]);
        assert_eq!(code, Some(4), "{length}: {err}");
    }
}

#[test]
fn a_hostile_advisory_file_of_a_trusted_key() {
    let stage = Stage::new();
    list(&stage);
    let whole = fs::read(stage.path("advisories")).unwrap();
    // A header that is signed and no header, or one that points past the body.
    for bytes in [
        &b"\x00\x00\x00\x00"[..],
        b"\x08\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x0f",
        &whole,
    ] {
        let signed = snowguard_advisory_file::sign_anything(bytes, &stage.key);
        fs::write(stage.path("advisories"), signed).unwrap();
        let (err, code) = told(&stage, &["list"]);
        assert_eq!(code, Some(4), "{err}");
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let stage = Stage::new();
    // Sparse: it takes no space.
    let huge = File::create(stage.path("huge.json")).unwrap();
    huge.set_len((1 << 30) + 2).unwrap();
    let (err, code) = told(&stage, &["huge.json"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("more than 1073741824 bytes"), "{err}");
}

#[test]
fn truncated_and_hostile_json() {
    let stage = Stage::new();
    let deep = "[".repeat(100_000);
    let nested = format!(
        r#"{{"bomFormat":"CycloneDX","components":{}{}}}"#,
        r#"[{"name":"a","components":"#.repeat(200),
        "[]".to_owned() + &"}]".repeat(200)
    );
    for (name, body) in [
        ("cut", r#"{"/nix/store/"#),
        ("deep", deep.as_str()),
        ("nested", nested.as_str()),
        ("bom", r#"{"bomFormat":"CycloneDX","components":{}}"#),
        ("spdx", r#"{"spdxVersion":"SPDX-2.3","packages":[1]}"#),
        ("channel", r#"{"version":2,"packages":[]}"#),
        ("tags", "SPDXVersion: SPDX-2.3\nno tag here\n"),
    ] {
        stage.put(name, body);
        let (err, code) = told(&stage, &[name]);
        assert_eq!(code, Some(3), "{name}: {err}");
    }
    // What is packed and bursts, or is not packed at all.
    stage.put("packages.json.br", "no brotli");
    assert_eq!(told(&stage, &["packages.json.br"]).1, Some(3));
}

#[test]
fn truncated_and_hostile_derivations() {
    let stage = Stage::new();
    for (name, body) in [
        ("a.drv", "Derive("),
        (
            "b.drv",
            "Derive([(\"out\",\"/nix/store/../../etc/passwd\",\"\",\"\")],[],[],\"x\",\"\",[],[])",
        ),
        (
            "c.drv",
            "DrvWithVersion(\"x\",Derive([],[],[],\"\",\"\",[],[]))",
        ),
    ] {
        stage.put(name, body);
        let (err, code) = told(&stage, &[name]);
        assert_eq!(code, Some(3), "{name}: {err}");
    }
}

#[test]
fn paths_outside_the_store() {
    let stage = Stage::new();
    for body in [
        "/etc/passwd\n",
        "/nix/store\n",
        "/nix/store/..\n",
        "../../x\n",
    ] {
        stage.put("list", body);
        let (err, code) = told(&stage, &["list"]);
        assert_eq!(code, Some(3), "{body}: {err}");
        assert!(err.contains("line 1"), "{err}");
    }
    assert_eq!(told(&stage, &["/etc"]).1, Some(3));
}

#[test]
fn symlink_loops() {
    let stage = Stage::new();
    symlink("b", stage.path("a")).unwrap();
    symlink("a", stage.path("b")).unwrap();
    let (err, code) = told(&stage, &["a"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("does not lead into"), "{err}");
    // And among the roots of the garbage collector.
    let roots = stage.path("root/nix/var/nix/gcroots/auto");
    fs::create_dir_all(&roots).unwrap();
    symlink("y", roots.join("x")).unwrap();
    symlink("x", roots.join("y")).unwrap();
    symlink("..", roots.join("up")).unwrap();
    let (err, code) = told(&stage, &["--root", "root", "--gc-roots"]);
    assert_eq!(code, Some(3), "{err}");
}

#[test]
fn a_database_signed_by_another_key() {
    let stage = Stage::new();
    list(&stage);
    let other = SecretKey::from_seed("test-1", &[4; 32]).unwrap();
    stage.write(&other, jiff::Timestamp::now().as_millisecond());
    let (err, code) = told(&stage, &["list"]);
    assert_eq!(code, Some(4));
    assert!(err.contains("none of the trusted keys"), "{err}");
}

#[test]
fn a_clock_far_in_the_past() {
    let stage = Stage::new();
    list(&stage);
    // To this machine the file is from the future, as every file is to a clock of 1970.
    let future = jiff::Timestamp::now().as_millisecond() + 40 * 365 * 24 * 3600 * 1000;
    stage.write(&stage.key, future);
    let (err, code) = told(&stage, &["--max-age", "1", "list"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("is the clock right?"), "{err}");
}

#[test]
fn an_ordinary_user_writes_nothing_but_the_cache() {
    let stage = Stage::new();
    list(&stage);
    // Where the cache cannot be written, the scan is good all the same.
    fs::write(stage.path(".cache"), "a file, not a folder").unwrap();
    let before: Vec<_> = fs::read_dir(stage.folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let (err, code) = told(&stage, &["list"]);
    assert_eq!(code, Some(1), "{err}");
    let after: Vec<_> = fs::read_dir(stage.folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert_eq!(before.len(), after.len());
    let mode = fs::metadata(stage.path("advisories"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0);
}
