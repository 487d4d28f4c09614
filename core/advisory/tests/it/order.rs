//! A version order for tests: numbers compare as numbers, letters as text; a commit-like or
//! wordy text compares with nothing but itself.

use std::cmp::Ordering;

use snowguard_advisory::versions::VersionOrder;

pub struct Dotted;

impl VersionOrder for Dotted {
    fn compare(&self, a: &str, b: &str) -> Option<Ordering> {
        Some(parts(a)?.cmp(&parts(b)?))
    }
}

/// `1.2-rc1` → (1, 2) with a suffix that sorts before none.
fn parts(version: &str) -> Option<(Vec<u64>, bool, String)> {
    let (numbers, suffix) = match version.split_once('-') {
        Some((numbers, suffix)) => (numbers, suffix),
        None => (version, ""),
    };
    let mut list = Vec::new();
    for part in numbers.split('.') {
        list.push(part.parse().ok()?);
    }
    while list.last() == Some(&0) {
        list.pop();
    }
    Some((list, suffix.is_empty(), suffix.to_owned()))
}
