//! Versions that are no release numbers: dates, snapshots behind a release, commits.
//!
//! Source: Nixpkgs manual, "Versioning": `unstable-YYYY-MM-DD` and `X.Y-unstable-YYYY-MM-DD`.

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
}

impl<'a> Form<'a> {
    pub(super) fn of(version: &'a str) -> Self {
        if let Some((base, rest)) = version.split_once("unstable-")
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
        let is_hex = version.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex && (version.len() == 40 || version.len() == 64) {
            return Self::Commit;
        }
        Self::Release(version)
    }
}

/// `YYYY-MM-DD` at the start of a text, or `YYYYMMDD` as the whole of it.
fn day(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    let digits: Vec<u8> = if bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        [&bytes[..4], &bytes[5..7], &bytes[8..10]].concat()
    } else if bytes.len() == 8 {
        bytes.to_vec()
    } else {
        return None;
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u32 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    ((1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then_some(number)
}

#[cfg(test)]
mod tests {
    use super::Form;

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
    }
}
