//! `policy`, beside systemd-measure, and on an emulated TPM: what is sealed to the key opens in the right phase only.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::image::image;
use crate::program::Place;
use crate::tools::{must, there};
use crate::uki::{BUILD, MEASURE, with_parts};

/// A TPM on two sockets, ended with the test.
struct SoftwareTpm {
    child: Child,
    address: String,
}

impl Drop for SoftwareTpm {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl SoftwareTpm {
    fn start(place: &Place) -> Self {
        std::fs::create_dir(place.at("tpm")).expect("made");
        let socket = |name: &str| format!("type=unixio,path={}", place.text(name));
        let child = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .args(["--tpmstate", &format!("dir={}", place.text("tpm"))])
            .args(["--server", &socket("tpm.sock")])
            .args(["--ctrl", &socket("tpm.sock.ctrl")])
            .stdin(Stdio::null())
            .spawn()
            .expect("swtpm starts");
        let start = Instant::now();
        while !place.at("tpm.sock.ctrl").exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "no TPM");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            child,
            address: format!("swtpm:path={}", place.text("tpm.sock")),
        }
    }

    /// A program of tpm2-tools in the test's folder; whether it succeeds.
    fn tool(&self, place: &Place, line: &str) -> bool {
        let mut words = line.split_whitespace();
        let output = Command::new(words.next().expect("a program"))
            .args(words)
            .current_dir(place.at(""))
            .env("TPM2TOOLS_TCTI", &self.address)
            .output()
            .expect("starts");
        if !output.status.success() {
            eprintln!("{line}: {}", String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    }

    fn must(&self, place: &Place, lines: &[&str]) {
        for line in lines {
            assert!(self.tool(place, line), "{line}");
            // There is no resource manager, so what is loaded stays.
            assert!(self.tool(place, "tpm2_flushcontext -t"));
        }
    }
}

/// An image and an RSA key with its certificate and public key.
fn with_key() -> Place {
    let place = Place::new();
    with_parts(&place);
    place.good(&["keys", "create", "--folder", "k", "--kind", "rsa2048"]);
    let public = must(
        "openssl",
        &[
            "x509",
            "-pubkey",
            "-noout",
            "-in",
            &place.text("k/keys/db/db.pem"),
        ],
    );
    place.write("pcrpkey", public.as_bytes());
    place.good(&BUILD);
    place
}

const KEY: [&str; 4] = [
    "--key",
    "k/keys/db/db.key",
    "--certificate",
    "k/keys/db/db.pem",
];

#[test]
fn systemd_measure_signs_the_same() {
    if !there(MEASURE) || !there("swtpm") || !there("openssl") {
        return;
    }
    let place = with_key();
    let tpm = SoftwareTpm::start(&place);
    let path = |name: &str| format!("--{name}={}", place.text(name));
    let parts = ["linux", "initrd", "osrel", "cmdline", "splash", "dtb"].map(path);
    let more = [
        format!("--pcrpkey={}", place.text("pcrpkey")),
        format!("--private-key={}", place.text("k/keys/db/db.key")),
        format!("--public-key={}", place.text("pcrpkey")),
        format!("--tpm2-device={}", tpm.address),
    ];
    // Of the bank sha384, that of Debian 12 signs another policy than a TPM has.
    let mut arguments = vec!["sign", "--bank=sha256"];
    arguments.extend(parts.iter().chain(&more).map(String::as_str));
    let told = must(MEASURE, &arguments);
    let theirs: Value = serde_json::from_str(told.lines().last().expect("a line")).expect("JSON");

    let ours = place.good(&[&["policy", "a.efi"][..], &KEY].concat());
    let ours: Value = serde_json::from_str(&ours).expect("JSON");
    assert_eq!(ours, theirs);
    assert_eq!(ours["sha256"].as_array().map(Vec::len), Some(4));

    // One bank after the other, and nothing twice.
    for bank in ["sha384", "sha256", "sha256"] {
        let output = ["policy", "a.efi", "--bank", bank, "--output", "sig"];
        let append: &[&str] = match place.at("sig").exists() {
            true => &["--append", "sig"],
            false => &[],
        };
        place.good(&[&output[..], append, &KEY].concat());
    }
    let appended: Value = serde_json::from_slice(&place.read("sig")).expect("JSON");
    assert_eq!(appended["sha256"], theirs["sha256"]);
    assert_eq!(appended["sha384"].as_array().map(Vec::len), Some(4));
}

#[test]
fn what_is_sealed_to_the_key_opens_in_its_phase_and_not_after() {
    if !there("tpm2_policyauthorize") || !there("swtpm") || !there("openssl") {
        return;
    }
    let place = with_key();
    let policy = ["policy", "a.efi", "--phase", "enter-initrd"];
    let signed = place.good(&[&policy[..], &KEY].concat());
    let signed: Value = serde_json::from_str(&signed).expect("JSON");
    let one = &signed["sha256"][0];
    let text = |name: &str| one[name].as_str().expect("text").to_owned();
    place.write("sig.b64", format!("{}\n", text("sig")).as_bytes());
    place.write("pol.hex", text("pol").as_bytes());
    let decode = ["base64", "-d", "-A", "-in", &place.text("sig.b64"), "-out"];
    must("openssl", &[&decode[..], &[&place.text("sig")]].concat());
    let bytes = text("pol");
    let bytes: Vec<u8> = (0..bytes.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    place.write("pol", &bytes);
    place.write("secret", b"disk key");

    let tpm = SoftwareTpm::start(&place);
    tpm.must(
        &place,
        &[
            "tpm2_loadexternal -Q -C o -G rsa -u pcrpkey -c key.ctx -n key.name",
            "tpm2_startauthsession -S s.ctx",
            "tpm2_policyauthorize -Q -S s.ctx -L sealed.policy -n key.name",
            "tpm2_flushcontext s.ctx",
            "tpm2_createprimary -Q -C o -G ecc -c primary.ctx",
            "tpm2_create -Q -C primary.ctx -i secret -L sealed.policy -u sealed.pub -r sealed.priv",
        ],
    );
    let unseal = || {
        let verify =
            "tpm2_verifysignature -Q -c key.ctx -g sha256 -m pol -s sig -f rsassa -t ticket";
        tpm.must(
            &place,
            &[
                "tpm2_loadexternal -Q -C o -G rsa -u pcrpkey -c key.ctx -n key.name",
                verify,
                "tpm2_load -Q -C primary.ctx -u sealed.pub -r sealed.priv -c sealed.ctx",
                "tpm2_startauthsession --policy-session -S s.ctx",
            ],
        );
        let opened = [
            "tpm2_policypcr -Q -S s.ctx -l sha256:11",
            "tpm2_policyauthorize -Q -S s.ctx -i pol -n key.name -t ticket",
            "tpm2_unseal -Q -c sealed.ctx -p session:s.ctx -o opened",
        ]
        .iter()
        .all(|line| tpm.tool(&place, line));
        tpm.must(&place, &["tpm2_flushcontext s.ctx"]);
        let opened = opened.then(|| place.read("opened"));
        let _absent_if_refused = std::fs::remove_file(place.at("opened"));
        opened
    };
    assert_eq!(unseal(), None, "nothing has booted");
    // What the stub measures, then the phase.
    let measure = |bytes: &[u8]| {
        let digest = snowguard_boot_format::digest::DigestAlgorithm::Sha256.digest(&[bytes]);
        tpm.must(&place, &[&format!("tpm2_pcrextend 11:sha256={digest}")]);
    };
    for (name, file) in [
        (".linux", "linux"),
        (".osrel", "osrel"),
        (".cmdline", "cmdline"),
        (".initrd", "initrd"),
        (".splash", "splash"),
        (".dtb", "dtb"),
        (".pcrpkey", "pcrpkey"),
    ] {
        measure(format!("{name}\0").as_bytes());
        measure(&place.read(file));
    }
    assert_eq!(unseal(), None, "before the initrd");
    measure(b"enter-initrd");
    assert_eq!(
        unseal().as_deref(),
        Some(b"disk key".as_slice()),
        "in the initrd"
    );
    measure(b"leave-initrd");
    assert_eq!(unseal(), None, "after the initrd");
}

#[test]
fn keys_that_no_tpm_is_given_are_refused() {
    let place = Place::new().with_keys();
    place.write("stub", &image(&[".text"]));
    let told = place.ends(3, &[&["policy", "stub"][..], &KEY].concat());
    assert!(
        told.contains("RSA keys only, and this is ECDSA P-256"),
        "{told}"
    );
}
