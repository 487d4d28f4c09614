//! Go's names for commits.
//!
//! Source: Go Modules Reference, "Pseudo-versions".

/// A commit, as Go names it: `0.0.0-YYYYMMDDhhmmss-HASH`, `1.0.1-0.YYYYMMDDhhmmss-HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PseudoVersion<'a> {
    /// The whole, without `+incompatible`.
    pub text: &'a str,
    /// The commit's time in UTC, `YYYYMMDDhhmmss`.
    pub time: &'a str,
    /// Whether Go knows a tag before the commit.
    pub is_tagged: bool,
    /// Whether it says `+incompatible`: then Go sees tags of every major version.
    pub is_incompatible: bool,
}

impl<'a> PseudoVersion<'a> {
    /// Reads one, without a leading `v`; `None` for every other version.
    #[must_use]
    pub fn parse(version: &'a str) -> Option<Self> {
        const TIME: usize = 14;
        const HASH: usize = 12;
        let (text, is_incompatible) = match version.strip_suffix("+incompatible") {
            Some(text) => (text, true),
            None => (version, false),
        };
        let dash = text.len().checked_sub(HASH + 1)?;
        // Asked of every version: this alone tells nearly all of them.
        if text.as_bytes()[dash] != b'-' {
            return None;
        }
        let (head, hash) = (text.get(..dash)?, text.get(dash + 1..)?);
        let sign = head.len().checked_sub(TIME + 1)?;
        let (base, time) = (head.get(..sign)?, head.get(sign + 1..)?);
        let is_hash = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        if !hash.bytes().all(is_hash) || !time.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let is_tagged = match head.as_bytes()[sign] {
            b'-' if base.ends_with(".0.0") => false,
            b'.' if base.ends_with("-0") || base.ends_with(".0") => true,
            _ => return None,
        };
        Some(Self {
            text,
            time,
            is_tagged,
            is_incompatible,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PseudoVersion;

    #[test]
    fn each_of_go_s_three_forms_is_read() {
        let read = |text| PseudoVersion::parse(text).map(|it| (it.time, it.is_tagged));
        let time = "20260512171120";
        let untagged = "0.0.0-20260512171120-69da20bdaec9";
        assert_eq!(read(untagged), Some((time, false)));
        assert_eq!(
            read("1.0.1-0.20260512171120-69da20bdaec9"),
            Some((time, true))
        );
        assert_eq!(
            read("1.0.0-beta.0.20260512171120-69da20bdaec9+incompatible"),
            Some((time, true))
        );
        for odd in [
            "",
            "1.0",
            "0.0.0-20260512171120-69da20bdaeg9",
            "1.2-20260512171120-69da20bdaec9",
            "20260512171120-69da20bdaec9",
            "-20260512171120-69da20bdaec9",
            "é.0.0-20260512171120-é9da20bdaec",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
