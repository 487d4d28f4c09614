//! `sign`, `verify`, `remove-signature`.

use std::os::unix::fs::PermissionsExt;

use crate::image::image;
use crate::program::{Place, SIGNER};
use crate::tools::{must, there};

fn sign<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["sign"][..], rest, &SIGNER].concat()
}

#[test]
fn a_signed_image_is_allowed_and_a_changed_one_refused() {
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text", ".data"]));
    place.good(&sign(&["a.efi", "--output", "b.efi"]));
    let told = place.json(&["verify", "--certificate", "k/keys/db/db.pem", "b.efi"]);
    assert_eq!(told["allowed"], true);
    assert_eq!(
        told["images"][0]["signatures"][0]["signer"],
        "CN=Snowguard Database Key"
    );
    // The original is as it was, and allowed by nothing.
    assert_eq!(place.read("a.efi"), image(&[".text", ".data"]));
    place.ends(1, &["verify", "--certificate", "k/keys/db/db.pem", "a.efi"]);

    let mut changed = place.read("b.efi");
    changed[600] ^= 1;
    place.write("c.efi", &changed);
    let told = place.json(&["verify", "--certificate", "k/keys/db/db.pem", "c.efi"]);
    assert_eq!(told["allowed"], false);
    let problem = told["images"][0]["signatures"][0]["problem"]
        .as_str()
        .expect("one");
    assert!(problem.starts_with("the image was changed"), "{problem}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text"]));
    let told = place.json(&sign(&["a.efi", "--dry-run"]));
    assert_eq!(told["written"], false);
    assert_eq!(place.read("a.efi"), image(&[".text"]));
}

#[test]
fn signing_in_place_keeps_the_file_mode_and_adds_a_signature() {
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text"]));
    std::fs::set_permissions(place.at("a.efi"), std::fs::Permissions::from_mode(0o640))
        .expect("set");
    place.good(&sign(&["a.efi"]));
    place.good(&sign(&["a.efi"]));
    let mode = std::fs::metadata(place.at("a.efi"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    let told = place.json(&["inspect", "a.efi"]);
    assert_eq!(told["signatures"].as_array().map(Vec::len), Some(2));
    place.good(&sign(&["a.efi", "--replace"]));
    assert_eq!(
        place.json(&["inspect", "a.efi"])["signatures"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    place.good(&["remove-signature", "a.efi"]);
    assert_eq!(place.read("a.efi"), image(&[".text"]));
}

#[test]
fn an_image_in_dbx_is_refused_whatever_signed_it() {
    if !there("hash-to-efi-sig-list") || !there("cert-to-efi-sig-list") {
        return;
    }
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text"]));
    place.good(&sign(&["a.efi"]));
    must(
        "hash-to-efi-sig-list",
        &[&place.text("a.efi"), &place.text("dbx.esl")],
    );
    must(
        "cert-to-efi-sig-list",
        &[&place.text("k/keys/db/db.pem"), &place.text("db.esl")],
    );
    place.good(&["verify", "--db", "db.esl", "a.efi"]);
    let told = place.json(&["verify", "--db", "db.esl", "--dbx", "dbx.esl", "a.efi"]);
    assert_eq!(told["allowed"], false);
    assert!(
        told["images"][0]["reason"]
            .as_str()
            .expect("one")
            .starts_with("dbx holds its digest")
    );
    // A revoked certificate refuses as well; the same digest list as db allows.
    place.ends(1, &["verify", "--db", "db.esl", "--dbx", "db.esl", "a.efi"]);
    place.write("plain.efi", &image(&[".text"]));
    place.good(&["verify", "--db", "dbx.esl", "a.efi"]);
}

#[test]
fn an_expired_certificate_is_refused_and_can_be_insisted_on() {
    let place = Place::new();
    place.good(&[
        "keys", "create", "--folder", "k", "--kind", "p256", "--days", "1",
    ]);
    place.write("a.efi", &image(&[".text"]));
    let later = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_snowguard-boot"))
            .args(arguments)
            .current_dir(place.at(""))
            .env_clear()
            .env("SOURCE_DATE_EPOCH", "1767500000")
            .output()
            .expect("the program starts")
    };
    let refused = later(&sign(&["a.efi"]));
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--allow-expired"));
    assert!(later(&sign(&["a.efi", "--allow-expired"])).status.success());
    let verified = later(&["verify", "--certificate", "k/keys/db/db.pem", "a.efi"]);
    assert!(verified.status.success());
    assert!(
        String::from_utf8_lossy(&verified.stdout).contains("warning: the certificate is valid")
    );
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text"]));
    let key = place.at("k/keys/db/db.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).expect("set");
    let told = place.ends(3, &sign(&["a.efi"]));
    assert!(told.contains("must be its owner's alone"), "{told}");
    assert_eq!(place.read("a.efi"), image(&[".text"]));
}

/// Runs the program with a terminal of its own, types this at the first question, and shows all that stood there.
const TERMINAL: &str = "
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown, typed = b'', False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not typed and shown.endswith(b': '):
        typed = True
        os.write(terminal, sys.argv[1].encode() + b'\\n')
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// The key of db once more, under the passphrase "horse", and where it is.
fn encrypt(place: &Place) -> String {
    let (key, encrypted) = (place.text("k/keys/db/db.key"), place.text("encrypted"));
    let encrypt = ["pkcs8", "-topk8", "-in", &key, "-out", &encrypted];
    must(
        "openssl",
        &[&encrypt[..], &["-passout", "pass:horse"]].concat(),
    );
    encrypted
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal_and_not_shown() {
    if !there("openssl") || !there("python3") {
        return;
    }
    let place = Place::new().with_keys();
    let encrypted = encrypt(&place);
    std::fs::set_permissions(&encrypted, std::fs::Permissions::from_mode(0o600)).expect("set");
    place.write("a.efi", &image(&[".text"]));
    let typing = |passphrase: &str| {
        let output = std::process::Command::new("python3")
            .args([
                "-c",
                TERMINAL,
                passphrase,
                env!("CARGO_BIN_EXE_snowguard-boot"),
            ])
            .args(["sign", "a.efi", "--key", "encrypted", SIGNER[2], SIGNER[3]])
            .current_dir(place.at(""))
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .output()
            .expect("python3 starts");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains("passphrase of encrypted: "), "{shown}");
        assert!(!shown.contains(passphrase), "{shown}");
        (output.status.code(), shown)
    };
    let before = place.read("a.efi");
    let (code, shown) = typing("house");
    assert!(
        code == Some(3) && shown.contains("the passphrase is wrong"),
        "{shown}"
    );
    assert_eq!(place.read("a.efi"), before);
    assert_eq!(typing("horse").0, Some(0));
    place.good(&["verify", SIGNER[2], SIGNER[3], "a.efi"]);
}

/// As a unit of systemd gives a credential. A file that others may read is refused before it is tried.
#[test]
fn a_passphrase_is_read_from_a_file_that_is_its_owners_alone() {
    if !there("openssl") {
        return;
    }
    let place = Place::new().with_keys();
    encrypt(&place);
    place.write("passphrase", b"horse\n");
    place.write("a.efi", &image(&[".text"]));
    let mode = |name: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.at(name), permissions).expect("set");
    };
    mode("encrypted", 0o600);
    mode("passphrase", 0o640);
    let sign = ["sign", "a.efi", "--key", "encrypted", SIGNER[2], SIGNER[3]];
    let sign = [&sign[..], &["--passphrase-file", "passphrase"]].concat();
    let told = place.ends(3, &sign);
    assert!(told.contains("passphrase holds a secret"), "{told}");
    mode("passphrase", 0o600);
    place.good(&sign);
    place.good(&["verify", SIGNER[2], SIGNER[3], "a.efi"]);
}

#[test]
fn a_certificate_of_another_key_is_refused_by_the_names_of_both_files() {
    let place = Place::new().with_keys();
    place.write("a.efi", &image(&[".text"]));
    let other = ["sign", "a.efi", SIGNER[0], SIGNER[1], "--certificate"];
    let told = place.ends(3, &[&other[..], &["k/keys/PK/PK.pem"]].concat());
    for file in ["k/keys/PK/PK.pem", SIGNER[1]] {
        assert!(told.contains(file), "{told}");
    }
}

#[test]
fn no_signer_is_a_usage_error() {
    let place = Place::new();
    place.write("a.efi", &image(&[".text"]));
    place.ends(2, &["sign", "a.efi"]);
}

#[test]
fn systemd_boot_of_debian_is_signed_and_sbverify_accepts_it() {
    let loader = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";
    if !there("sbverify") || !std::path::Path::new(loader).exists() {
        return;
    }
    let place = Place::new();
    place.good(&["keys", "create", "--folder", "k"]);
    place.good(&sign(&[loader, "--output", "b.efi"]));
    let (cert, image) = (place.text("k/keys/db/db.pem"), place.text("b.efi"));
    must("sbverify", &["--cert", &cert, &image]);
}
