//! Nix's order, with words that upstreams use for pre-releases.
//!
//! Nix itself knows only `pre`: to `compareVersions`, `1.0rc1` comes after `1.0`. Upstreams and
//! advisories mean the opposite, so `alpha`, `beta`, `rc` and their like are ranked below the
//! release here. All else is Nix's: numbers by value, letters by the alphabet, `1.0a` after `1.0`.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A part of a version, in the order of comparison.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// A pre-release word, by its stage.
    Before(u8),
    /// The end of the version.
    End,
    /// Any other word.
    Word(&'a str),
    /// A number: its length without leading zeros, then its digits.
    Number(usize, &'a str),
}

/// Compares two release versions.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (lowered(a), lowered(b));
    let (mut a, mut b) = (Parts(&a), Parts(&b));
    loop {
        let (left, right) = (a.next_part(), b.next_part());
        match left.cmp(&right) {
            Ordering::Equal if left == Part::End => return Ordering::Equal,
            Ordering::Equal => {}
            // `1.0` and `1.0.0` are one release to every upstream that writes both.
            Ordering::Less if left == Part::End && is_zero(&right) => {
                return ends_as_zero(b.0).reverse();
            }
            Ordering::Greater if right == Part::End && is_zero(&left) => return ends_as_zero(a.0),
            other => return other,
        }
    }
}

/// In lower case, which most versions are.
fn lowered(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_zero(part: &Part<'_>) -> bool {
    *part == Part::Number(0, "")
}

/// `1.0` and `1.0.0` are one release: a rest of zeros weighs nothing, anything else decides.
fn ends_as_zero(rest: &str) -> Ordering {
    let mut rest = Parts(rest);
    loop {
        match rest.next_part() {
            part if is_zero(&part) => {}
            part => return part.cmp(&Part::End),
        }
    }
}

struct Parts<'a>(&'a str);

impl<'a> Parts<'a> {
    fn next_part(&mut self) -> Part<'a> {
        loop {
            self.0 = self
                .0
                .trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            if self.0.is_empty() {
                return Part::End;
            }
            let digits = self.0.starts_with(|c: char| c.is_ascii_digit());
            let end = self
                .0
                .find(|c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != digits)
                .unwrap_or(self.0.len());
            let (part, rest) = self.0.split_at(end);
            self.0 = rest;
            if digits {
                let part = part.trim_start_matches('0');
                return Part::Number(part.len(), part);
            }
            match stage(part) {
                // `1.0.final` is `1.0`.
                Stage::Release => {}
                Stage::Before(stage) => return Part::Before(stage),
                Stage::Other => return Part::Word(part),
            }
        }
    }
}

enum Stage {
    Before(u8),
    Release,
    Other,
}

fn stage(word: &str) -> Stage {
    match word {
        "dev" | "snapshot" | "nightly" => Stage::Before(0),
        "alpha" => Stage::Before(1),
        "beta" => Stage::Before(2),
        "pre" | "preview" | "milestone" => Stage::Before(3),
        "rc" | "cr" => Stage::Before(4),
        "final" | "ga" | "release" | "stable" => Stage::Release,
        _ => Stage::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn as_nix_does() {
        for (a, b) in [
            ("1.0", "2.3"),
            ("2.3pre1", "2.3"),
            ("2.3", "2.3.1"),
            ("2.3a", "2.3c"),
            ("2.3pre3", "2.3pre12"),
            ("1.1.1v", "1.1.1w"),
            ("9.8", "9.8p1"),
            ("7.1.1-14", "7.1.1-15"),
        ] {
            assert_eq!((compare(a, b), compare(b, a)), (Less, Greater), "{a} {b}");
        }
    }

    #[test]
    fn pre_releases_come_first() {
        let order = [
            "1.0-dev",
            "1.0alpha2",
            "1.0-beta1",
            "1.0-rc1",
            "1.0",
            "1.0.1",
        ];
        for pair in order.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Less, "{pair:?}");
        }
        assert_eq!(compare("5.3.0.Final", "5.3"), Equal);
        assert_eq!(compare("1.0", "1.0.0"), Equal);
        assert_eq!(compare("1.0.0.1", "1.0"), Greater);
    }
}
