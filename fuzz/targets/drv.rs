//! A `.drv` file: what was read is written back byte by byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::StoreDir;
use snowguard_nix_formats::derivation::aterm;

fuzz_target!(|data: &[u8]| {
    let store_dir = StoreDir::default();
    if let Ok(derivation) = aterm::parse(data, &store_dir) {
        assert_eq!(aterm::write(&derivation, &store_dir), data);
    }
});
