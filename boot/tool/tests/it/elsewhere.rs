//! Keys that are not in files here: behind `signer serve`, and on a token.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::image::image;
use crate::program::{Place, SIGNER};
use crate::tools::{must, there};

mod policies;

/// Ended when the test ends, however it does.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A certificate signed by `ca` of the folder.
fn certificate(place: &Place, name: &str, extension: &str) {
    place.write("ext", extension.as_bytes());
    let at = |name: &str| place.text(name);
    let key = at(&format!("{name}.key"));
    must(
        "openssl",
        &[
            "req",
            "-new",
            "-nodes",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            &key,
            "-out",
            &at("request"),
        ],
    );
    must(
        "openssl",
        &[
            "x509",
            "-req",
            "-in",
            &at("request"),
            "-CA",
            &at("ca.pem"),
            "-CAkey",
            &at("ca.key"),
            "-CAcreateserial",
            "-extfile",
            &at("ext"),
            "-out",
            &at(&format!("{name}.pem")),
        ],
    );
}

/// Certificates of an authority, a server and a client, and a policy by which the client may have this.
fn allow(place: &Place, keys: &str, purposes: &str, per_minute: u32) {
    let paths = ["ca.key", "ca.pem"].map(|name| place.text(name));
    let arguments = [
        &["req", "-x509", "-nodes", "-newkey", "ec"][..],
        &["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=ca"],
        &["-keyout", &paths[0], "-out", &paths[1]],
    ];
    must("openssl", &arguments.concat());
    certificate(place, "server", "subjectAltName=DNS:localhost");
    certificate(place, "builder", "extendedKeyUsage=clientAuth");
    let der = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in", &place.text("builder.pem")])
        .output()
        .expect("openssl starts")
        .stdout;
    let fingerprint = snowguard_boot_format::digest::DigestAlgorithm::Sha256.digest(&[&der]);
    let policy = format!(
        r#"{{"clients": [{{"name": "builder", "certificate_sha256": "{fingerprint}",
        "keys": {keys}, "purposes": {purposes}, "per_minute": {per_minute}}}]}}"#
    );
    place.write("policy.json", policy.as_bytes());
}

/// A server with these keys, and its address.
fn serve(place: &Place, keys: &[&str]) -> (Serving, String) {
    let fixed = [
        &["--json", "signer", "serve", "--listen", "127.0.0.1:0"][..],
        &["--tls-certificate", "server.pem", "--tls-key", "server.key"],
        &["--client-authority", "ca.pem", "--policy", "policy.json"],
        &["--log", "log"],
    ];
    let mut serving = Serving(
        place
            .command(&[&fixed.concat(), keys].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts"),
    );
    let output = serving.0.stdout.take().expect("piped");
    let port = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let line = line.trim().strip_prefix("\"address\": \"127.0.0.1:")?;
            Some(line.trim_end_matches("\",").to_owned())
        })
        .expect("it tells where it listens");
    (serving, format!("https://localhost:{port}"))
}

/// How a client asks.
const CLIENT: [&str; 6] = [
    "--client-certificate",
    "builder.pem",
    "--client-key",
    "builder.key",
    "--server-authority",
    "ca.pem",
];

#[test]
fn a_machine_without_keys_has_its_image_signed_elsewhere() {
    if !there("openssl") {
        return;
    }
    let place = Place::new().with_keys();
    allow(&place, r#"["db"]"#, r#"["image"]"#, 1);
    let (_serving, url) = serve(&place, &SIGNER);
    place.write("a.efi", &image(&[".text"]));
    let sign = [&["sign", "a.efi", "--remote", &url][..], &CLIENT].concat();
    place.good(&sign);
    place.good(&["verify", "--certificate", "k/keys/db/db.pem", "a.efi"]);
    // One a minute; the image stays as it was.
    let before = place.read("a.efi");
    let told = place.ends(4, &sign);
    assert!(
        told.contains("more than 1 signatures in a minute"),
        "{told}"
    );
    assert_eq!(place.read("a.efi"), before);
    assert_eq!(place.json(&["signer", "check-log", "log"])["lines"], 2);
    let log = String::from_utf8(place.read("log")).expect("text");
    place.write("log", log.replacen("true", "false", 1).as_bytes());
    let told = place.ends(3, &["signer", "check-log", "log"]);
    assert!(told.contains("line 2 of the log"), "{told}");
}

/// A token with these keys, by label, and its library; `None` where there is no SoftHSM.
fn token(place: &Place, keys: &[(&str, &str)]) -> Option<&'static str> {
    if !there("softhsm2-util") {
        return None;
    }
    let module = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
    .expect("softhsm2 brings its library");
    std::fs::create_dir(place.at("tokens")).expect("made");
    let config = format!("directories.tokendir = {}\n", place.text("tokens"));
    place.write("softhsm2.conf", config.as_bytes());
    let util = |arguments: &[&str]| {
        let status = Command::new("softhsm2-util")
            .args(arguments)
            .args(["--pin", "1234"])
            .env("SOFTHSM2_CONF", place.at("softhsm2.conf"))
            .stdout(Stdio::null())
            .status()
            .expect("softhsm2-util starts");
        assert!(status.success());
    };
    let label = ["--init-token", "--free", "--label", "boot"];
    util(&[&label[..], &["--so-pin", "0000"]].concat());
    for (number, (label, key)) in keys.iter().enumerate() {
        let (key, id) = (place.text(key), format!("0{number}"));
        let import = ["--import", &key, "--token", "boot", "--label", label];
        util(&[&import[..], &["--id", &id]].concat());
    }
    Some(module)
}

#[test]
fn a_key_on_a_token_signs_and_the_pin_is_no_argument() {
    let place = Place::new().with_keys();
    let Some(module) = token(&place, &[("db", "k/keys/db/db.key")]) else {
        return;
    };
    place.write("a.efi", &image(&[".text"]));
    let with_pin = |pin: &str| {
        let arguments = [
            "sign",
            "a.efi",
            "--token-module",
            module,
            "--token-key",
            "db",
            "--certificate",
            "k/keys/db/db.pem",
        ];
        place
            .command(&arguments)
            .env("SOFTHSM2_CONF", place.at("softhsm2.conf"))
            .env("SNOWGUARD_TOKEN_PIN", pin)
            .output()
            .expect("the program starts")
    };
    let wrong = with_pin("9999");
    assert_eq!(wrong.status.code(), Some(3));
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        told.contains("doesn't take the PIN") && !told.contains("9999"),
        "{told}"
    );
    let good = with_pin("1234");
    assert!(
        good.status.success(),
        "{}",
        String::from_utf8_lossy(&good.stderr)
    );
    place.good(&["verify", "--certificate", "k/keys/db/db.pem", "a.efi"]);
}
