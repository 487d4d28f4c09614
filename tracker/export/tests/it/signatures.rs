//! Signatures as other programs check and make them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use snowguard_tracker_export::Digests;
use snowguard_tracker_export::Document;
use snowguard_tracker_export::signing::{PublicKey, Sealed, SecretKey, SigningWriter};

use crate::sample::at;

fn key() -> SecretKey {
    SecretKey::from_seed(*b"snowkey1", &[42; 32])
}

fn document(path: &str, bytes: &[u8]) -> Document {
    Document {
        path: path.to_owned(),
        media_type: "application/json",
        bytes: bytes.to_vec(),
    }
}

/// Runs a program in a folder; `None`, said out loud, where it is not here.
fn program(folder: &Path, name: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .output()
    {
        Ok(output) => Some(output),
        Err(error) => {
            println!("left out: signatures are not checked with {name}: {error}");
            None
        }
    }
}

#[test]
fn minisign_accepts_what_is_signed_and_refuses_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at_path = |name: &str| folder.path().join(name);
    let file = document(
        "osv/all.jsonl",
        &b"{\"id\":\"NIXPKGS-2026-0001\"}\n".repeat(100_000),
    );
    let sealed = Sealed::of(&file, &key(), at("2026-06-01T12:00:00.5Z"));
    assert_eq!(sealed.signature.path, "osv/all.jsonl.minisig");
    fs::write(at_path("all.jsonl"), &file.bytes).unwrap();
    fs::write(at_path("all.jsonl.minisig"), &sealed.signature.bytes).unwrap();
    fs::write(at_path("key.pub"), key().public().to_text()).unwrap();
    let verify = |options: &[&str]| {
        program(
            folder.path(),
            "minisign",
            &[&["-V", "-m", "all.jsonl"], options].concat(),
        )
    };
    let Some(output) = verify(&["-p", "key.pub", "-H"]) else {
        return;
    };
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("Trusted comment: timestamp:1780315200\tfile:all.jsonl\thashed"),
        "{told}"
    );
    let line = key().public().to_base64();
    assert!(verify(&["-P", &line]).unwrap().status.success());
    let other = SecretKey::from_seed(*b"snowkey1", &[43; 32])
        .public()
        .to_base64();
    assert!(!verify(&["-P", &other]).unwrap().status.success());
    // The trusted comment is signed too.
    let text = String::from_utf8(sealed.signature.bytes.clone()).unwrap();
    fs::write(
        at_path("all.jsonl.minisig"),
        text.replace("file:all", "file:any"),
    )
    .unwrap();
    assert!(!verify(&["-P", &line]).unwrap().status.success());
    fs::write(at_path("all.jsonl.minisig"), &sealed.signature.bytes).unwrap();
    fs::write(at_path("all.jsonl"), &file.bytes[1..]).unwrap();
    assert!(!verify(&["-P", &line]).unwrap().status.success());
}

#[test]
fn keys_go_from_minisign_to_us_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let at_path = |name: &str| folder.path().join(name);
    let made = program(
        folder.path(),
        "minisign",
        &["-G", "-W", "-p", "made.pub", "-s", "made.key"],
    );
    let Some(made) = made else { return };
    assert!(made.status.success(), "{made:?}");
    let theirs = SecretKey::parse(&fs::read_to_string(at_path("made.key")).unwrap()).unwrap();
    let public = fs::read_to_string(at_path("made.pub")).unwrap();
    assert_eq!(PublicKey::parse(&public).unwrap(), theirs.public());
    // minisign writes the number without zeros before it.
    let named = public
        .lines()
        .next()
        .and_then(|line| line.rsplit(' ').next());
    assert_eq!(format!("{:0>16}", named.unwrap()), theirs.public().id());
    // Ours, used by minisign to sign.
    fs::write(at_path("ours.key"), key().to_text().as_bytes()).unwrap();
    fs::write(at_path("x"), "x").unwrap();
    let signed = program(
        folder.path(),
        "minisign",
        &["-S", "-W", "-s", "ours.key", "-m", "x"],
    );
    let signed = signed.unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let line = key().public().to_base64();
    let verified = program(folder.path(), "minisign", &["-V", "-P", &line, "-m", "x"]);
    assert!(verified.unwrap().status.success());
}

#[test]
fn the_list_of_digests_is_checked_by_sha256sum_and_signed_for_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let at_path = |name: &str| folder.path().join(name);
    let mut digests = Digests::new();
    for (name, bytes) in [
        ("b.json", b"b\n"),
        ("a.json", b"a\n"),
        ("new\nline\\", b"c\n"),
    ] {
        digests.add(&document(name, bytes));
        fs::write(at_path(name), bytes).unwrap();
    }
    let list = digests.document();
    assert_eq!(list.path, "SHA256SUMS");
    fs::write(at_path("SHA256SUMS"), &list.bytes).unwrap();
    fs::write(at_path("SHA256SUMS.sig"), key().sign_digests(&digests)).unwrap();
    fs::write(at_path("key.pem"), key().public().to_pem()).unwrap();
    let check = || {
        program(
            folder.path(),
            "sha256sum",
            &["--check", "--strict", "SHA256SUMS"],
        )
    };
    if let Some(output) = check() {
        assert!(output.status.success(), "{output:?}");
        fs::write(at_path("a.json"), "A\n").unwrap();
        assert!(!check().unwrap().status.success());
    }
    let verify = || {
        let arguments = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key.pem",
            "-rawin",
            "-in",
            "SHA256SUMS",
            "-sigfile",
            "SHA256SUMS.sig",
        ];
        program(folder.path(), "openssl", &arguments)
    };
    if let Some(output) = verify() {
        assert!(output.status.success(), "{output:?}");
        fs::write(at_path("SHA256SUMS"), &list.bytes[1..]).unwrap();
        assert!(!verify().unwrap().status.success());
    }
}

#[test]
fn what_is_written_in_pieces_is_signed_as_a_whole() {
    let file = document("x", b"one two three");
    let now = at("2026-06-01T12:00:00Z");
    let mut writer = SigningWriter::new(Vec::new());
    for piece in [&b"one "[..], b"", b"two", b" three"] {
        writer.write_all(piece).unwrap();
    }
    let (bytes, sealed) = writer.finish(&key(), "x", now);
    assert_eq!(bytes, file.bytes);
    assert_eq!(sealed, Sealed::of(&file, &key(), now));
}
