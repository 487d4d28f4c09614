//! Images: whatever is read is read without panic, and taking every signature off an image leaves
//! one whose digest is what it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_boot_format::authenticode::{digest, remove_all, signatures};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::{pcr11, pinned_files, sections_of_profile};
use snowguard_boot_format::pe::{File, Loaded};
use snowguard_boot_format::uki::sbat;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(merged) = sbat::merge(&[bytes]) {
        assert_eq!(sbat::merge(&[merged.as_bytes(), bytes]), Ok(merged));
    }
    if let Ok(loaded) = Loaded::parse(bytes) {
        for section in loaded.sections() {
            assert_eq!(loaded.contents(&section).len(), section.memory_size() as usize);
        }
    }
    let Ok(file) = File::parse(bytes) else {
        return;
    };
    for section in file.sections() {
        assert!(file.contents(&section).len() <= section.raw_size as usize);
    }
    for profile in 0..3 {
        let there = sections_of_profile(&file, profile).is_ok();
        let pinned = pinned_files(&file, profile);
        assert!(there || pinned.is_err());
        // The digests that a thin image has are enough for this bank, and only for it.
        assert_eq!(pcr11(&file, DigestAlgorithm::Sha256, profile, &[]).is_ok(), pinned.is_ok());
        let without_files = pinned.is_ok_and(|files| files.is_empty());
        assert_eq!(pcr11(&file, DigestAlgorithm::Sha384, profile, &[]).is_ok(), without_files);
    }
    let Ok(entries) = signatures(&file) else {
        return;
    };
    let before = digest(&file, DigestAlgorithm::Sha256);
    for entry in entries.iter().filter_map(|entry| entry.signature.as_ref().ok()) {
        let _ = entry.matches(&file);
    }
    if file.gaps() == 0
        && let Ok(plain) = remove_all(bytes.to_vec())
    {
        let file = File::parse(&plain).expect("still an image");
        assert_eq!(digest(&file, DigestAlgorithm::Sha256), before);
    }
});
