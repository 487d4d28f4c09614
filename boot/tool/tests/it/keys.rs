//! `keys`: on a virtual machine's variable store, on a folder like efivarfs, and beside efitools.

use serde_json::Value;
use snowguard_boot_format::guid::Guid;

use crate::program::Place;
use crate::tools::{must, there};

/// An empty variable store of EDK II, as OVMF begins with: a firmware volume of 64 KiB.
fn empty_store() -> Vec<u8> {
    let mut bytes = vec![0xff; 64 << 10];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &[0; 16]);
    put(
        16,
        Guid::parse("fff12b8d-7696-4c8b-a985-2747075b4f50")
            .expect("a GUID")
            .as_bytes(),
    );
    put(32, &(64_u64 << 10).to_le_bytes());
    put(40, b"_FVH");
    put(48, &72_u16.to_le_bytes());
    put(
        72,
        Guid::parse("aaf32c78-947b-439a-a180-2e144ec37792")
            .expect("a GUID")
            .as_bytes(),
    );
    put(88, &(32_u32 << 10).to_le_bytes());
    put(92, &[0x5a, 0xfe]);
    bytes
}

pub fn with_store(place: &Place) {
    place.write("vars.fd", &empty_store());
}

fn on_store<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [words, &["--folder", "k", "--variables", "vars.fd"]].concat()
}

fn status(place: &Place) -> Value {
    place.json(&on_store(&["keys", "status"]))
}

fn count(status: &Value, variable: &str) -> Option<u64> {
    let variables = status["variables"].as_array()?;
    variables.iter().find(|one| one["variable"] == variable)?["count"].as_u64()
}

#[test]
fn keys_are_never_overwritten_and_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().with_keys();
    let before = place.read("k/keys/PK/PK.key");
    let told = place.ends(3, &["keys", "create", "--folder", "k"]);
    assert!(told.contains("never overwritten"), "{told}");
    assert_eq!(place.read("k/keys/PK/PK.key"), before);
    for (name, mode) in [
        ("k", 0o700),
        ("k/keys/db", 0o700),
        ("k/keys/db/db.key", 0o600),
    ] {
        let found = std::fs::metadata(place.at(name))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
}

#[test]
fn from_setup_mode_to_enrolled_to_rotated_to_setup_mode() {
    let place = Place::new().with_keys();
    with_store(&place);
    assert_eq!(status(&place)["setup_mode"], true);
    let dry = place.json(&on_store(&["keys", "enroll", "--microsoft", "--dry-run"]));
    assert_eq!(dry["written"], false);
    assert_eq!(status(&place)["setup_mode"], true);

    place.good(&on_store(&["keys", "enroll", "--microsoft"]));
    let enrolled = status(&place);
    assert_eq!(enrolled["setup_mode"], false);
    assert_eq!(enrolled["secure_boot"], true);
    assert_eq!(count(&enrolled, "PK"), Some(1));
    assert_eq!(count(&enrolled, "KEK"), Some(3));
    assert_eq!(count(&enrolled, "db"), Some(6));

    place.good(&on_store(&["keys", "rotate", "--kind", "p256"]));
    let rotated = status(&place);
    assert_eq!(count(&rotated, "PK"), Some(1));
    assert_eq!(count(&rotated, "KEK"), Some(3));
    // The old db certificate stays until everything is signed anew.
    assert_eq!(count(&rotated, "db"), Some(7));
    assert!(
        rotated["own"]
            .as_array()
            .expect("own keys")
            .iter()
            .all(|key| key["enrolled"] == true)
    );

    place.good(&on_store(&["keys", "enroll", "--microsoft"]));
    assert_eq!(count(&status(&place), "db"), Some(6));
    place.good(&on_store(&["keys", "reset"]));
    assert_eq!(status(&place)["setup_mode"], true);
}

#[test]
fn foreign_keys_cannot_be_enrolled_outside_of_setup_mode() {
    let place = Place::new().with_keys();
    with_store(&place);
    place.good(&on_store(&["keys", "enroll"]));
    let before = place.read("vars.fd");
    place.good(&["keys", "create", "--folder", "other", "--kind", "p256"]);
    let told = place.ends(
        3,
        &[
            "keys",
            "enroll",
            "--folder",
            "other",
            "--variables",
            "vars.fd",
        ],
    );
    assert!(told.contains("setup mode"), "{told}");
    assert_eq!(place.read("vars.fd"), before);
}

#[test]
fn virt_fw_vars_reads_what_we_enrol() {
    // On PyPI; fetched once, as for the test machines.
    let Some(tool) = snowguard_vm::kit::variable_tool().expect("fetched") else {
        return;
    };
    let tool = tool.display().to_string();
    let place = Place::new().with_keys();
    let store = std::fs::read("/usr/share/OVMF/OVMF_VARS_4M.fd").expect("OVMF's store");
    place.write("vars.fd", &store);
    place.good(&on_store(&["keys", "enroll", "--microsoft"]));
    let told = must(&tool, &["-i", &place.text("vars.fd"), "-p", "-v"]);
    for name in [
        "CN=Snowguard Platform Key",
        "CN=Snowguard Database Key",
        "Microsoft UEFI CA 2023",
    ] {
        assert!(told.contains(name), "{name} in {told}");
    }
    assert!(told.contains("SecureBootEnable"), "{told}");
}

#[test]
fn efitools_read_our_lists_and_we_read_theirs() {
    if !there("sig-list-to-certs") || !there("cert-to-efi-sig-list") || !there("sign-efi-sig-list")
    {
        return;
    }
    let place = Place::new();
    place.good(&["keys", "create", "--folder", "k", "--kind", "rsa2048"]);
    place.good(&["keys", "export", "--folder", "k", "--microsoft", "out"]);
    must(
        "sig-list-to-certs",
        &[&place.text("out/db.esl"), &place.text("cert")],
    );
    assert_eq!(place.read("cert-0.der"), place.read("out/db.der"));

    let owner = String::from_utf8(place.read("k/GUID")).expect("text");
    must(
        "cert-to-efi-sig-list",
        &[
            "-g",
            owner.trim(),
            &place.text("k/keys/db/db.pem"),
            &place.text("theirs.esl"),
        ],
    );
    place.good(&["keys", "export", "--folder", "k", "plain"]);
    assert_eq!(place.read("theirs.esl"), place.read("plain/db.esl"));

    must(
        "sign-efi-sig-list",
        &[
            "-g",
            owner.trim(),
            "-t",
            "2026-01-01 00:00:00",
            "-k",
            &place.text("k/keys/KEK/KEK.key"),
            "-c",
            &place.text("k/keys/KEK/KEK.pem"),
            "db",
            &place.text("theirs.esl"),
            &place.text("theirs.auth"),
        ],
    );
    check_auth(&place, "theirs.auth");
    check_auth(&place, "plain/db.auth");
}

/// An .auth for db that the KEK signed.
fn check_auth(place: &Place, name: &str) {
    use snowguard_boot_format::variable::{Attributes, AuthenticatedVariable, VariableName};
    let read = AuthenticatedVariable::parse(&place.read(name)).expect("readable");
    let signer = read
        .verify(VariableName::Db, Attributes::SECURE_BOOT)
        .expect("verifies");
    assert_eq!(signer.der(), place.read("plain/KEK.der"));
    assert_eq!(read.content, place.read("theirs.esl"));
    // For another variable, or appended, it is not signed.
    assert!(
        read.verify(VariableName::Dbx, Attributes::SECURE_BOOT)
            .is_err()
    );
    assert!(read.verify(VariableName::Db, Attributes::APPEND).is_err());
}

#[test]
fn a_folder_like_efivarfs_is_written_with_attributes_and_authorisation() {
    use snowguard_boot_format::variable::{Attributes, AuthenticatedVariable, VariableName};
    let place = Place::new().with_keys();
    std::fs::create_dir(place.at("efivars")).expect("made");
    place.write(
        "efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        &[6, 0, 0, 0, 1],
    );
    // Nobody knows which drivers this machine needs, so it is refused without care.
    let enroll = ["keys", "enroll", "--folder", "k", "--efivars", "efivars"];
    place.ends(1, &enroll);
    assert_eq!(
        std::fs::read_dir(place.at("efivars"))
            .expect("there")
            .count(),
        1
    );
    place.good(&[&enroll[..], &["--microsoft"]].concat());
    for (variable, file) in [
        (VariableName::Db, "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"),
        (
            VariableName::Kek,
            "KEK-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        ),
        (VariableName::Pk, "PK-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
    ] {
        let bytes = place.read(&format!("efivars/{file}"));
        assert_eq!(bytes[..4], [0x27, 0, 0, 0]);
        let signed = AuthenticatedVariable::parse(&bytes[4..]).expect("readable");
        let signer = signed
            .verify(variable, Attributes::SECURE_BOOT)
            .expect("verifies");
        let level = if variable == VariableName::Db {
            "KEK"
        } else {
            "PK"
        };
        let pem =
            String::from_utf8(place.read(&format!("k/keys/{level}/{level}.pem"))).expect("text");
        assert_eq!(signer.to_pem(), pem);
    }
}

#[test]
fn a_store_that_is_none_is_refused() {
    let place = Place::new().with_keys();
    place.write("vars.fd", &[0; 4096]);
    let told = place.ends(3, &on_store(&["keys", "status"]));
    assert!(told.contains("not a store of EFI variables"), "{told}");
}
