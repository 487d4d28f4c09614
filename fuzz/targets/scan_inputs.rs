//! What `snowguard scan` reads from files: bills of materials, channels, path information, lists,
//! derivations, patches, suppressions, and its own advisory file. The first byte chooses. Reading
//! ends without panic, and every way through a closure ends.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use snowguard_advisory_file::{AdvisoryFile, PackageKey, SecretKey};
use snowguard_matching::keys::Key;
use snowguard_matching::package_facts::VendorProduct;
use snowguard_scan::closure::PathIndex;
use snowguard_scan::input::{self, Nix, Reach};
use snowguard_scan::software::Inventory;
use snowguard_scan::{input::patches, suppress};

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    match choice % 5 {
        0 | 1 => {
            let nix = Nix::at(Path::new("/nonexistent"));
            let name = if choice % 5 == 0 { "file" } else { "file.br" };
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
        3 => {
            if let Ok(text) = std::str::from_utf8(data) {
                let _rules = suppress::import(Path::new("rules.yaml"), text);
            }
        }
        _ => {
            // What a server of the trusted key could write: signed, and then anything.
            let key = SecretKey::from_seed("fuzz-1", &[1; 32]).expect("a good name");
            let signed = snowguard_advisory_file::sign_anything(data, &key);
            if let Ok(file) = AdvisoryFile::open(&signed, &[key.public()]) {
                read_all(&file);
            }
        }
    }
});

/// Whatever a scan reads of a file. The names are those of the seed.
fn read_all(file: &AdvisoryFile<'_>) {
    let mut reader = file.reader();
    for id in ["CVE-2024-1000", "GHSA-0001"] {
        if let Ok(Some(candidate)) = reader.find(id) {
            let _prose = reader.prose(candidate);
        }
    }
    if let Ok(candidates) = file.candidates(Key::new("name", "product1")) {
        for candidate in candidates.into_iter().take(8) {
            let _facts = reader.facts(candidate);
        }
    }
    for key in [
        PackageKey::Pname("product0"),
        PackageKey::Name("product1-1.3"),
        PackageKey::Output("00000000000000000000000000000001"),
    ] {
        let _packages = reader.packages(key);
    }
    let _hint = file.hint(&VendorProduct::new("owner", "product0"));
    let _projects = file.projects("product0");
    let _rulings = file.rulings();
    let _damaged = file.check_all();
}
