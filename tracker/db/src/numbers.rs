//! Numbers of advisories, and lists of numbers in one value.

use crate::error::{DbError, Result};

/// An advisory's number. For a CVE id it follows from the id (`year * 2^32 + number`), so that it
/// needs no table, and sorts as the ids do. Other ids get small numbers in `advisory_name`.
pub(crate) fn of_cve(id: &str) -> Option<i64> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !(4..=9).contains(&number.len()) || !digits(year) || !digits(number) {
        return None;
    }
    let (year, number): (i64, i64) = (year.parse().ok()?, number.parse().ok()?);
    // Only an id that is written back the same way has a number: `CVE-2024-00001` is another id.
    let derived = (year << 32) | number;
    (year > 0 && cve_name(derived).as_deref() == Some(id)).then_some(derived)
}

/// The CVE id of a number, or nothing for the number of another id.
pub(crate) fn cve_name(number: i64) -> Option<String> {
    let year = number >> 32;
    (1..=9999)
        .contains(&year)
        .then(|| format!("CVE-{year:04}-{:04}", number & 0xffff_ffff))
}

/// The numbers that `advisory_name` gives out end here.
pub(crate) const NAMED_END: i64 = 1 << 32;

pub(crate) fn to_list(numbers: &[i64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

pub(crate) fn from_list(bytes: &[u8]) -> Result<Vec<i64>> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(DbError::damaged(
            "list of numbers",
            format!("{} bytes", bytes.len()),
        ));
    }
    Ok(chunks
        .iter()
        .map(|chunk| i64::from_le_bytes(*chunk))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cve_ids_have_numbers_that_sort() {
        let ids = [
            "CVE-1999-0001",
            "CVE-2024-0999",
            "CVE-2024-10000",
            "CVE-2024-999999999",
            "CVE-2025-1234",
        ];
        let numbers: Vec<i64> = ids.iter().map(|id| of_cve(id).expect(id)).collect();
        assert!(numbers.is_sorted());
        for (id, number) in ids.iter().zip(numbers) {
            assert_eq!(cve_name(number).as_deref(), Some(*id));
        }
    }

    #[test]
    fn other_ids_have_none() {
        for id in [
            "CVE-2024-123",
            "CVE-2024-01234",
            "CVE-2024-1234567890",
            "CVE-0000-1234",
            "cve-2024-1234",
            "CVE-2024-12é4",
            "GHSA-x",
            "CVE-2024",
            "CVE-+024-1234",
        ] {
            assert_eq!(of_cve(id), None, "{id}");
        }
        assert_eq!(cve_name(NAMED_END - 1), None);
    }

    #[test]
    fn lists_come_back() {
        let numbers = [0, -1, i64::MAX, 7];
        assert_eq!(from_list(&to_list(&numbers)).unwrap(), numbers);
        assert!(from_list(&[1, 2, 3]).is_err());
    }
}
