//! `events`, beside tpm2_eventlog on the same logs.

use snowguard_boot_format::digest::DigestAlgorithm;

use crate::program::Place;
use crate::tools::{must, there};

/// One event of the crypto-agile form, in two banks.
pub fn agile(out: &mut Vec<u8>, pcr: u32, kind: u32, data: &[u8]) {
    out.extend(pcr.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend(2_u32.to_le_bytes());
    for algorithm in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256] {
        out.extend(algorithm.tpm_id().to_le_bytes());
        // Events of no action have digests that nobody extends by.
        if kind == 3 {
            out.extend(vec![0; algorithm.size()]);
        } else {
            out.extend(algorithm.digest(&[data]).as_bytes());
        }
    }
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
}

/// One event of the legacy form.
fn legacy(out: &mut Vec<u8>, pcr: u32, kind: u32, digest: &[u8], data: &[u8]) {
    out.extend(pcr.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend(digest);
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
}

fn agile_log() -> Vec<u8> {
    agile_log_from(None)
}

/// The event that says: two banks follow.
pub fn header() -> Vec<u8> {
    let mut header = b"Spec ID Event03\0".to_vec();
    header.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    header.extend(2_u32.to_le_bytes());
    header.extend([4, 0, 20, 0, 11, 0, 32, 0, 0]);
    let mut log = Vec::new();
    legacy(&mut log, 0, 3, &[0; 20], &header);
    log
}

/// From a start in this locality.
fn agile_log_from(locality: Option<u8>) -> Vec<u8> {
    let mut log = header();
    if let Some(locality) = locality {
        agile(
            &mut log,
            0,
            3,
            &[b"StartupLocality\0", &[locality][..]].concat(),
        );
    }
    agile(&mut log, 0, 8, b"1\x002\x00\x00\x00");
    agile(
        &mut log,
        4,
        0x8000_0007,
        b"Calling EFI Application from Boot Option",
    );
    for pcr in 0..8 {
        agile(&mut log, pcr, 4, &[0; 4]);
    }
    let mut load = vec![0; 32];
    load[24] = 4;
    load.extend([0x7f, 0xff, 4, 0]);
    agile(&mut log, 4, 0x8000_0003, &load);
    agile(&mut log, 11, 13, b".\0l\0i\0n\0u\0x\0\0\0");
    log
}

fn legacy_log() -> Vec<u8> {
    let mut log = Vec::new();
    let sha1 = |data: &[u8]| DigestAlgorithm::Sha1.digest(&[data]).as_bytes().to_vec();
    legacy(&mut log, 0, 8, &sha1(b"v1"), b"v1");
    for pcr in 0..8 {
        legacy(&mut log, pcr, 4, &sha1(&[0; 4]), &[0; 4]);
    }
    log
}

/// `bank register value` of every register, as tpm2_eventlog replays them.
fn theirs(told: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut bank = String::new();
    let registers = told.split_once("\npcrs:").expect("a summary").1;
    for line in registers.lines() {
        let line = line.trim();
        if let Some((number, value)) = line.split_once(" : 0x").or_else(|| line.split_once(": 0x"))
        {
            found.push(format!("{bank} {} {value}", number.trim()));
        } else if let Some(name) = line.strip_suffix(':') {
            bank = name.to_owned();
        }
    }
    found.sort();
    found
}

fn ours(place: &Place, log: &str) -> Vec<String> {
    let told = place.json(&["events", "--replay-only", log]);
    let mut found: Vec<String> = told["registers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().expect("text").to_owned();
            format!("{} {} {}", text("bank"), one["pcr"], text("replayed"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn tpm2_eventlog_agrees_on_the_replay_of_both_forms() {
    if !there("tpm2_eventlog") {
        return;
    }
    let place = Place::new();
    for log in [agile_log(), legacy_log()] {
        place.write("log", &log);
        let told = must("tpm2_eventlog", &[&place.text("log")]);
        assert_eq!(ours(&place, "log"), theirs(&told), "{told}");
    }
}

/// tpm2_eventlog of Debian 12 passes over the locality, so this one stands alone.
#[test]
fn pcr_0_begins_with_the_locality_of_the_start() {
    let place = Place::new();
    place.write("log", &agile_log_from(Some(3)));
    let mut value = [[0; 31].as_slice(), &[3]].concat();
    for data in [&b"1\x002\x00\x00\x00"[..], &[0; 4]] {
        let digest = DigestAlgorithm::Sha256.digest(&[data]);
        let extended = DigestAlgorithm::Sha256.digest(&[&value, digest.as_bytes()]);
        value = extended.as_bytes().to_vec();
    }
    let hexadecimal: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(ours(&place, "log").contains(&format!("sha256 0 {hexadecimal}")));
}

#[test]
fn events_are_told_in_words() {
    let place = Place::new();
    place.write("log", &agile_log());
    let told = place.good(&["events", "log", "--pcr", "4"]);
    assert!(
        told.contains("EV_EFI_ACTION: Calling EFI Application from Boot Option"),
        "{told}"
    );
    assert!(!told.contains("PCR 7"), "{told}");
    let told = place.good(&["events", "log"]);
    assert!(told.contains("EV_IPL: .linux"), "{told}");
}

#[test]
fn a_log_that_is_cut_off_is_refused() {
    let place = Place::new();
    let log = agile_log();
    for length in [10, 40, log.len() - 1] {
        place.write("log", &log[..length]);
        let told = place.ends(3, &["events", "log"]);
        assert!(
            told.contains("the log ends inside event") || told.contains("malformed"),
            "{told}"
        );
    }
}
