//! Dotted numbers: what most versions are, and every scheme but Debian's orders alike.

use std::cmp::Ordering;

/// Longer numbers without a dot may be days or commits.
const PLAIN: usize = 7;
/// Longer parts may not fit into 64 bits.
const LONGEST: usize = 18;

/// Compares two dotted numbers; missing parts are 0. `None` where either is anything else.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (mut left, mut right) = (begin(a)?, begin(b)?);
    // Both are looked at to their ends: what comes late may still be no number.
    let mut order = Ordering::Equal;
    while left.is_some() || right.is_some() {
        let (a, after_a) = part(left)?;
        let (b, after_b) = part(right)?;
        order = order.then(a.cmp(&b));
        (left, right) = (after_a, after_b);
    }
    Some(order)
}

/// The whole as what is still to be read.
fn begin(text: &str) -> Option<Option<&[u8]>> {
    let bytes = text.as_bytes();
    (bytes.len() <= PLAIN || bytes.contains(&b'.')).then_some(Some(bytes))
}

/// The value of the first part, and what stands behind its dot; behind the end all parts are 0.
/// `None` where the part is no number.
fn part(rest: Option<&[u8]>) -> Option<(u64, Option<&[u8]>)> {
    let Some(bytes) = rest else {
        return Some((0, None));
    };
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate() {
        if *byte == b'.' {
            return (place > 0).then(|| (number, Some(&bytes[place + 1..])));
        }
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if place == LONGEST {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (!bytes.is_empty()).then_some((number, None))
}
