//! What `snowguard scan` reads from files: bills of materials, channels, path information, lists,
//! derivations, patches, suppressions, and its own advisory file. The first byte chooses. Reading
//! ends without panic, and every way through a closure ends.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use snowguard_advisory_file::{AdvisoryFile, SecretKey};
use snowguard_scan::closure::PathIndex;
use snowguard_scan::input::{self, Nix, Reach};
use snowguard_scan::software::Inventory;
use snowguard_scan::{input::patches, suppress};

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    match choice % 4 {
        0 | 1 => {
            let nix = Nix::at(Path::new("/nonexistent"));
            let name = if choice % 4 == 0 { "file" } else { "file.br" };
            let read = input::from_bytes(Path::new(name), data.to_vec(), Reach::Runtime, &nix);
            let Ok(closure) = read else { return };
            let parents = closure.parents();
            for index in 0..closure.entries.len() {
                let index = PathIndex::new(index).expect("a small input");
                assert!(closure.why(&parents, index).len() <= closure.entries.len() + 1);
            }
            let inventory = Inventory::of(&closure);
            let found: usize = inventory.software.iter().map(|one| one.paths.len()).sum();
            assert_eq!(found + inventory.dropped.len(), closure.entries.len());
        }
        2 => {
            if let Ok(text) = std::str::from_utf8(data) {
                let _said = patches::read(text);
                let _rules = suppress::import(Path::new("rules"), text);
            }
        }
        _ => {
            // What a server of the trusted key could write: signed, and then anything.
            let key = SecretKey::from_seed("fuzz-1", &[1; 32]).expect("a good name");
            let signed = snowguard_advisory_file::sign_anything(data, &key);
            if let Ok(file) = AdvisoryFile::open(&signed, &[key.public()]) {
                let mut reader = file.reader();
                let _found = reader.find("CVE-2024-1");
                let _packages = reader.packages(snowguard_advisory_file::PackageKey::Pname("a"));
                let _rulings = file.rulings();
            }
        }
    }
});
