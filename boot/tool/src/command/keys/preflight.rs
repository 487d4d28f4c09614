//! Before keys are written: would the machine still start what it needs?
//!
//! An option ROM whose driver is not allowed any more leaves a machine without a picture, or
//! without its disk, and then without a way to undo it. The event log tells which drivers and
//! programs were loaded at this boot, by their digests, and which entries of db allowed them.

use serde::Serialize;
use snowguard_boot_format::digest::{Digest, DigestAlgorithm};
use snowguard_boot_format::eventlog::{Event, EventLog, EventType};
use snowguard_boot_format::variable::{Payload, SignatureLists};
use snowguard_boot_format::x509::Certificate;

use super::microsoft;

/// How sure it is that an image goes on working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prospect {
    /// The new db holds its digest.
    AllowedByDigest,
    /// Every entry of db that allowed anything at this boot stays.
    AllowedByAuthority,
    /// Secure Boot was off, so nothing tells who signed it; Microsoft's certificates, under which
    /// most are signed, are in the new db.
    Probable,
    /// Nothing in the new db is known to allow it.
    AtRisk,
}

/// An image of this boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageLoaded {
    /// Whether it is a driver (an option ROM); else a program, such as a boot loader.
    pub driver: bool,
    /// Where it came from.
    pub device_path: String,
    /// SHA-256, as Authenticode makes it.
    pub sha256: Option<String>,
    /// Whether it goes on working.
    pub prospect: Prospect,
}

/// Looks at every image of the log.
pub fn look(log: &EventLog, db: &SignatureLists) -> Vec<ImageLoaded> {
    let authorities: Vec<&Event> = log
        .events
        .iter()
        .filter(|event| event.kind == EventType::VARIABLE_AUTHORITY)
        .collect();
    let all_stay = !authorities.is_empty() && authorities.iter().all(|event| stays(event, db));
    let with_microsoft = holds_microsoft(db);
    images(log)
        .filter_map(|event| {
            let load = event.image_load()?;
            let digest = event.digest(DigestAlgorithm::Sha256);
            let prospect = if digest.is_some_and(|digest| holds_digest(db, digest)) {
                Prospect::AllowedByDigest
            } else if all_stay {
                Prospect::AllowedByAuthority
            } else if authorities.is_empty() && with_microsoft {
                Prospect::Probable
            } else {
                Prospect::AtRisk
            };
            Some(ImageLoaded {
                driver: is_driver(event),
                device_path: load.device_path,
                sha256: digest.map(ToString::to_string),
                prospect,
            })
        })
        .collect()
}

/// The digests of all drivers that this boot loaded.
pub fn driver_digests(log: &EventLog) -> Vec<Digest> {
    images(log)
        .filter(|event| is_driver(event))
        .filter_map(|event| event.digest(DigestAlgorithm::Sha256).cloned())
        .collect()
}

fn images(log: &EventLog) -> impl Iterator<Item = &Event> {
    // PCR 0 is the firmware itself, which no list of signatures is about.
    log.events
        .iter()
        .filter(|event| event.pcr == 2 || event.pcr == 4)
        .filter(|event| event.image_load().is_some())
}

fn is_driver(event: &Event) -> bool {
    event.kind != EventType::BOOT_SERVICES_APPLICATION
}

fn holds_digest(db: &SignatureLists, digest: &Digest) -> bool {
    db.entries()
        .any(|entry| matches!(&entry.payload, Payload::Image(known) if known == digest))
}

/// Whether the entry of db that allowed something is in the new one.
fn stays(event: &Event, db: &SignatureLists) -> bool {
    let Some(variable) = event.variable() else {
        return false;
    };
    // Entries of shim's lists are shim's business, and go on as before.
    if variable.name != "db" {
        return true;
    }
    let content = variable.content.get(16..).unwrap_or_default();
    db.entries().any(|entry| match &entry.payload {
        Payload::Certificate(certificate) => certificate.der() == content,
        Payload::Image(digest) => digest.as_bytes() == content,
        _ => false,
    })
}

fn holds_microsoft(db: &SignatureLists) -> bool {
    let mut wanted = SignatureLists::default();
    if microsoft::add_db(&mut wanted).is_err() {
        return false;
    }
    let there = db.certificates();
    let third_party: Vec<Certificate> = wanted.certificates().into_iter().take(3).collect();
    third_party
        .iter()
        .all(|certificate| there.contains(certificate))
}
