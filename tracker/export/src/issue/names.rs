//! Names that a document repeats: attributes, channels, versions, commits, addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::InputError;

/// A newtype over a text that `check` accepts.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text.
            ///
            /// # Errors
            /// [`InputError`] for anything that cannot be such a name.
            pub fn new(text: impl Into<String>) -> Result<Self, InputError> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// As it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InputError;

            fn try_from(text: String) -> Result<Self, InputError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// An attribute path of Nixpkgs: `openssl`, `python3Packages.requests`. At most 512 bytes, without
    /// control characters and without white space around it.
    AttributePath, attribute
}

name! {
    /// The name of a package as its derivation has it (`pname`). At most 256 bytes, one line.
    PackageName, package_name
}

name! {
    /// A version of a package, as its derivation has it. At most 256 bytes, one line.
    PackageVersion, version
}

name! {
    /// The name of a channel: `nixos-25.11`, `nixpkgs-unstable`. Letters, digits, `-`, `_`, `.`; at most
    /// 128, beginning with a letter or digit.
    ChannelName, channel
}

name! {
    /// A git branch: `release-25.11`, `staging-next`. At most 255 bytes; what `git check-ref-format`
    /// refuses is refused here, and all white space and control characters.
    BranchName, branch
}

name! {
    /// A git commit's full hash: 40 or 64 lower-case hexadecimal digits.
    CommitHash, commit
}

name! {
    /// A CPE name of version 2.3: `cpe:2.3:a:openssl:openssl:3.0.13:*:*:*:*:*:*:*`.
    CpeName, cpe
}

fn one_line(text: &str, limit: usize, expected: &'static str) -> Result<(), InputError> {
    if text.len() > limit {
        return Err(InputError::length(text.len(), limit, expected));
    }
    if text.is_empty() || text.trim() != text || text.chars().any(crate::text::is_unwelcome) {
        return Err(InputError::form(text, expected));
    }
    Ok(())
}

fn attribute(text: &str) -> Result<(), InputError> {
    one_line(text, 512, "an attribute path")
}

fn package_name(text: &str) -> Result<(), InputError> {
    one_line(text, 256, "a package's name")
}

fn version(text: &str) -> Result<(), InputError> {
    one_line(text, 256, "a package's version")
}

fn channel(text: &str) -> Result<(), InputError> {
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if begins && text.len() <= 128 && text.bytes().all(plain) {
        Ok(())
    } else {
        Err(InputError::form(text, "a channel's name"))
    }
}

/// Source: git-check-ref-format(1).
fn branch(text: &str) -> Result<(), InputError> {
    const EXPECTED: &str = "a git branch";
    one_line(text, 255, EXPECTED)?;
    let refused = text.contains(|c: char| c.is_whitespace() || "~^:?*[\\".contains(c))
        || ["..", "@{", "//", "/."]
            .iter()
            .any(|part| text.contains(part))
        || text.starts_with(['/', '.', '-'])
        || text.ends_with(['/', '.'])
        || text.split('/').any(|part| part.ends_with(".lock"))
        || text == "@";
    if refused {
        return Err(InputError::form(text, EXPECTED));
    }
    Ok(())
}

fn commit(text: &str) -> Result<(), InputError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if matches!(text.len(), 40 | 64) && text.bytes().all(hex) {
        Ok(())
    } else {
        Err(InputError::form(text, "a commit's full hash"))
    }
}

fn cpe(text: &str) -> Result<(), InputError> {
    if text.len() <= 1024 && is_cpe(text) {
        Ok(())
    } else {
        Err(InputError::form(text, "a CPE name of version 2.3"))
    }
}

/// Stricter than what advisories are read with: just what CSAF's schema takes.
///
/// Source: NISTIR 7695, section 6.2.2; CSAF 2.0, section 3.1.3.3.1.
fn is_cpe(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("cpe:2.3:") else {
        return false;
    };
    let mut components = vec![String::new()];
    let mut escaped = false;
    for c in rest.chars() {
        if c == ':' && !escaped {
            components.push(String::new());
        } else if let Some(component) = components.last_mut() {
            component.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    components.len() == 11
        && matches!(components[0].as_str(), "a" | "h" | "o" | "*" | "-")
        && components
            .iter()
            .enumerate()
            .skip(1)
            .all(|(at, component)| {
                matches!(component.as_str(), "*" | "-")
                    || if at == 6 {
                        is_language(component)
                    } else {
                        is_cpe_value(component)
                    }
            })
}

/// Letters, digits, `-`, `.`, `_` and escaped punctuation, at least one, with wildcards around them.
fn is_cpe_value(value: &str) -> bool {
    let without_start = value
        .strip_prefix('*')
        .unwrap_or_else(|| value.trim_start_matches('?'));
    let mut middle = 0_usize;
    let mut rest = without_start.chars().peekable();
    while let Some(&c) = rest.peek() {
        if c == '\\' {
            rest.next();
            let punctuation = |c: &char| c.is_ascii_punctuation() && !"-._".contains(*c);
            if !rest.peek().is_some_and(punctuation) {
                return false;
            }
        } else if !(c.is_ascii_alphanumeric() || "-._".contains(c)) {
            break;
        }
        rest.next();
        middle += 1;
    }
    let end: String = rest.collect();
    middle > 0 && (end == "*" || end.chars().all(|c| c == '?'))
}

/// `en`, `deu`, `en-us`, `es-419`.
fn is_language(value: &str) -> bool {
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (language, region) = match value.split_once('-') {
        Some((language, region)) => (language, Some(region)),
        None => (value, None),
    };
    matches!(language.len(), 2 | 3)
        && letters(language)
        && region.is_none_or(|region| {
            (region.len() == 2 && letters(region))
                || (region.len() == 3 && region.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// An `http` or `https` address with a host and without a user, in ASCII, as RFC 3986 has it. At most
/// 4096 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebUrl(String);

impl WebUrl {
    const EXPECTED: &str = "an http or https address";
    const LONGEST: usize = 4096;

    /// Reads an address and brings it to its canonical form.
    ///
    /// # Errors
    /// [`InputError`] for other schemes, for addresses with a user or password, and for long ones.
    pub fn new(text: &str) -> Result<Self, InputError> {
        if text.len() > Self::LONGEST {
            let expected = Self::EXPECTED;
            return Err(InputError::length(text.len(), Self::LONGEST, expected));
        }
        let url = Url::parse(text).map_err(|_| InputError::form(text, Self::EXPECTED))?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        if !plain {
            return Err(InputError::form(text, Self::EXPECTED));
        }
        let written = strict(&url);
        if written.len() > Self::LONGEST {
            let expected = Self::EXPECTED;
            return Err(InputError::length(written.len(), Self::LONGEST, expected));
        }
        Ok(Self(written))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This address as a folder, with a relative path in it that is percent-encoded already.
    ///
    /// # Errors
    /// [`InputError`] for what makes no address.
    pub fn within_encoded(&self, path: &str) -> Result<Self, InputError> {
        let folder = self.0.trim_end_matches('/');
        Self::new(&format!("{folder}/{path}"))
    }

    /// This address as a folder, with a relative path in it. Each segment is percent-encoded.
    #[must_use]
    pub fn within(&self, path: &str) -> Self {
        let mut written = self.0.clone();
        if !written.ends_with('/') {
            written.push('/');
        }
        for byte in path.bytes() {
            push(&mut written, byte, b"-._~/");
        }
        Self(written)
    }
}

/// The URL Standard leaves some bytes as they are that RFC 3986 doesn't allow: `|`, `^`, `[`, a `%` before
/// other things than two digits.
fn strict(url: &Url) -> String {
    let text = url.as_str();
    let (head, tail) = text.split_at(text.len() - url[url::Position::BeforePath..].len());
    let mut written = String::with_capacity(text.len());
    written.push_str(head);
    let bytes = tail.as_bytes();
    let mut in_fragment = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let encoded = bytes
            .get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        match byte {
            b'%' if encoded => written.push('%'),
            b'#' if !in_fragment => {
                in_fragment = true;
                written.push('#');
            }
            _ => push(&mut written, byte, b"-._~:/?@!$&'()*+,;="),
        }
    }
    written
}

fn push(written: &mut String, byte: u8, plain: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
        written.push(char::from(byte));
    } else {
        written.push('%');
        written.push(char::from(DIGITS[usize::from(byte >> 4)]));
        written.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebUrl {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        Self::new(text)
    }
}

impl TryFrom<String> for WebUrl {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        Self::new(&text)
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line() {
        assert!(AttributePath::new("python3Packages.requests").is_ok());
        assert!(AttributePath::new("haskellPackages.\"3d-graphics\"").is_ok());
        for text in ["", " x", "x\n", "a\u{0}b", "a\u{85}b", "a\u{202e}b"] {
            assert!(AttributePath::new(text).is_err(), "{text:?}");
            assert!(PackageVersion::new(text).is_err(), "{text:?}");
        }
        assert!(PackageVersion::new("1".repeat(256)).is_ok());
        assert!(PackageVersion::new("1".repeat(257)).is_err());
    }

    #[test]
    fn channels_branches_commits_and_cpes() {
        assert!(ChannelName::new("nixos-25.11-small").is_ok());
        for text in ["", "../x", "a b", "a/b", ".hidden", "ñ"] {
            assert!(ChannelName::new(text).is_err(), "{text:?}");
        }
        assert!(BranchName::new("release-25.11").is_ok());
        assert!(BranchName::new("backport/x").is_ok());
        for text in [
            "a..b", "-x", "a b", "x.lock", "a//b", "@", "a~1", "/a", "a/",
        ] {
            assert!(BranchName::new(text).is_err(), "{text:?}");
        }
        assert!(CommitHash::new("a".repeat(40)).is_ok());
        assert!(CommitHash::new("A".repeat(40)).is_err());
        assert!(CommitHash::new("a".repeat(41)).is_err());
        assert!(CpeName::new("cpe:2.3:a:openssl:openssl:3.0.13:*:*:*:*:*:*:*").is_ok());
        assert!(CpeName::new(r"cpe:2.3:a:x:node.js\::1.?:*:*:en-us:*:*:*:*").is_ok());
        for text in [
            "cpe:/a:openssl:openssl:3.0.13",
            "cpe:2.3:a:openssl",
            "cpe:2.3:a::openssl:3.0.13:*:*:*:*:*:*:*",
            "cpe:2.3:x:openssl:openssl:3.0.13:*:*:*:*:*:*:*",
            "cpe:2.3:a:open ssl:openssl:3.0.13:*:*:*:*:*:*:*",
            "cpe:2.3:a:openssl:openssl:3.0.13:*:*:english:*:*:*:*",
            r"cpe:2.3:a:openssl:openssl:3.0.13:*:*:*:*:*:*:\",
        ] {
            assert!(CpeName::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_of_the_web_and_in_ascii() {
        let written = |text: &str| WebUrl::new(text).unwrap().to_string();
        assert_eq!(
            written("https://Exämple.org/a b?q=|^#x#y"),
            "https://xn--exmple-cua.org/a%20b?q=%7C%5E#x%23y"
        );
        assert_eq!(
            written("https://[::1]:8/[a]%zz"),
            "https://[::1]:8/%5Ba%5D%25zz"
        );
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user:secret@example.org/",
            "//example.org",
            "https:///",
            "ftp://example.org/",
            "",
        ] {
            assert!(WebUrl::new(text).is_err(), "{text}");
        }
        assert!(WebUrl::new(&format!("https://e.org/{}", "a".repeat(5000))).is_err());
        assert!(WebUrl::new(&format!("https://e.org/{}", " |".repeat(1500))).is_err());
    }

    #[test]
    fn a_path_within_is_one_path() {
        let base = WebUrl::new("https://e.org/x").unwrap();
        assert_eq!(
            base.within("a/b c?d").as_str(),
            "https://e.org/x/a/b%20c%3Fd"
        );
    }
}
