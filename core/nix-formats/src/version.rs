//! Nix's order of versions.
//!
//! ```text
//! version   = { separator | component }
//! separator = "." | "-"
//! component = digit { digit } | other { other }    (other: neither digit nor separator)
//! ```
//!
//! Components are compared one by one, a missing one counting as the empty text:
//! `pre` < text, by bytes < number. A run of digits that exceeds a C `int` is no number to Nix,
//! so it ranks among the texts; this crate keeps that, since it must agree with Nix.
//!
//! Source: <https://nix.dev/manual/nix/latest/language/builtins.html#builtins-compareVersions>

use std::cmp::Ordering;
use std::iter::FusedIterator;

/// One part of a version. The derived order is Nix's order of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component<'a> {
    /// The literal `pre`, which comes before everything, the end of the version included.
    Pre,
    /// Anything that is not a number; a missing component is `Text("")`.
    Text(&'a str),
    /// Digits with a value of at most 2³¹ - 1.
    Number(i32),
}

impl<'a> Component<'a> {
    fn of(text: &'a str) -> Self {
        // Only ASCII digits reach `parse` with success: a component holds no sign beside digits.
        match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) if text == "pre" => Self::Pre,
            Err(_) => Self::Text(text),
        }
    }
}

/// Iterates over the components of a version as written, as `builtins.splitVersion` lists them.
#[derive(Debug, Clone)]
pub struct Components<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Components<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches(is_separator);
        let first = *rest.as_bytes().first()?;
        let end = if first.is_ascii_digit() {
            rest.bytes().position(|byte| !byte.is_ascii_digit())
        } else {
            rest.bytes()
                .position(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
        };
        // Both ends stand beside an ASCII byte, so they are character boundaries.
        let (component, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = rest;
        Some(component)
    }
}

impl FusedIterator for Components<'_> {}

/// Splits a version into its components: `1.2-pre3` gives `1`, `2`, `pre`, `3`.
///
/// Linear in the length of `version`, without allocating.
#[must_use]
pub fn version_components(version: &str) -> Components<'_> {
    Components { rest: version }
}

/// Orders two versions exactly as `builtins.compareVersions` does.
///
/// The order is total, but not one of strings: `1.0`, `1-0` and `01.0` are equal, `2.3pre1` is
/// less than `2.3`, and `2.3a` is less than `2.3.1`. Linear in the shorter version, without
/// allocating.
#[must_use]
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    let mut left = version_components(left);
    let mut right = version_components(right);
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ordering::Equal;
        }
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        if a == b {
            continue;
        }
        let order = Component::of(a).cmp(&Component::of(b));
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, '.' | '-')
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    use super::{compare_versions, version_components};

    #[test]
    fn splits_as_nix_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("1.2-pre3", &["1", "2", "pre", "3"]),
            ("1.1.1w", &["1", "1", "1", "w"]),
            ("..-1--", &["1"]),
            ("2024-01-02", &["2024", "01", "02"]),
            ("1é2", &["1", "é", "2"]),
            ("", &[]),
        ];
        for (version, expected) in cases {
            assert_eq!(
                version_components(version).collect::<Vec<_>>(),
                expected,
                "{version}"
            );
        }
    }

    #[test]
    fn orders_as_nix_does() {
        let cases: [(&str, &str, Ordering); 17] = [
            ("1.0", "2.3", Less),
            ("2.1", "2.3", Less),
            ("2.3", "2.3", Equal),
            ("2.5", "2.3", Greater),
            ("2.3.1", "2.3", Greater),
            ("2.3.1", "2.3a", Greater),
            ("2.3pre1", "2.3", Less),
            ("2.3pre3", "2.3pre12", Less),
            ("2.3a", "2.3c", Less),
            ("2.3pre1", "2.3c", Less),
            ("2.3pre1", "2.3q", Less),
            ("1.1.1w", "1.1.1", Greater),
            ("1.0", "1-0", Equal),
            ("01", "1", Equal),
            ("", "", Equal),
            // 2³¹ is no C int, so it is a text and comes before every number.
            ("2147483648", "1", Less),
            ("2147483647", "2147483646", Greater),
        ];
        for (left, right, expected) in cases {
            assert_eq!(compare_versions(left, right), expected, "{left} {right}");
            assert_eq!(
                compare_versions(right, left),
                expected.reverse(),
                "{right} {left}"
            );
        }
    }
}
