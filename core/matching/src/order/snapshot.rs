//! Versions that are no release numbers: dates, snapshots behind a release, commits.
//!
//! Sources: Nixpkgs manual, "Versioning": `unstable-YYYY-MM-DD` and `X.Y-unstable-YYYY-MM-DD`; Go Modules
//! Reference, "Pseudo-versions".

use snowguard_advisory::versions::pseudo::PseudoVersion;

/// What a version text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// A release number.
    Release(&'a str),
    /// A snapshot taken after a release.
    After(&'a str),
    /// A day, as `YYYYMMDD`.
    Date(u32),
    /// A commit.
    Commit,
    /// A commit behind a tag, as Go names it: `1.0.1-0.YYYYMMDDhhmmss-HASH`.
    Pseudo(Pseudo<'a>),
}

/// A commit of which Go knows a tag before it and a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pseudo<'a> {
    /// The whole text, which SemVer puts between the tag and the release after it.
    pub(super) text: &'a str,
    /// The day, as `YYYYMMDD`.
    pub(super) day: u32,
    /// Whether Go sees tags of every major version.
    pub(super) is_incompatible: bool,
}

impl Pseudo<'_> {
    /// Whether a release may be compared with it. Go knows only the tags that its rule of paths allows: of a module
    /// without `/v5` in its path it does not see 5.0.4, and calls a commit behind it `1.0.1-0.…`.
    pub(super) fn is_comparable(self, release: &str) -> bool {
        match (major(release), major(self.text)) {
            (Some(release), Some(own)) => release <= own || self.is_incompatible,
            _ => false,
        }
    }
}

fn major(version: &str) -> Option<u64> {
    let end = version.find(|c: char| !c.is_ascii_digit());
    version[..end.unwrap_or(version.len())].parse().ok()
}

impl<'a> Form<'a> {
    pub(super) fn of(version: &'a str) -> Self {
        // The word and a day are longer than nearly every version is.
        const SHORTEST: usize = "unstable-".len() + 8;
        if version.len() >= SHORTEST
            && let Some((base, rest)) = version.split_once("unstable-")
            && let Some(day) = day(rest)
        {
            let base = base.trim_end_matches(['-', '.', '_', '+']);
            return if base.is_empty() || base == "0" {
                Self::Date(day)
            } else {
                Self::After(base)
            };
        }
        if let Some(day) = day(version) {
            return Self::Date(day);
        }
        if is_commit(version) {
            return Self::Commit;
        }
        if let Some(form) = pseudo(version) {
            return form;
        }
        Self::Release(without_flavour(version))
    }
}

/// A commit's hash, whole or cut off (`1da177e4c3f4`). Hashes that are cut off are told from numbers
/// by having digits and letters; Git never shows fewer than seven, and records give twelve.
fn is_commit(version: &str) -> bool {
    let is_hex = version.bytes().all(|b| b.is_ascii_hexdigit());
    let is_mixed = version.bytes().any(|b| b.is_ascii_digit())
        && version.bytes().any(|b| b.is_ascii_alphabetic());
    is_hex && (matches!(version.len(), 40 | 64) || ((10..64).contains(&version.len()) && is_mixed))
}

/// Where Go knows no tag before a commit, only the day tells anything: releases there may be, with numbers that no module
/// of Go can have.
fn pseudo(version: &str) -> Option<Form<'_>> {
    let PseudoVersion {
        text,
        time,
        is_tagged,
        is_incompatible,
    } = PseudoVersion::parse(version)?;
    let day = day(&time[..8])?;
    Some(match is_tagged {
        true => Form::Pseudo(Pseudo {
            text,
            day,
            is_incompatible,
        }),
        false => Form::Date(day),
    })
}

/// A kernel's version without the flavour that Nixpkgs or its source adds behind it:
/// `6.6.87-rt54` is 6.6.87 with other patches. To SemVer it would be a pre-release of 6.6.87, and
/// to Nix a later one.
fn without_flavour(version: &str) -> &str {
    const FLAVOURS: [&str; 8] = [
        "rt", "zen", "xanmod", "hardened", "gnu", "lqx", "libre", "stable_",
    ];
    let Some((base, flavour)) = version.rsplit_once('-') else {
        return version;
    };
    let is_flavour = FLAVOURS.iter().any(|known| {
        flavour
            .strip_prefix(known)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    if is_flavour && base.starts_with(|c: char| c.is_ascii_digit()) {
        base
    } else {
        version
    }
}

/// `YYYY-MM-DD` at the start of a text, or `YYYYMMDD` as the whole of it.
fn day(text: &str) -> Option<u32> {
    let digits: [u8; 8] = match *text.as_bytes() {
        [a, b, c, d, b'-', e, f, b'-', g, h, ..] => [a, b, c, d, e, f, g, h],
        [a, b, c, d, e, f, g, h] => [a, b, c, d, e, f, g, h],
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    ((1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Form, Pseudo};

    #[test]
    fn forms() {
        assert_eq!(Form::of("unstable-2024-05-01"), Form::Date(20_240_501));
        assert_eq!(Form::of("0-unstable-2024-05-01"), Form::Date(20_240_501));
        assert_eq!(Form::of("1.2-unstable-2024-05-01"), Form::After("1.2"));
        assert_eq!(Form::of("2024-05-01"), Form::Date(20_240_501));
        assert_eq!(Form::of("20240501"), Form::Date(20_240_501));
        assert_eq!(Form::of("2024.05.01"), Form::Release("2024.05.01"));
        assert_eq!(Form::of("99999999"), Form::Release("99999999"));
        assert_eq!(Form::of("unstable"), Form::Release("unstable"));
        assert_eq!(Form::of("1da177e4c3f4"), Form::Commit);
        assert_eq!(Form::of("202405010101"), Form::Release("202405010101"));
        assert_eq!(Form::of("6.6.87-rt54"), Form::Release("6.6.87"));
        assert_eq!(Form::of("6.18.37-xanmod1"), Form::Release("6.18.37"));
        assert_eq!(
            Form::of("6.12.25-stable_20250428"),
            Form::Release("6.12.25")
        );
        assert_eq!(Form::of("6.18-rc1"), Form::Release("6.18-rc1"));
        let untagged = "0.0.0-20260512171120-69da20bdaec9";
        assert_eq!(Form::of(untagged), Form::Date(20_260_512));
        let tagged = "1.0.1-0.20260401140714-fc1d4f2082a5";
        let day = 20_260_401;
        assert_eq!(
            Form::of(tagged),
            Form::Pseudo(Pseudo {
                text: tagged,
                day,
                is_incompatible: false
            })
        );
        let no_day = "0.0.0-20261512171120-69da20bdaec9";
        assert_eq!(Form::of(no_day), Form::Release(no_day));
        assert_eq!(Form::of("1.0-rta"), Form::Release("1.0-rta"));
    }
}
