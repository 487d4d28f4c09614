//! `policy`, beside systemd-measure, and on an emulated TPM: what is sealed to the key opens in the right phase only.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use snowguard_boot_format::pe::File;
use snowguard_boot_format::uki::Section;

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
        std::fs::create_dir_all(place.at("tpm")).expect("made");
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

/// Something sealed to whatever the key signs for, on a TPM that is started anew for each boot.
struct Sealed<'p> {
    place: &'p Place,
    tpm: SoftwareTpm,
}

const LOAD_KEY: &str = "tpm2_loadexternal -Q -C o -G rsa -u pcrpkey -c key.ctx -n key.name";
const PRIMARY: &str = "tpm2_createprimary -Q -C o -G ecc -c primary.ctx -a \
    restricted|decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda";

impl<'p> Sealed<'p> {
    fn new(place: &'p Place) -> Self {
        place.write("secret", b"disk key");
        let tpm = SoftwareTpm::start(place);
        tpm.must(
            place,
            &[
                LOAD_KEY,
                "tpm2_startauthsession -S s.ctx",
                "tpm2_policyauthorize -Q -S s.ctx -L sealed.policy -n key.name",
                "tpm2_flushcontext s.ctx",
                PRIMARY,
                "tpm2_create -Q -C primary.ctx -i secret -L sealed.policy -a fixedtpm|fixedparent|noda -u sealed.pub -r sealed.priv",
            ],
        );
        Self { place, tpm }
    }

    /// As when the machine is turned off and on: registers begin anew, what is sealed stays. (It is cut off, which a TPM
    /// takes for an attack on what is not marked `noda`.)
    fn boot(self) -> Self {
        let place = self.place;
        drop(self.tpm);
        for socket in ["tpm.sock", "tpm.sock.ctrl"] {
            let _gone = std::fs::remove_file(place.at(socket));
        }
        let tpm = SoftwareTpm::start(place);
        tpm.must(place, &[PRIMARY]);
        Self { place, tpm }
    }

    fn measure(&self, bytes: &[u8]) {
        let digest = snowguard_boot_format::digest::DigestAlgorithm::Sha256.digest(&[bytes]);
        let line = format!("tpm2_pcrextend 11:sha256={digest}");
        self.tpm.must(self.place, &[&line]);
    }

    /// As a stub does it.
    fn measure_section(&self, name: &str, bytes: &[u8]) {
        self.measure(format!("{name}\0").as_bytes());
        self.measure(bytes);
    }

    /// What was sealed, if one signed policy opens it now.
    fn unseal(&self, signed: &Value) -> Option<Vec<u8>> {
        let (place, tpm) = (self.place, &self.tpm);
        let text = |name: &str| signed[name].as_str().expect("text").to_owned();
        place.write("sig.b64", format!("{}\n", text("sig")).as_bytes());
        let decode = ["base64", "-d", "-A", "-in", &place.text("sig.b64"), "-out"];
        must("openssl", &[&decode[..], &[&place.text("sig")]].concat());
        let policy = text("pol");
        let policy: Vec<u8> = (0..policy.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&policy[at..at + 2], 16).expect("hexadecimal"))
            .collect();
        place.write("pol", &policy);
        tpm.must(
            place,
            &[
                LOAD_KEY,
                "tpm2_verifysignature -Q -c key.ctx -g sha256 -m pol -s sig -f rsassa -t ticket",
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
        .all(|line| tpm.tool(place, line));
        tpm.must(place, &["tpm2_flushcontext s.ctx"]);
        let opened = opened.then(|| place.read("opened"));
        let _absent_if_refused = std::fs::remove_file(place.at("opened"));
        opened
    }
}

const SECRET: Option<&[u8]> = Some(b"disk key");

fn can_seal() -> bool {
    there("tpm2_policyauthorize") && there("swtpm") && there("openssl")
}

#[test]
fn what_is_sealed_to_the_key_opens_in_its_phase_and_not_after() {
    if !can_seal() {
        return;
    }
    let place = with_key();
    let policy = ["policy", "a.efi", "--phase", "enter-initrd"];
    let signed = place.good(&[&policy[..], &KEY].concat());
    let signed: Value = serde_json::from_str(&signed).expect("JSON");
    let signed = &signed["sha256"][0];
    let sealed = Sealed::new(&place);
    assert_eq!(sealed.unseal(signed), None, "nothing has booted");
    for (name, file) in [
        (".linux", "linux"),
        (".osrel", "osrel"),
        (".cmdline", "cmdline"),
        (".initrd", "initrd"),
        (".splash", "splash"),
        (".dtb", "dtb"),
        (".pcrpkey", "pcrpkey"),
    ] {
        sealed.measure_section(name, &place.read(file));
    }
    assert_eq!(sealed.unseal(signed), None, "before the initrd");
    sealed.measure(b"enter-initrd");
    assert_eq!(sealed.unseal(signed).as_deref(), SECRET, "in the initrd");
    sealed.measure(b"leave-initrd");
    assert_eq!(sealed.unseal(signed), None, "after the initrd");
}

/// The parts of an image, and of the kernel and initrd that it names, as a stub measures them.
fn measure_thin(sealed: &Sealed<'_>, image: &[u8], kernel: &[u8], initrd: &[u8]) {
    let file = File::parse(image).expect("whole");
    for section in Section::ALL {
        match section {
            Section::Linux => sealed.measure_section(".linux", kernel),
            Section::Initrd => sealed.measure_section(".initrd", initrd),
            Section::PcrSignature => {}
            _ => {
                if let Some(header) = file.section(section.name()) {
                    sealed.measure_section(section.as_str(), file.contents(&header));
                }
            }
        }
    }
}

#[test]
fn what_is_sealed_to_the_key_opens_for_an_installed_generation_and_for_the_next() {
    if !can_seal() {
        return;
    }
    let place = crate::install::place();
    place.good(&["keys", "create", "--folder", "p", "--kind", "rsa2048"]);
    let pem = place.text("p/keys/db/db.pem");
    let public = must("openssl", &["x509", "-pubkey", "-noout", "-in", &pem]);
    place.write("pcrpkey", public.as_bytes());
    let policy_key = [
        "--policy-key",
        "p/keys/db/db.key",
        "--policy-certificate",
        "p/keys/db/db.pem",
    ];
    let mut sealed = Sealed::new(&place);
    for number in 1..=2 {
        crate::install::generation(&place, number);
        let system = format!("{number}-system");
        let install = [&policy_key[..], &[&system]].concat();
        place.good(&crate::install::arguments(&install));
        let name = std::fs::read_dir(place.at("esp/EFI/Linux"))
            .expect("there")
            .map(|entry| {
                entry
                    .expect("read")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .find(|name| name.starts_with(&format!("nixos-generation-{number}-")))
            .expect("installed");
        let image = place.read(&format!("esp/EFI/Linux/{name}"));
        let file = File::parse(&image).expect("whole");
        let content = |section: Section| {
            let header = file.section(section.name()).expect("there");
            file.contents(&header)
        };
        assert_eq!(content(Section::PcrPublicKey), public.as_bytes());
        let all: Value = serde_json::from_slice(content(Section::PcrSignature)).expect("JSON");
        let signed = all["sha256"][0].clone();

        sealed = sealed.boot();
        let payload = |kind: &str| place.read(&format!("{number}-{kind}"));
        measure_thin(&sealed, &image, &payload("kernel"), &payload("initrd"));
        sealed.measure(b"enter-initrd");
        assert_eq!(sealed.unseal(&signed).as_deref(), SECRET, "{number}");
        // Another initrd is another value.
        sealed = sealed.boot();
        measure_thin(&sealed, &image, &payload("kernel"), b"another");
        sealed.measure(b"enter-initrd");
        assert_eq!(sealed.unseal(&signed), None, "{number}");
    }
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
