use proptest::prelude::*;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, Preamble, SecretKey};

use crate::sample;

#[test]
fn another_key_and_no_key_are_refused() {
    let bytes = sample::bytes();
    let other = SecretKey::from_seed("test-1", &[2; 32]).unwrap().public();
    assert_eq!(
        AdvisoryFile::open(&bytes, &[other]).unwrap_err(),
        AdvisoryFileError::Untrusted {
            trusted: vec!["test-1".to_owned()]
        }
    );
    assert_eq!(
        AdvisoryFile::open(&bytes, &[]).unwrap_err(),
        AdvisoryFileError::NoKeys
    );
}

/// Every byte is covered: by the signature, or by the digest of its chunk.
#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let bytes = sample::bytes();
    let body = usize::try_from(Preamble::length(&bytes).unwrap()).unwrap();
    let places = (0..body).chain((body..bytes.len()).step_by(97));
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        let noticed = AdvisoryFile::open(&damaged, &sample::trusted())
            .and_then(|file| file.check_all())
            .is_err();
        assert!(noticed, "byte {place}");
    }
}

#[test]
fn a_file_that_ends_early_is_refused_at_once() {
    let bytes = sample::bytes();
    for length in [0, 1, 7, 8, 11, 12, 100, bytes.len() / 2, bytes.len() - 1] {
        let opened = AdvisoryFile::open(&bytes[..length], &sample::trusted());
        assert!(
            matches!(opened, Err(AdvisoryFileError::Truncated { .. })),
            "{length}"
        );
    }
}

#[test]
fn a_header_of_gigabytes_is_not_read() {
    let mut bytes = sample::bytes();
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(
        AdvisoryFile::open(&bytes, &sample::trusted()),
        Err(AdvisoryFileError::HeaderTooLarge { .. })
    ));
    assert!(matches!(
        AdvisoryFile::open(b"SQLite format 3\0", &sample::trusted()),
        Err(AdvisoryFileError::Magic { .. })
    ));
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut whole = b"SNOWADV2".to_vec();
        whole.extend(&bytes);
        for input in [&bytes, &whole] {
            prop_assert!(AdvisoryFile::open(input, &sample::trusted()).is_err());
        }
    }
}
