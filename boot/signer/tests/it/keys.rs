//! Keys in files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::x509::Certificate;
use snowguard_boot_signer::{
    KeyKindToMake, Secret, SignerError, SoftwareKey, SoftwareSigner, open_pem,
};

use crate::material::certify;
use crate::tools::{must, there};

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (key_path, cert_path) = (folder.path().join("k"), folder.path().join("c"));
    let key = SoftwareKey::generate(KeyKindToMake::P256).expect("random numbers");
    write(&key_path, &key.to_pem().expect("encodable"), 0o600);
    write(&cert_path, &certify(&key, "x").to_pem(), 0o644);
    open_pem(&key_path, &cert_path, &Secret::Ask).expect("the owner's alone");
    for mode in [0o640, 0o604, 0o622, 0o644] {
        std::fs::set_permissions(&key_path, std::fs::Permissions::from_mode(mode)).expect("set");
        let error = open_pem(&key_path, &cert_path, &Secret::Ask).expect_err("readable by others");
        assert!(
            matches!(error, SignerError::Permissions { mode: m, .. } if m == mode),
            "{error}"
        );
    }
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let key = SoftwareKey::generate(KeyKindToMake::P256).expect("random numbers");
    let other = SoftwareKey::generate(KeyKindToMake::P256).expect("random numbers");
    let error = SoftwareSigner::new(key, vec![certify(&other, "other")]).expect_err("another");
    assert!(matches!(error, SignerError::Mismatch { .. }));
}

#[test]
fn keys_of_openssl_are_read_in_every_form() {
    if !there("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (key, cert) = (at("key"), at("cert"));
    for new_key in [
        &["rsa:2048"][..],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    ] {
        let mut arguments = vec!["req", "-x509", "-nodes", "-subj", "/CN=openssl", "-newkey"];
        arguments.extend(new_key);
        arguments.extend(["-keyout", &key, "-out", &cert]);
        must("openssl", &arguments);
        let traditional = at("traditional");
        let kind = if new_key[0] == "ec" { "ec" } else { "rsa" };
        let mut convert = vec![kind, "-in", &key, "-out", &traditional];
        if kind == "rsa" {
            convert.push("-traditional");
        }
        must("openssl", &convert);
        for file in [&key, &traditional] {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("set");
            let signer = open_pem(Path::new(file), Path::new(&cert), &Secret::Ask).expect("read");
            assert_eq!(signer.certificate().subject().to_string(), "CN=openssl");
        }
    }
}

#[test]
fn encrypted_keys_of_openssl_open_with_their_passphrase_and_no_other() {
    if !there("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (plain, cert, encrypted) = (at("plain"), at("cert"), at("encrypted"));
    let key = SoftwareKey::generate(KeyKindToMake::P256).expect("random numbers");
    write(Path::new(&plain), &key.to_pem().expect("encodable"), 0o600);
    write(Path::new(&cert), &certify(&key, "x").to_pem(), 0o644);
    let (right, wrong) = (at("right"), at("wrong"));
    write(Path::new(&right), "correct horse\n", 0o600);
    write(Path::new(&wrong), "correct house\n", 0o600);
    let secret = |path: &str| Secret::File(path.into());
    let open = |passphrase: &Secret| open_pem(Path::new(&encrypted), Path::new(&cert), passphrase);
    let from_file = format!("file:{right}");
    for means in [
        &["-v2", "aes-256-cbc"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
        &["-scrypt"],
    ] {
        let mut arguments = vec!["pkcs8", "-topk8", "-in", &plain, "-out", &encrypted];
        arguments.extend(["-passout", &from_file]);
        arguments.extend(means);
        must("openssl", &arguments);
        write(
            Path::new(&encrypted),
            &std::fs::read_to_string(&encrypted).expect("there"),
            0o600,
        );
        open(&secret(&right)).expect("opens");
        let error = open(&secret(&wrong)).expect_err("another passphrase");
        assert!(matches!(error, SignerError::Passphrase { .. }), "{error}");
    }
    // Through a descriptor, as a password manager gives it.
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut writer, b"correct horse\n").expect("written");
    drop(writer);
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&reader);
    open(&secret(&format!("/dev/fd/{descriptor}"))).expect("opens");
    // A passphrase that everybody can read is none.
    std::fs::set_permissions(&right, std::fs::Permissions::from_mode(0o644)).expect("set");
    assert!(matches!(
        open(&secret(&right)),
        Err(SignerError::Permissions { .. })
    ));
    must(
        "openssl",
        &[
            "ec", "-aes256", "-in", &plain, "-out", &encrypted, "-passout", "pass:x",
        ],
    );
    let error = open(&Secret::Ask).expect_err("the old way");
    assert!(
        error.to_string().contains("openssl pkcs8 -topk8"),
        "{error}"
    );
}

#[test]
fn openssl_accepts_our_certificates() {
    if !there("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cert = folder.path().join("c.pem").display().to_string();
    for kind in [
        KeyKindToMake::Rsa2048,
        KeyKindToMake::P256,
        KeyKindToMake::P384,
    ] {
        let key = SoftwareKey::generate(kind).expect("random numbers");
        std::fs::write(&cert, certify(&key, "Platform Key").to_pem()).expect("written");
        must(
            "openssl",
            &["verify", "-CAfile", &cert, "-check_ss_sig", &cert],
        );
        let told = must(
            "openssl",
            &["x509", "-in", &cert, "-noout", "-subject", "-enddate"],
        );
        assert!(told.contains("Platform Key"), "{told}");
    }
}

#[test]
fn bad_keys_are_refused_with_the_reason() {
    for (text, reason) in [
        ("", "no block of a private key"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "neither RSA nor",
        ),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "no END line"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "encrypted",
        ),
    ] {
        let error = SoftwareKey::from_pem(text, "x", &Secret::Ask).expect_err("bad");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(Certificate::from_pem("nothing").is_err());
}
