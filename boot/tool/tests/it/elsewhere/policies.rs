//! Keys of signed policies that are not in files here: the partition is the same to the byte as with files, since
//! RSA of PKCS #1 v1.5 leaves no choice.

use std::collections::BTreeMap;
use std::path::Path;

use super::{CLIENT, allow, serve, token};
use crate::install;
use crate::program::{Place, SIGNER};
use crate::tools::there;

const IMAGES: [&str; 4] = [
    "--key",
    "r/keys/db/db.key",
    "--certificate",
    "r/keys/db/db.pem",
];
/// Any RSA key will do.
const POLICIES: [&str; 4] = [
    "--policy-key",
    "r/keys/KEK/KEK.key",
    "--policy-certificate",
    "r/keys/KEK/KEK.pem",
];

/// A profile with one generation, and RSA keys.
fn place() -> Place {
    let place = install::place();
    install::generation(&place, 1);
    place.good(&["keys", "create", "--folder", "r", "--kind", "rsa2048"]);
    place
}

/// Installs onto an empty partition of this name; gives all its files.
fn install(place: &Place, esp: &str, keys: &[&str]) -> BTreeMap<String, Vec<u8>> {
    std::fs::create_dir(place.at(esp)).expect("made");
    let output = place
        .command(&arguments(esp, keys))
        .env("SOFTHSM2_CONF", place.at("softhsm2.conf"))
        .env("SNOWGUARD_TOKEN_PIN", "1234")
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{keys:?}: {told}");
    let mut files = BTreeMap::new();
    gather(&place.at(esp), "", &mut files);
    files
}

fn arguments<'a>(esp: &'a str, keys: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        &["install", "--profile", "system", "--stub", "stub"][..],
        &["--systemd-boot", "systemd-boot", "--any-file-system"],
        &["--efivars", "none", "--booted", "none", "--esp", esp],
        &["1-system"],
    ];
    [&fixed.concat(), keys].concat()
}

fn gather(folder: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("read") {
        let path = entry.expect("an entry").path();
        let name = format!("{name}/{}", path.file_name().expect("named").display());
        if path.is_dir() {
            gather(&path, &name, files);
        } else {
            files.insert(name, std::fs::read(path).expect("read"));
        }
    }
}

/// Both keys are on one token, whose library is initialised once in a process and whose PIN is asked for once.
#[test]
fn a_key_of_policies_beside_that_of_images_on_one_token_signs_as_files_do() {
    let place = place();
    let keys = [("db", "r/keys/db/db.key"), ("pcr", "r/keys/KEK/KEK.key")];
    let Some(module) = token(&place, &keys) else {
        return;
    };
    let by_files = install(&place, "files", &[&IMAGES[..], &POLICIES].concat());
    assert!(by_files.len() > 4, "{:?}", by_files.keys());
    let images = ["--token-module", module, "--token-key", "db"];
    let policies = ["--policy-token-key", "pcr"];
    let by_token = [&images[..], &IMAGES[2..], &policies, &POLICIES[2..]].concat();
    assert!(install(&place, "token", &by_token) == by_files);
}

/// The key of images must not silently sign policies instead.
#[test]
fn a_key_of_policies_on_no_token_or_at_no_signer_is_a_usage_error() {
    let place = install::place();
    for (policies, needs) in [
        (["--policy-token-key", "pcr"], "--token-module"),
        (["--policy-remote-key", "pcr"], "--remote"),
    ] {
        let keys = [&SIGNER[..], &policies, &["--policy-certificate", SIGNER[3]]].concat();
        let told = place.ends(2, &arguments("esp", &keys));
        assert!(told.contains(needs), "{told}");
    }
}

#[test]
fn a_key_of_policies_at_the_remote_signer_signs_as_files_do_and_only_for_its_purpose() {
    if !there("openssl") {
        return;
    }
    let place = place();
    allow(
        &place,
        r#"["db", "pcr"]"#,
        r#"["image", "pcr-policy"]"#,
        100,
    );
    let by_files = install(&place, "files", &[&IMAGES[..], &POLICIES].concat());
    let (_serving, url) = serve(&place, &[&IMAGES[..], &POLICIES].concat());
    let remote = [
        &["--remote", &url][..],
        &CLIENT,
        &["--policy-remote-key", "pcr"],
    ]
    .concat();
    assert!(install(&place, "remote", &remote) == by_files);
    let log = String::from_utf8(place.read("log")).expect("text");
    let lines = |what: &str| {
        let of = |line: &&str| line.contains(what) && line.contains("\"signed\":true");
        log.lines().filter(of).count()
    };
    // An image and the boot loader; a policy for each phase.
    assert_eq!(lines("\"key\":\"db\",\"asked\":\"image "), 2, "{log}");
    assert_eq!(lines("\"key\":\"pcr\",\"asked\":\"policy "), 4, "{log}");
}
