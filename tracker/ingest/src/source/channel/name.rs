//! What a channel and its revision are called, where the user does not say.

use std::fmt;

/// The name of a channel: `nixos-unstable`, `nixos-24.05`, `nixpkgs-unstable`, or one's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(String);

impl ChannelName {
    /// Letters, digits, `.`, `-` and `_`, beginning with a letter or digit, at most 64.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let begins = name
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric);
        if !begins || name.len() > 64 || !name.bytes().all(fine) {
            return Err(format!(
                "{name:?} cannot name a channel (letters, digits, '.', '-', '_')"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A data set named `nixpkgs-<release>[pre]-<date>-packages…`: its channel, revision and date.
///
/// A pre-release is `nixos-unstable` when it is the newest of `siblings` (the names beside it);
/// otherwise it is the state of what became `nixos-<release>`.
#[must_use]
pub fn named_set<'a>(
    file: &str,
    siblings: impl Iterator<Item = &'a str>,
) -> Option<(ChannelName, String, String)> {
    let (release, date) = parts(file)?;
    let newest = siblings
        .filter_map(parts)
        .map(|(release, _)| release)
        .max()?;
    let plain = release.trim_end_matches("pre");
    let channel = if plain != release && release >= newest {
        "nixos-unstable".to_owned()
    } else {
        format!("nixos-{plain}")
    };
    Some((
        ChannelName::parse(&channel).ok()?,
        format!("{release}-{date}"),
        date.to_owned(),
    ))
}

/// Release and date in the name of a data set.
fn parts(file: &str) -> Option<(&str, &str)> {
    let (name, _) = file.strip_prefix("nixpkgs-")?.split_once("-packages")?;
    let (release, date) = name.split_once('-')?;
    let digits =
        |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let (year, month) = release.trim_end_matches("pre").split_once('.')?;
    let dated = date
        .split('-')
        .enumerate()
        .all(|(at, part)| digits(part, [4, 2, 2][at.min(2)]));
    (digits(year, 2) && digits(month, 2) && dated && date.len() <= 10).then_some((release, date))
}

/// The channel in an address such as `https://channels.nixos.org/nixos-24.05/packages.json.br`.
#[must_use]
pub fn channel_in_url(path: &str) -> Option<ChannelName> {
    let known = |part: &&str| part.starts_with("nixos-") || part.starts_with("nixpkgs-");
    let parts = path.trim_end_matches('/').rsplit('/').skip(1);
    parts
        .take(1)
        .find(known)
        .and_then(|part| ChannelName::parse(part).ok())
}

/// The revision in the address that a channel redirects to, such as
/// `…/nixos-24.11pre660000.abcdef123456/packages.json.br`.
#[must_use]
pub fn revision_in_url(path: &str) -> Option<&str> {
    path.split('/').rev().find_map(|part| {
        let (_, revision) = part.rsplit_once('.')?;
        let hex = revision
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        ((7..=40).contains(&revision.len()) && hex).then_some(revision)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: [&str; 4] = [
        "nixpkgs-18.03-2018-05-packages.jsonl.zst",
        "nixpkgs-20.09pre-2020-07-packages.jsonl.zst",
        "nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst",
        "nixpkgs-2026-maintainers.json.zst",
    ];

    #[test]
    fn sets_name_their_channel() {
        let named = |file| {
            let (channel, revision, date) = named_set(file, SETS.into_iter())?;
            Some((channel.to_string(), revision, date))
        };
        let some = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(
            named(SETS[0]),
            some("nixos-18.03", "18.03-2018-05", "2018-05")
        );
        assert_eq!(
            named(SETS[1]),
            some("nixos-20.09", "20.09pre-2020-07", "2020-07")
        );
        assert_eq!(
            named(SETS[2]),
            some("nixos-unstable", "26.11pre-2026-07-14", "2026-07-14")
        );
        assert_eq!(named(SETS[3]), None);
        assert_eq!(named("packages.json"), None);
    }

    #[test]
    fn a_release_address_names_its_revision() {
        let path = "/nixos/unstable/nixos-24.11pre660000.abcdef123456/packages.json.br";
        assert_eq!(revision_in_url(path), Some("abcdef123456"));
        assert_eq!(revision_in_url("/nixos-unstable/packages.json.br"), None);
        let channel = channel_in_url("/nixos-unstable/packages.json.br");
        assert_eq!(
            channel.as_ref().map(ChannelName::as_str),
            Some("nixos-unstable")
        );
        assert_eq!(channel_in_url("/x/packages.json"), None);
    }

    #[test]
    fn channel_names_are_plain() {
        for bad in ["", "-x", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(ChannelName::parse(bad).is_err(), "{bad}");
        }
        assert!(ChannelName::parse("nixos-24.05-small").is_ok());
    }
}
