//! Images: whatever is read is read without panic, and taking every signature off an image leaves
//! one whose digest is what it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_boot_format::authenticode::{digest, remove_all, signatures};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::{pcr11, sections_of_profile};
use snowguard_boot_format::pe::{File, Loaded};

fuzz_target!(|bytes: &[u8]| {
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
        assert_eq!(pcr11(&file, DigestAlgorithm::Sha256, profile).is_ok(), there);
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
