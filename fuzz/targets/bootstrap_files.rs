//! What the driver reads besides step files; the first byte chooses.
#![no_main]

use std::collections::BTreeSet;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use snowguard_bootstrap::difference::{How, contents};
use snowguard_bootstrap::provenance::Envelope;
use snowguard_bootstrap::sources::{Listed, decode_listing};
use snowguard_bootstrap::runner;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 5 {
        0 => {
            let folder = tempfile::tempdir().expect("a folder");
            let inside = folder.path().join("inside");
            std::fs::create_dir(&inside).expect("a folder");
            std::fs::write(inside.join("a"), "one\ntwo\nthree\n").expect("a file");
            let _refused = runner::apply(bytes, &inside, 1);
            let entries = std::fs::read_dir(folder.path()).expect("the folder");
            assert_eq!(entries.count(), 1, "a patch left its folder");
        }
        1 => {
            if let Ok(text) = std::str::from_utf8(bytes)
                && let Ok(listed) = decode_listing(text)
            {
                let again: String = listed.iter().map(|byte| format!("{byte:02x} ")).collect();
                assert_eq!(decode_listing(&again), Ok(listed));
            }
        }
        2 => {
            if let Ok(text) = std::str::from_utf8(bytes) {
                let wanted = BTreeSet::from(["pool/a"]);
                let _found = Listed::read(text, &wanted).get("pool/a");
            }
        }
        3 => assert!(Envelope::open(bytes, &[]).is_err(), "nobody signed it"),
        _ => {
            let (left, right) = bytes.split_at(bytes.len() / 2);
            let differences = contents(Path::new("x"), left, right);
            assert_eq!(differences.is_empty(), left == right);
            for difference in differences {
                if let (None, How::Content { offset, .. }) = (difference.member, difference.how) {
                    let offset = usize::try_from(offset).expect("within");
                    assert_eq!(left[..offset], right[..offset]);
                    assert_ne!(left.get(offset), right.get(offset));
                }
            }
        }
    }
});
