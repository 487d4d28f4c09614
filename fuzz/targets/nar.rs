//! Nix archives, as a step's output comes in: what is restored is packed to the same bytes, and the hash is
//! that of the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_bootstrap::graph::Digest;
use snowguard_bootstrap::{runner, store};

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("x");
    if let Ok(restored) = store::restore(data, &to) {
        assert_eq!(restored.hash, Digest::of(data));
        let mut packed = Vec::new();
        runner::pack(&to, &mut packed).expect("it was just written");
        assert_eq!(packed, data);
    }
    // Outputs are read-only, so the folder can't remove itself.
    store::remove_tree(&folder.keep()).expect("removed");
});
