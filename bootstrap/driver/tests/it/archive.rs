//! A Debian archive: what it signed, what somebody else wrote in its place, and sources taken along.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use snowguard_bootstrap::graph::Digest;

use crate::world::{World, err};

/// The suite in `tests/data/archive` lists this content of the source.
const CONTENT: &[u8] = b"test";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/archive")
        .join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).expect("test data")
}

fn declares(content: &[u8]) -> World {
    World::new(&format!(
        r#"
format = 1
[[source]]
name = "source"
sha256 = "{}"
size = {}
debian = "pool/main/s/source/source.tar"
suite = "test"
description = "A test."
[[step]]
name = "copied"
description = "A test."
sources = ["source"]
[[step.action]]
copy = {{ from = "/src/source", to = "/out/x" }}
"#,
        Digest::of(content),
        content.len()
    ))
}

/// `sources check` against a mirror that has these two files.
fn check(world: &World, release: &[u8], index: &[u8], keyring: &str) -> Option<Output> {
    let gpgv = Command::new("gpgv").arg("--version").output();
    if !gpgv.is_ok_and(|told| told.status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "gpgv is missing; signatures can't be tested"
        );
        eprintln!("gpgv is missing: left out");
        return None;
    }
    let ok = |content: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            content.len()
        );
        (head, content.to_vec())
    };
    let (address, _server) = crate::sources::serve(vec![ok(release), ok(index)]);
    let mut command = world.command(&["sources", "check", "--mirror", &address, "--keyring"]);
    Some(
        command
            .arg(data(keyring))
            .output()
            .expect("the driver starts"),
    )
}

#[test]
fn what_debian_signed_is_told() {
    let world = declares(CONTENT);
    let (release, index) = (read("InRelease"), read("Sources.xz"));
    let Some(output) = check(&world, &release, &index, "keyring.gpg") else {
        return;
    };
    assert!(output.status.success(), "{}", err(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.starts_with("signed             test "), "{told}");

    let world = declares(b"tesu");
    let output = check(&world, &release, &index, "keyring.gpg").expect("gpgv");
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.starts_with("ANOTHER HASH"), "{told}");
}

#[test]
fn a_forged_release_is_refused() {
    let world = declares(CONTENT);
    let (release, index) = (read("InRelease"), read("Sources.xz"));
    let text = String::from_utf8(release.clone()).expect("text");
    let refused = |release: &[u8], index: &[u8], keyring: &str, why: &str| {
        let output = check(&world, release, index, keyring)?;
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        assert!(err(&output).contains(why), "{}", err(&output));
        assert_eq!(output.stdout, b"");
        Some(())
    };
    // Signed by somebody, and not by the archive.
    let by_other = refused(&release, &index, "other.gpg", "gpgv refuses it");
    if by_other.is_none() {
        return;
    }
    // One digit changed, the signature left away, and more added behind it.
    let changed = text.replacen(" 244 ", " 245 ", 1);
    assert_ne!(changed, text);
    refused(changed.as_bytes(), &index, "keyring.gpg", "gpgv refuses it");
    let body = text.split("-----BEGIN PGP SIGNATURE").next().expect("text");
    refused(body.as_bytes(), &index, "keyring.gpg", "gpgv refuses it");
    let unsigned = body.split("\n\n").nth(1).expect("the list");
    refused(
        unsigned.as_bytes(),
        &index,
        "keyring.gpg",
        "gpgv refuses it",
    );
    // Another index than the signed one.
    let mut other = index.clone();
    other[100] ^= 1;
    refused(
        &release,
        &other,
        "keyring.gpg",
        "is not the one that was signed",
    );
}

#[test]
fn text_around_what_was_signed_does_not_count() {
    let hash = Digest::of(b"tesu");
    let world = declares(b"tesu");
    let mut release = format!("SHA256:\n {hash} 4 main/source/Sources.xz\n\n").into_bytes();
    release.extend(read("InRelease"));
    let Some(output) = check(&world, &release, &read("Sources.xz"), "keyring.gpg") else {
        return;
    };
    // Either gpgv refuses it, or it gives out the signed part alone.
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
}

#[test]
fn a_bundle_of_all_sources_is_enough_on_a_machine_without_network() {
    let world = declares(CONTENT);
    world.write("sources/source.tar", CONTENT);
    let path = |name: &str| world.path(name).to_str().expect("a path").to_owned();
    let bundled = world.driver(&[
        "sources",
        "bundle",
        "--sources",
        &path("sources"),
        &path("bundle"),
    ]);
    assert!(bundled.status.success(), "{}", err(&bundled));
    assert!(
        err(&bundled).contains("1 sources, 4 bytes"),
        "{}",
        err(&bundled)
    );
    // Elsewhere: another store, and no other folder.
    std::fs::remove_dir_all(world.path("sources")).expect("removed");
    let build = |from: &str, store: &str| {
        world.driver(&["build", "--sources", &path(from), "--store", &path(store)])
    };
    let built = build("bundle", "store");
    assert!(built.status.success(), "{}", err(&built));
    // Damaged on its way, it is refused.
    let file = world.path("bundle").join(Digest::of(CONTENT).to_string());
    std::fs::write(file, "tesu").expect("a file");
    let refused = build("bundle", "other");
    assert_eq!(refused.status.code(), Some(4), "{}", err(&refused));
    let left = snowguard_bootstrap::store::remove_tree(&world.path("other"));
    left.expect("removed");
}
