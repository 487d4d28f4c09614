//! `.narinfo` files: what was read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::StoreDir;
use snowguard_nix_formats::path_info::narinfo::NarInfo;

fuzz_target!(|data: &[u8]| {
    let store_dir = StoreDir::default();
    if let Ok(narinfo) = NarInfo::parse(data, &store_dir) {
        let written = narinfo.write(&store_dir);
        assert_eq!(NarInfo::parse(written.as_bytes(), &store_dir), Ok(narinfo));
    }
});
