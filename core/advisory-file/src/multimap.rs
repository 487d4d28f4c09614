//! Sorted keys, each with a run of numbers.

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
pub(crate) fn find(
    body: &Body<'_>,
    keys: &Flat,
    key: u64,
) -> Result<Option<u64>, AdvisoryFileError> {
    let (mut low, mut high) = (0, keys.length / 8);
    while low < high {
        let middle = low + (high - low) / 2;
        match body.u64_at(keys, middle)?.cmp(&key) {
            std::cmp::Ordering::Equal => return Ok(Some(middle)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(None)
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
