//! From a machine without keys to one that boots only what we signed.

use std::fs;

use serde_json::{Value, json};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::Pcr;
use snowguard_boot_format::policy::pcr_policy;
use snowguard_boot_format::x509::Certificate;
use snowguard_vm::keys::{BootOption, Firmware};
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::{Conditions, Machine, Outcome, Tpm};
use snowguard_vm::report::Report;

use super::{bring, disk, first_generation, generation, install, ran, report};
use crate::program::{Place, SIGNER};

const PANIC: &str = "Rebooting immediately";
/// Firmware tries this one first, once it is on the disk.
const UNSIGNED: &str = "\\EFI\\T\\unsigned.efi";

/// From a machine without keys to one that boots only what we signed, and survives an update that doesn't come up.
///
/// The first generation enrols our keys from inside the machine, in setup mode, and blesses itself. Then an
/// unsigned image is put before it, which firmware now refuses, and a second generation is installed that
/// panics: systemd-boot counts it down, and the fourth boot is the first generation again, by itself.
///
/// The machine has a network card whose option ROM nobody signed: enrolling is refused until that was thought of, and
/// the ROM goes on working.
#[test]
fn keys_enrolled_in_setup_mode_stop_the_unsigned_and_a_generation_that_panics_thrice_falls_back() {
    let Some(kit) = Kit::obtain().expect("a kit") else {
        return;
    };
    let place = first_generation(&kit);
    let commands = [
        "snowguard-boot keys enroll --folder /boot/test/k",
        "snowguard-boot keys enroll --folder /boot/test/k --allow-drivers",
        "snowguard-boot bless --esp /boot",
    ];
    let program = env!("CARGO_BIN_EXE_snowguard-boot");
    bring(&place, &[program], &commands);

    let options = [
        ("unsigned", UNSIGNED),
        ("loader", "\\EFI\\systemd\\systemd-bootx64.efi"),
    ];
    let options = options.map(|(description, path)| BootOption {
        description,
        path,
        words: "",
    });
    let firmware = Firmware {
        options: options.to_vec(),
        ..Firmware::default()
    };
    let mut machine = Machine::new(&kit, &disk(&place), &firmware).expect("a machine");
    machine.plug_in_network_card();
    let outcome = machine.run(&["Kernel panic"]).expect("a run");
    let report = report(&outcome);
    let (code, refused) = ran(report, 0);
    assert!(
        code == 1 && refused.contains("REFUSED, nothing was written: 1 drivers"),
        "{refused}"
    );
    let at_risk = |line: &&str| line.ends_with("AT RISK: nothing is known to allow it");
    let at_risk: Vec<&str> = refused.lines().filter(at_risk).collect();
    let [card] = at_risk.as_slice() else {
        panic!("{refused}");
    };
    assert!(card.contains("driver  PciRoot(0x0)/Pci("), "{card}");
    let (code, enrolled) = ran(report, 1);
    assert!(
        code == 0 && enrolled.contains("written: db, KEK, PK"),
        "{enrolled}"
    );
    let (code, blessed) = ran(report, 2);
    assert!(code == 0 && blessed.contains("is good"), "{blessed}");
    assert_eq!(report.pcr(11), Some(predicted(&place, 1)));
    brings_policies(&place, report);
    fetch(&place, &machine);
    assert_eq!(counter(&place, 1), json!(null), "the blessed one");

    generation(&place, &kit, 2, &["rdinit=/missing", "panic=-1"]);
    install(&place, 2);
    fs::create_dir_all(place.at("esp/EFI/T")).expect("made");
    place.write("esp/EFI/T/unsigned.efi", &kit.stub);
    let commands = [
        "snowguard-boot events",
        "snowguard-boot keys status --folder /boot/test/k",
        "snowguard-boot status --esp /boot --certificate /boot/test/k/keys/db/db.pem",
    ];
    bring(&place, &[program], &commands);
    machine.set_disk(&disk(&place)).expect("put in");
    for tries in 1..=3 {
        // Without a TPM, which makes no difference to what boots.
        let conditions = Conditions {
            until: &[PANIC],
            tpm: Tpm::Absent,
            ..Conditions::default()
        };
        let outcome = machine.run_with(&conditions).expect("a run");
        assert!(
            outcome.screen.contains("Kernel panic"),
            "{}",
            outcome.screen
        );
        refuses_the_unsigned(&outcome);
        fetch(&place, &machine);
        let expected = json!({"left": 3 - tries, "done": tries});
        assert_eq!(counter(&place, 2), expected, "{}", outcome.screen);
    }

    let outcome = machine.run(&[PANIC]).expect("a run");
    refuses_the_unsigned(&outcome);
    let report = self::report(&outcome);
    assert_eq!(report.variable("SecureBoot"), Some([1].as_slice()));
    assert_eq!(report.pcr(11), Some(predicted(&place, 1)));
    for (number, words) in [
        // The log's replay equals the TPM.
        (0, "EV_EFI_VARIABLE_AUTHORITY"),
        // The card's ROM still runs: its digest is in db.
        (0, "EV_EFI_BOOT_SERVICES_DRIVER"),
        (1, "enrolled"),
        (1, "db: 2 entries"),
        (2, "generation 1"),
    ] {
        let (code, told) = ran(report, number);
        assert!(code == 0 && told.contains(words), "{number}: {code} {told}");
    }
}

/// The booted system finds a policy that the key signed for what PCR 11 holds once the initrd runs.
fn brings_policies(place: &Place, report: &Report) {
    let signed = report.file("/.extra/tpm2-pcr-signature.json");
    let signed: Value = serde_json::from_slice(signed.expect("handed over")).expect("JSON");
    let image = report.file("/.extra/tpm2-pcr-public-key.pem");
    let public =
        Certificate::from_pem(std::str::from_utf8(&place.read("k/keys/db/db.pem")).expect("text"));
    let public = public.expect("a certificate")[0].public_key_der().to_vec();
    let public = snowguard_boot_format::pem::encode("PUBLIC KEY", &public);
    assert_eq!(image, Some(public.as_bytes()));
    let value = report.pcr(11).expect("a TPM");
    let value = Pcr::from_bytes(DigestAlgorithm::Sha256, &value).expect("32 bytes");
    let policy = pcr_policy(11, &value.after("enter-initrd")).expect("a register");
    assert_eq!(signed["sha256"][0]["pol"], policy.to_string());
}

fn refuses_the_unsigned(outcome: &Outcome) {
    let mut lines = outcome.screen.lines();
    let refused = lines.find(|line| line.contains("failed to load Boot0000 \"unsigned\""));
    assert!(
        refused.is_some_and(|line| line.ends_with("Access Denied")),
        "{}",
        outcome.screen
    );
}

/// Brings images as the machine has left them back to `esp`: the boot loader has renamed some.
fn fetch(place: &Place, machine: &Machine<'_>) {
    let disk = machine.disk().expect("a disk");
    let folder = place.at("esp/EFI/Linux");
    fs::remove_dir_all(&folder).expect("removed");
    fs::create_dir(&folder).expect("made");
    for name in disk.list("EFI/Linux").expect("a folder") {
        let bytes = disk.read(&format!("EFI/Linux/{name}")).expect("read");
        fs::write(folder.join(name), bytes).expect("written");
    }
}

fn status(place: &Place) -> Value {
    let status = ["status", "--esp", "esp", "--efivars", "none"];
    place.json(&[&status[..], &SIGNER[2..]].concat())
}

fn entry(place: &Place, generation: u32) -> Value {
    let status = status(place);
    let mut entries = status["entries"].as_array().expect("a list").iter();
    let entry = entries.find(|entry| entry["generation"] == generation);
    entry.unwrap_or_else(|| panic!("{status}")).clone()
}

fn counter(place: &Place, generation: u32) -> Value {
    entry(place, generation)["counter"].clone()
}

/// PCR 11 as `measure` says it of the thin image on the partition.
fn predicted(place: &Place, generation: u32) -> [u8; 32] {
    let entry = entry(place, generation);
    let image = format!("esp/EFI/Linux/{}", entry["name"].as_str().expect("a name"));
    let told = place.json(&["measure", &image]);
    let value = told["pcr11"][0]["value"].as_str().expect("a value");
    let digits = value.as_bytes().chunks(2);
    let bytes: Vec<u8> = digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16))
        .collect::<Result<_, _>>()
        .expect("hexadecimal");
    bytes.try_into().expect("32 bytes")
}
