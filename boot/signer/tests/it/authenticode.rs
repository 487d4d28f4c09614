//! Signatures of images: ours, and those of sbsign and osslsigncode.

use std::path::Path;

use snowguard_boot_format::authenticode::{
    AuthenticodeError, Signature, chain_to, digest_to_sign, remove, remove_all, sign, signatures,
};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pe::{File, PeError};
use snowguard_boot_format::signer::Signer;
use snowguard_boot_signer::{KeyKindToMake, SoftwareKey, SoftwareSigner};

use crate::image::image;
use crate::material::{certify, signer, some_day};
use crate::tools::{must, run, there};

const KINDS: [KeyKindToMake; 3] = [
    KeyKindToMake::Rsa2048,
    KeyKindToMake::P256,
    KeyKindToMake::P384,
];

fn sign_with(bytes: Vec<u8>, signer: &dyn Signer) -> Vec<u8> {
    sign(bytes, signer, DigestAlgorithm::Sha256, Some(some_day())).expect("signed")
}

/// The one signature, verified against the image and the certificate.
fn check(bytes: &[u8], by: &dyn Signer) -> Result<(), AuthenticodeError> {
    let file = File::parse(bytes)?;
    let entries = signatures(&file)?;
    let [entry] = entries.as_slice() else {
        panic!("{} signatures", entries.len());
    };
    let signature = entry.signature.clone()?;
    signature.matches(&file)?;
    let anchors = [by.certificate().clone()];
    assert!(chain_to(&signature.certificate, &signature.certificates, &anchors).is_some());
    Ok(())
}

#[test]
fn every_kind_of_key_and_digest_signs_and_verifies() {
    for kind in KINDS {
        let signer = signer(kind, "db");
        for algorithm in [
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ] {
            // Every remainder of the length by 8.
            for extra in 0..8 {
                let signed = sign(image(b"code", extra), &signer, algorithm, None).expect("signed");
                check(&signed, &signer).expect("verifies");
            }
        }
        let refused = sign(image(b"code", 0), &signer, DigestAlgorithm::Sha1, None);
        assert!(matches!(refused, Err(AuthenticodeError::WeakAlgorithm(_))));
    }
}

/// The one signature that is right in itself, over this image, and leads to this certificate.
fn accepted(bytes: &[u8], by: &dyn Signer) -> Option<Signature> {
    let file = File::parse(bytes).ok()?;
    let entries = signatures(&file).ok()?;
    let [entry] = entries.as_slice() else {
        return None;
    };
    let signature = entry.signature.clone().ok()?;
    signature.matches(&file).ok()?;
    let anchors = [by.certificate().clone()];
    let leads = chain_to(&signature.certificate, &signature.certificates, &anchors).is_some();
    leads.then_some(signature)
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let signer = signer(KeyKindToMake::P256, "db");
    let plain = image(b"code", 3);
    let table = plain.len().next_multiple_of(8);
    let signed = sign_with(plain, &signer);
    let original = accepted(&signed, &signer).expect("good");
    let checksum = 88 + 64..88 + 68;
    for at in 0..signed.len() {
        let mut changed = signed.clone();
        changed[at] ^= 0x10;
        match accepted(&changed, &signer) {
            None => {}
            Some(_) if at < table => assert!(checksum.contains(&at), "byte {at} may change"),
            // PKCS #7 has fields that nobody signs, such as its version: they decide nothing.
            Some(same) => assert_eq!(same, original, "byte {at} changes what was signed"),
        }
    }
}

#[test]
fn signatures_are_added_and_taken_away() {
    let (first, second) = (
        signer(KeyKindToMake::P256, "first"),
        signer(KeyKindToMake::Rsa2048, "second"),
    );
    let plain = image(b"code", 5);
    let once = sign_with(plain.clone(), &first);
    let twice = sign_with(once.clone(), &second);
    let file = File::parse(&twice).expect("whole");
    let names: Vec<String> = signatures(&file)
        .expect("a table")
        .into_iter()
        .map(|entry| {
            let signature = entry.signature.expect("right in itself");
            signature.matches(&file).expect("the image's");
            signature.certificate.subject().to_string()
        })
        .collect();
    assert_eq!(names, ["CN=first", "CN=second"]);

    assert_eq!(remove(twice.clone(), 1).expect("there"), once);
    let second_only = remove(twice.clone(), 0).expect("there");
    check(&second_only, &second).expect("still good");
    assert!(matches!(
        remove(twice.clone(), 2),
        Err(AuthenticodeError::NoSuchSignature {
            number: 2,
            count: 2
        })
    ));
    // What stays is the image, filled up.
    let mut filled = plain;
    filled.resize(filled.len().next_multiple_of(8), 0);
    assert_eq!(remove_all(twice).expect("whole"), filled);
    assert_eq!(remove(second_only, 0).expect("there"), filled);
}

#[test]
fn a_table_with_junk_is_not_signed_further() {
    let signer = signer(KeyKindToMake::P256, "db");
    let mut signed = sign_with(image(b"code", 0), &signer);
    signed.extend([1; 8]);
    assert_eq!(
        sign(signed, &signer, DigestAlgorithm::Sha256, None),
        Err(AuthenticodeError::Image(PeError::BytesAfterCertificates {
            count: 8
        }))
    );
}

#[test]
fn the_same_key_without_time_gives_the_same_bytes() {
    for kind in KINDS {
        let signer = signer(kind, "db");
        let make = || sign(image(b"code", 1), &signer, DigestAlgorithm::Sha256, None);
        assert_eq!(make(), make());
    }
}

/// A key and its certificate as files for other signers.
fn files(folder: &Path, kind: KeyKindToMake) -> (SoftwareSigner, String, String) {
    let key = SoftwareKey::generate(kind).expect("random numbers");
    let certificate = certify(&key, "db");
    let (key_path, cert_path) = (folder.join("db.key"), folder.join("db.pem"));
    std::fs::write(&key_path, key.to_pem().expect("encodable").as_bytes()).expect("written");
    std::fs::write(&cert_path, certificate.to_pem()).expect("written");
    let signer = SoftwareSigner::new(key, vec![certificate]).expect("fits");
    let text = |path: &Path| path.display().to_string();
    (signer, text(&key_path), text(&cert_path))
}

#[test]
fn sbverify_accepts_what_we_sign_and_we_what_sbsign_signs() {
    if !there("sbverify") || !there("sbsign") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for extra in [0, 1, 7] {
        let (signer, key, cert) = files(folder.path(), KeyKindToMake::Rsa2048);
        let (plain, ours, theirs) = (
            folder.path().join("plain.efi"),
            folder.path().join("ours.efi"),
            folder.path().join("theirs.efi"),
        );
        std::fs::write(&plain, image(b"code", extra)).expect("written");
        std::fs::write(&ours, sign_with(image(b"code", extra), &signer)).expect("written");
        let told = must("sbverify", &["--cert", &cert, &ours.display().to_string()]);
        assert!(told.contains("Signature verification OK"), "{told}");

        must(
            "sbsign",
            &[
                "--key",
                &key,
                "--cert",
                &cert,
                "--output",
                &theirs.display().to_string(),
                &plain.display().to_string(),
            ],
        );
        let bytes = std::fs::read(&theirs).expect("there");
        check(&bytes, &signer).expect("sbsign's signature verifies");

        // And both refuse a changed image.
        let mut changed = std::fs::read(&ours).expect("there");
        changed[513] ^= 1;
        std::fs::write(&ours, &changed).expect("written");
        assert!(
            !run("sbverify", &["--cert".as_ref(), cert.as_ref(), &ours])
                .status
                .success()
        );
        assert!(matches!(
            check(&changed, &signer),
            Err(AuthenticodeError::WrongDigest { .. })
        ));
    }
}

#[test]
fn osslsigncode_agrees_in_both_directions() {
    if !there("osslsigncode") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (signer, key, cert) = files(folder.path(), KeyKindToMake::Rsa2048);
    let at = |name: &str| folder.path().join(name).display().to_string();
    for extra in [0, 3] {
        std::fs::write(at("plain"), image(b"code", extra)).expect("written");
        std::fs::write(at("ours"), sign_with(image(b"code", extra), &signer)).expect("written");
        let told = must(
            "osslsigncode",
            &["verify", "-CAfile", &cert, "-in", &at("ours")],
        );
        assert!(told.contains("Signature verification: ok"), "{told}");
        let _ = std::fs::remove_file(at("theirs"));
        must(
            "osslsigncode",
            &[
                "sign",
                "-certs",
                &cert,
                "-key",
                &key,
                "-h",
                "sha256",
                "-in",
                &at("plain"),
                "-out",
                &at("theirs"),
            ],
        );
        let theirs = std::fs::read(at("theirs")).expect("there");
        check(&theirs, &signer).expect("osslsigncode's signature verifies");
        let file = File::parse(&theirs).expect("whole");
        let plain = image(b"code", extra);
        let plain = File::parse(&plain).expect("whole");
        assert_eq!(
            digest_to_sign(&plain, DigestAlgorithm::Sha256),
            snowguard_boot_format::authenticode::digest(&file, DigestAlgorithm::Sha256)
        );
    }
}
