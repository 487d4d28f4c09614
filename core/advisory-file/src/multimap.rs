//! Sorted keys, each with a run of numbers.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::error::AdvisoryFileError;
use crate::flat::{Body, Flat};

/// Keys to numbers, in three flat sections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MultiMap {
    pub(crate) keys: Flat,
    pub(crate) offsets: Flat,
    pub(crate) values: Flat,
}

impl MultiMap {
    /// The numbers under a key.
    pub(crate) fn get(&self, body: &Body<'_>, key: u64) -> Result<Vec<u32>, AdvisoryFileError> {
        let Some(index) = find(body, &self.keys, key)? else {
            return Ok(Vec::new());
        };
        let start = body.u32_at(&self.offsets, index)?;
        let end = body.u32_at(&self.offsets, index + 1)?;
        let bytes = body.slice(&self.values, u64::from(start) * 4..u64::from(end) * 4)?;
        Ok(bytes
            .chunks_exact(4)
            .filter_map(|four| four.try_into().ok())
            .map(u32::from_le_bytes)
            .collect())
    }
}

/// Where a key stands among sorted ones.
///
/// Keys are hashes, spread evenly: where one stands can be told from its size, and a few steps lead
/// there. Each other step halves what is left, so that no order of keys makes a search long.
pub(crate) fn find(
    body: &Body<'_>,
    keys: &Flat,
    key: u64,
) -> Result<Option<u64>, AdvisoryFileError> {
    // Places `low..high` are open; every key there lies between `least` and `most`.
    let (mut low, mut high) = (0, keys.length / 8);
    let (mut least, mut most) = (0, u64::MAX);
    let mut guesses = true;
    while low < high && (least..=most).contains(&key) {
        let open = high - low;
        let middle = if guesses {
            low + share(key - least, most - least, open)
        } else {
            low + open / 2
        };
        guesses = !guesses;
        let found = body.u64_at(keys, middle)?;
        match found.cmp(&key) {
            Ordering::Equal => return Ok(Some(middle)),
            Ordering::Less => (low, least) = (middle + 1, found),
            Ordering::Greater => (high, most) = (middle, found),
        }
    }
    Ok(None)
}

/// Where among so many places something stands that is this part of the whole; always one of them.
fn share(part: u64, whole: u64, places: u64) -> u64 {
    let place = u128::from(part) * u128::from(places) / (u128::from(whole) + 1);
    u64::try_from(place).unwrap_or(u64::MAX).min(places - 1)
}

/// The three sections of a map.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    pub(crate) keys: Vec<u8>,
    pub(crate) offsets: Vec<u8>,
    pub(crate) values: Vec<u8>,
}

/// Lays a map out.
pub(crate) fn lay(map: &BTreeMap<u64, Vec<u32>>) -> Sections {
    let mut sections = Sections::default();
    let mut at = 0_u32;
    for (key, values) in map {
        sections.keys.extend(key.to_le_bytes());
        sections.offsets.extend(at.to_le_bytes());
        for value in values {
            sections.values.extend(value.to_le_bytes());
            at += 1;
        }
    }
    sections.offsets.extend(at.to_le_bytes());
    sections
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_guess_is_always_a_place() {
        for places in [1, 2, 3, 1_000_003, u64::from(u32::MAX)] {
            for (part, whole) in [(0, 0), (0, 9), (9, 9), (1, u64::MAX), (u64::MAX, u64::MAX)] {
                assert!(
                    share(part, whole, places) < places,
                    "{part} {whole} {places}"
                );
            }
        }
        assert_eq!(share(u64::MAX / 2, u64::MAX, 1_000), 499);
    }
}
