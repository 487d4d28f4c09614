//! Store paths in every form, and Nix base 32.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::{StoreDir, StorePath, StorePathName, nixbase32};

fuzz_target!(|data: &[u8]| {
    if let Ok(bytes) = nixbase32::decode::<20>(data) {
        assert_eq!(nixbase32::encode(&bytes).as_bytes(), data);
    }
    let mut buffer = vec![0; data.len() * 5 / 8];
    if nixbase32::decode_into(data, &mut buffer).is_ok() {
        assert_eq!(nixbase32::encode(&buffer).as_bytes(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let store_dir = StoreDir::default();
    if let Ok(path) = StorePath::from_base_name(text) {
        assert_eq!(path.as_str(), text);
        let name = StorePathName::new(path.name()).expect("the name of a path is a name");
        assert_eq!(StorePath::from_parts(path.digest(), &name), path);
        let absolute = path.to_absolute(&store_dir);
        assert_eq!(StorePath::from_absolute(&absolute, &store_dir), Ok(path));
    }
    if let Ok((path, rest)) = StorePath::containing(text, &store_dir) {
        assert_eq!(format!("{}{rest}", path.to_absolute(&store_dir)), text);
    }
    if let Ok(other) = StoreDir::new(text) {
        assert!(StorePath::from_absolute(text, &other).is_err());
    }
});
