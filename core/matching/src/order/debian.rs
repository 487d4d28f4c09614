//! Debian's version order.
//!
//! Source: Debian Policy Manual, section 5.6.12.

use std::cmp::Ordering;

/// Compares epoch, upstream version and revision. A missing epoch is 0; where only one side has
/// a revision it is passed over, because a package's version in Nixpkgs has none.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let ((epoch_a, a), (epoch_b, b)) = (epoch(a), epoch(b));
    let (a, b) = match (a.rsplit_once('-'), b.rsplit_once('-')) {
        (Some(_), Some(_)) | (None, None) => ((a, ""), (b, "")),
        (Some((upstream, _)), None) => ((upstream, ""), (b, "")),
        (None, Some((upstream, _))) => ((a, ""), (upstream, "")),
    };
    epoch_a.cmp(&epoch_b).then_with(|| part(a.0, b.0))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => epoch.parse().map_or((0, version), |epoch| (epoch, rest)),
        None => (0, version),
    }
}

fn part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (word_a, rest_a) = split(a, |c| !c.is_ascii_digit());
        let (word_b, rest_b) = split(b, |c| !c.is_ascii_digit());
        let order = words(word_a, word_b);
        if order != Ordering::Equal {
            return order;
        }
        let (number_a, next_a) = split(rest_a, |c| c.is_ascii_digit());
        let (number_b, next_b) = split(rest_b, |c| c.is_ascii_digit());
        let (number_a, number_b) = (
            number_a.trim_start_matches('0'),
            number_b.trim_start_matches('0'),
        );
        let order = number_a
            .len()
            .cmp(&number_b.len())
            .then_with(|| number_a.cmp(number_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (next_a, next_b);
    }
    Ordering::Equal
}

fn split(text: &str, inside: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !inside(c)).unwrap_or(text.len()))
}

/// Letters sort before other characters, and `~` before everything, even the end.
fn words(a: &str, b: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => c as i64,
        Some(c) => c as i64 + 0x11_0000,
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let (x, y) = (a.next(), b.next());
        let order = weight(x).cmp(&weight(y));
        if order != Ordering::Equal || (x.is_none() && y.is_none()) {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{Equal, Less};

    #[test]
    fn policy_s_own_examples() {
        let order = ["~~", "~~a", "~", "", "a"].map(|suffix| format!("1{suffix}"));
        for pair in order.windows(2) {
            assert_eq!(compare(&pair[0], &pair[1]), Less, "{pair:?}");
        }
        assert_eq!(compare("1:0.1", "2"), compare("1", "0"));
        assert_eq!(compare("1.2-3", "1.2"), Equal);
        assert_eq!(compare("1.2-3", "1.2-4"), Less);
        assert_eq!(compare("1.10", "1.9"), compare("10", "9"));
    }
}
