//! Dotted numbers: what most versions are, and every scheme but Debian's orders alike.

use std::cmp::Ordering;

/// Longer numbers without a dot may be days or commits.
const PLAIN: usize = 7;

/// Compares two dotted numbers; missing parts are 0. `None` where either is anything else.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (mut left, mut right) = (parts(a)?, parts(b)?);
    // Both are looked at to their ends: what comes late may still be no number.
    let mut order = Ordering::Equal;
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Some(order);
        }
        let number = |part: Option<&[u8]>| part.map_or(Some(0), number);
        order = order.then(number(a)?.cmp(&number(b)?));
    }
}

fn parts(text: &str) -> Option<impl Iterator<Item = &[u8]>> {
    let bytes = text.as_bytes();
    let is_dotted = bytes.contains(&b'.');
    (is_dotted || bytes.len() <= PLAIN).then(|| bytes.split(|byte| *byte == b'.'))
}

fn number(part: &[u8]) -> Option<u64> {
    if part.is_empty() || part.len() > 18 {
        return None;
    }
    part.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        Some(number * 10 + u64::from(digit))
    })
}
