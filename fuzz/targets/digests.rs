//! Hashes, content addresses and signatures: what was read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::{ContentAddress, Hash, Method, Signature};

fuzz_target!(|text: &str| {
    if let Ok(hash) = Hash::parse(text) {
        assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
        let prefixed = format!("{}:{}", hash.algorithm(), hash.nix32());
        assert_eq!(Hash::parse(&prefixed), Ok(hash));
    }
    if let Ok(address) = text.parse::<ContentAddress>() {
        assert_eq!(address.to_string().parse(), Ok(address));
    }
    if let Ok((method, algorithm)) = Method::parse_prefixed(text) {
        assert_eq!(format!("{}{algorithm}", method.prefix()), text);
    }
    if let Ok(signature) = text.parse::<Signature>() {
        assert_eq!(signature.to_string(), text);
    }
});
