//! `nix path-info --json`: reading ends without panic, and each entry stands under its own path.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::StoreDir;
use snowguard_nix_formats::path_info::json::parse;

fuzz_target!(|data: &[u8]| {
    let store_dir = StoreDir::default();
    for (path, entry) in parse(data, &store_dir).unwrap_or_default() {
        if let Some(entry) = entry {
            assert_eq!(entry.info.path, path);
            assert_eq!(
                entry.info.fingerprint(&store_dir).is_some(),
                entry.info.nar_size.is_some()
            );
        }
    }
});
