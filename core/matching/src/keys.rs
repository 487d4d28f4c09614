//! Inverted-index keys: an advisory can only match a package with which it shares a key.
//!
//! A key is a stable 64-bit hash of a tagged string (`name:openssl`, `repo:github.com/a/b`,
//! `cpe:vendor:product`, `purl:pypi/requests`). Stability matters: keys are stored.

use snowguard_advisory::model::Record;

use crate::package::Package;

/// A stored, stable hash of one tagged string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// Hashes a tagged string.
    #[must_use]
    pub fn new(tag: &str, value: &str) -> Self {
        // FNV-1a, 64 bit, with a final mix: stable across builds and machines.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in tag.bytes().chain([b':']).chain(value.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash ^= hash >> 32;
        Self(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// As a signed integer, for databases without unsigned ones.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// From its stored form.
    #[must_use]
    pub fn from_i64(stored: i64) -> Self {
        Self(stored.cast_unsigned())
    }
}

/// The keys under which a package is found. Sorted, without duplicates.
#[must_use]
pub fn of_package(package: &Package) -> Vec<Key> {
    let mut keys = vec![Key::new("name", &package.pname.to_lowercase())];
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys under which a record is found. Sorted, without duplicates.
#[must_use]
pub fn of_record(record: &Record) -> Vec<Key> {
    let mut keys: Vec<Key> = record
        .affected
        .iter()
        .filter_map(|affected| affected.product.as_deref())
        .map(|product| Key::new("name", &product.to_lowercase()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
