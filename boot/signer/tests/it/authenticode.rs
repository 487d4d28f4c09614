//! Signatures of images: ours, and those of sbsign and osslsigncode.

use std::path::Path;
use std::process::Command;

use snowguard_boot_format::authenticode::{
    AuthenticodeError, Signature, chain_to, digest_to_sign, remove, remove_all, sign, signatures,
};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pe::{File, PeError};
use snowguard_boot_format::signer::Signer;
use snowguard_boot_signer::{KeyKindToMake, Secret, SoftwareKey, SoftwareSigner};

use crate::image::image;
use crate::material::{certify, signer, some_day};
use crate::tools::{must, there};

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
    files_of(folder, key)
}

fn files_of(folder: &Path, key: SoftwareKey) -> (SoftwareSigner, String, String) {
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
            !Command::new("sbverify")
                .args(["--cert", &cert])
                .arg(&ours)
                .output()
                .expect("starts")
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

/// A key that openssl makes, in a moment where this program takes seconds.
fn made_by_openssl(folder: &Path, arguments: &[&str]) -> SoftwareKey {
    let path = folder.join("made").display().to_string();
    must(
        "openssl",
        &[&["genpkey", "-quiet", "-out", &path], arguments].concat(),
    );
    let text = std::fs::read_to_string(&path).expect("there");
    SoftwareKey::from_pem(&text, "made", &Secret::Ask).expect("a key")
}

/// What other programs make of every kind of key and digest.
///
/// sbsign and sbverify know SHA-256 only, and osslsigncode takes no image signed with an elliptic curve, so openssl
/// verifies the PKCS #7 of all of them by itself.
#[test]
fn others_accept_longer_rsa_keys_and_elliptic_curves_with_longer_digests() {
    if !there("openssl") || !there("sbverify") || !there("sbsign") || !there("osslsigncode") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (kind, bits_or_curve, digests) in [
        ("RSA", "rsa_keygen_bits:3072", ["sha256", "sha384"]),
        ("RSA", "rsa_keygen_bits:4096", ["sha256", "sha512"]),
        ("EC", "ec_paramgen_curve:P-256", ["sha256", "sha384"]),
        ("EC", "ec_paramgen_curve:P-384", ["sha256", "sha384"]),
    ] {
        let arguments = ["-algorithm", kind, "-pkeyopt", bits_or_curve];
        let (signer, key, cert) =
            files_of(folder.path(), made_by_openssl(folder.path(), &arguments));
        std::fs::write(at("plain"), image(b"code", 5)).expect("written");
        for name in digests {
            let algorithm = DigestAlgorithm::named(name).expect("known");
            let ours =
                sign(image(b"code", 5), &signer, algorithm, Some(some_day())).expect("signed");
            std::fs::write(at("ours"), &ours).expect("written");
            let (pkcs7, content) = parts(&ours);
            std::fs::write(at("pkcs7"), pkcs7).expect("written");
            std::fs::write(at("content"), content).expect("written");
            must(
                "openssl",
                &[
                    &["smime", "-verify", "-inform", "DER", "-binary", "-noverify"][..],
                    &["-in", &at("pkcs7"), "-content", &at("content")],
                    &["-out", "/dev/null"],
                ]
                .concat(),
            );
            if name == "sha256" {
                let told = must("sbverify", &["--cert", &cert, &at("ours")]);
                assert!(told.contains("Signature verification OK"), "{told}");
                let arguments = ["--key", &key, "--cert", &cert, "--output"];
                must(
                    "sbsign",
                    &[&arguments[..], &[&at("theirs"), &at("plain")]].concat(),
                );
                let theirs = std::fs::read(at("theirs")).expect("there");
                check(&theirs, &signer).expect("sbsign's signature verifies");
            }
            let told = must(
                "osslsigncode",
                &["verify", "-CAfile", &cert, "-in", &at("ours")],
            );
            assert!(told.contains("Signature verification: ok"), "{told}");
            let _absent_at_first = std::fs::remove_file(at("theirs"));
            let arguments = ["sign", "-certs", &cert, "-key", &key, "-h", name];
            must(
                "osslsigncode",
                &[
                    &arguments[..],
                    &["-in", &at("plain"), "-out", &at("theirs")],
                ]
                .concat(),
            );
            let theirs = std::fs::read(at("theirs")).expect("there");
            check(&theirs, &signer).expect("osslsigncode's signature verifies");
        }
    }
}

/// The PKCS #7 of the one signature, and the SpcIndirectData in it without its outermost frame.
fn parts(signed: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let file = File::parse(signed).expect("whole");
    let table = file.certificates().expect("a table");
    let pkcs7 = table.last().expect("one").expect("whole").data.to_vec();
    // contentInfo's identifier 1.3.6.1.4.1.311.2.1.4, then [0] with the content.
    let identifier = [0x06, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
    let at = pkcs7
        .windows(identifier.len())
        .position(|window| window == identifier)
        .expect("the content's kind");
    // Short or long lengths: [0] and SEQUENCE of less than 256 bytes.
    let rest = &pkcs7[at + identifier.len()..];
    let header = |bytes: &[u8]| {
        if bytes[1] < 0x80 {
            (2, bytes[1].into())
        } else {
            (3, bytes[2].into())
        }
    };
    let (outer, _): (usize, usize) = header(rest);
    let (inner, length): (usize, usize) = header(&rest[outer..]);
    let content = rest[outer + inner..][..length].to_vec();
    (pkcs7, content)
}
