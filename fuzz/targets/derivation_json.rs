//! `nix derivation show`: what was read survives being written as JSON and as `.drv` files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::StoreDir;
use snowguard_nix_formats::derivation::{aterm, json};

fuzz_target!(|data: &[u8]| {
    let store_dir = StoreDir::default();
    let Ok(derivations) = json::parse(data, &store_dir) else {
        return;
    };
    for derivation in derivations.values() {
        let file = aterm::write(derivation, &store_dir);
        assert_eq!(aterm::parse(&file, &store_dir).as_ref(), Ok(derivation));
    }
    // Writing may refuse: an old form can hold structured attributes that are not JSON.
    if let Ok(written) = json::to_string(&derivations) {
        assert_eq!(json::parse(written.as_bytes(), &store_dir), Ok(derivations));
    }
});
