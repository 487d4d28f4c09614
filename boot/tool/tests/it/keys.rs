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
    if !there("sig-list-to-certs") || !there("flash-var") {
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

    // A machine's store that efitools wrote.
    let store = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    if !there(store) {
        return;
    }
    std::fs::copy(store, place.at("vars.fd")).expect("copied");
    for level in ["db", "KEK", "PK"] {
        let list = place.text(&format!("out/{level}.esl"));
        must("flash-var", &[&place.text("vars.fd"), level, &list]);
    }
    let told = status(&place);
    assert_eq!(told["setup_mode"], false);
    assert_eq!(count(&told, "db"), Some(6));
    let own = told["own"].as_array().expect("own keys");
    assert!(own.iter().all(|key| key["enrolled"] == true), "{told}");
}

/// With the same key, time and list an authorisation has no choice left: RSA of PKCS #1 v1.5 over the same bytes.
#[test]
fn our_authorisations_are_those_of_efitools_byte_for_byte() {
    if !there("cert-to-efi-sig-list") || !there("sign-efi-sig-list") {
        return;
    }
    let place = Place::new();
    place.good(&["keys", "create", "--folder", "k", "--kind", "rsa2048"]);
    place.good(&["keys", "export", "--folder", "k", "ours"]);
    let owner = String::from_utf8(place.read("k/GUID")).expect("text");
    let owner = ["-g", owner.trim()];
    for (variable, signer) in [("PK", "PK"), ("KEK", "PK"), ("db", "KEK")] {
        let certificate = place.text(&format!("k/keys/{variable}/{variable}.pem"));
        let list = place.text("theirs.esl");
        must(
            "cert-to-efi-sig-list",
            &[&owner[..], &[&certificate, &list]].concat(),
        );
        let ours = |ending: &str| place.read(&format!("ours/{variable}.{ending}"));
        assert_eq!(place.read("theirs.esl"), ours("esl"), "{variable}");
        let key = place.text(&format!("k/keys/{signer}/{signer}"));
        let key = ["key", "pem"].map(|ending| format!("{key}.{ending}"));
        let signed = [
            // The program's own time in these tests.
            &["-t", "2026-01-01 00:00:00", "-k", &key[0], "-c", &key[1]][..],
            &[variable, &list, &place.text("theirs.auth")],
        ];
        must(
            "sign-efi-sig-list",
            &[&owner[..], &signed.concat()].concat(),
        );
        assert_eq!(place.read("theirs.auth"), ours("auth"), "{variable}");
    }
    place.write("plain.auth", &place.read("ours/db.auth"));
    check_auth(&place, "plain.auth");
}

/// An .auth for db that the KEK signed.
fn check_auth(place: &Place, name: &str) {
    use snowguard_boot_format::variable::{Attributes, AuthenticatedVariable, VariableName};
    let read = AuthenticatedVariable::parse(&place.read(name)).expect("readable");
    let signer = read
        .verify(VariableName::Db, Attributes::SECURE_BOOT)
        .expect("verifies");
    assert_eq!(signer.der(), place.read("ours/KEK.der"));
    // For another variable, or appended, it is not signed.
    assert!(
        read.verify(VariableName::Dbx, Attributes::SECURE_BOOT)
            .is_err()
    );
    assert!(read.verify(VariableName::Db, Attributes::APPEND).is_err());
}

/// As sbctl leaves it: RSA 4096 in PKCS #8, a certificate without extensions, files of mode 0400, a `GUID` without
/// an end of line, folders that all may enter, and files of its own besides. Sources: `backend/file.go`,
/// `backend/backend.go` and `guid.go` of sbctl 0.18; before 0.14 the same lay in `/usr/share/secureboot`.
fn folder_of_sbctl(place: &Place, root: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.at(path), permissions).expect("set");
    };
    for level in ["PK", "KEK", "db"] {
        let file = format!("{root}/keys/{level}/{level}");
        std::fs::create_dir_all(place.at(&format!("{root}/keys/{level}"))).expect("made");
        let (key, certificate) = (format!("{file}.key"), format!("{file}.pem"));
        place.write("config", b"[req]\ndistinguished_name=n\n[n]\n");
        let (key_path, certificate_path) = (place.text(&key), place.text(&certificate));
        // The longer kind for one of them: such keys take seconds to make. sbctl names a country as well, in words
        // that openssl doesn't take for one.
        let kind = if level == "db" {
            "rsa:4096"
        } else {
            "rsa:2048"
        };
        must(
            "openssl",
            &[
                &["req", "-new", "-x509", "-newkey", kind, "-nodes"][..],
                &["-config", &place.text("config"), "-days", "1826"],
                &["-subj", "/CN=Database Key", "-keyout", &key_path],
                &["-out", &certificate_path],
            ]
            .concat(),
        );
        for path in [&key, &certificate] {
            mode(path, 0o400);
        }
    }
    place.write(
        &format!("{root}/GUID"),
        b"5b2f6ca4-1b6c-4b7f-9d8c-0c6a7b1f2e3d",
    );
    mode(&format!("{root}/GUID"), 0o600);
    place.write(&format!("{root}/files.json"), b"{}");
    place.write(&format!("{root}/bundles.json"), b"{}");
    for folder in ["", "/keys", "/keys/PK", "/keys/KEK", "/keys/db"] {
        mode(&format!("{root}{folder}"), 0o755);
    }
}

#[test]
fn keys_that_sbctl_made_are_enrolled_and_sign() {
    if !there("openssl") {
        return;
    }
    let place = Place::new();
    folder_of_sbctl(&place, "sbctl");
    with_store(&place);
    let on = |words: &[&'static str]| {
        let folder = ["--folder", "sbctl", "--variables", "vars.fd"];
        [words, &folder].concat()
    };
    place.good(&on(&["keys", "enroll", "--microsoft"]));
    let status = place.json(&on(&["keys", "status"]));
    let own = status["own"].as_array().expect("own keys");
    assert!(own.iter().all(|key| key["enrolled"] == true), "{status}");
    assert_eq!(own.len(), 3);
    place.write("a.efi", &crate::image::image(&[".text"]));
    let (key, certificate) = ("sbctl/keys/db/db.key", "sbctl/keys/db/db.pem");
    // The certificate is of today.
    let sign = ["sign", "a.efi", "--key", key, "--certificate", certificate];
    let mut sign = place.command(&sign);
    let signed = sign.env_remove("SOURCE_DATE_EPOCH").output();
    assert!(signed.expect("the program starts").status.success());
    place.good(&["verify", "--variables", "vars.fd", "a.efi"]);
    place.good(&on(&["keys", "rotate", "--kind", "p256"]));
    place.good(&on(&["keys", "status"]));
    // The folder of the old keys stays whole beside.
    let kept = std::fs::read_dir(place.at("sbctl"))
        .expect("there")
        .map(|entry| {
            entry
                .expect("read")
                .file_name()
                .into_string()
                .expect("text")
        })
        .find(|name| name.starts_with("keys."));
    assert!(kept.is_some_and(|name| place.at(&format!("sbctl/{name}/PK/PK.key")).exists()));
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
