//! The name and the version that stand in one string such as `xf86-video-i810-1.7.4`.

/// A package name cut into name and version the way Nix cuts it.
///
/// The version begins after the first `-` that is followed by a byte other than an ASCII letter:
/// `xf86-video-i810-1.7.4` is `xf86-video-i810` and `1.7.4`. A `-` at the very end never cuts.
/// Every string can be cut, so there is no error.
///
/// Source: <https://nix.dev/manual/nix/latest/language/builtins.html#builtins-parseDrvName>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DrvName<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

impl<'a> DrvName<'a> {
    /// Cuts `full`; linear in its length, without allocating.
    #[must_use]
    pub fn parse(full: &'a str) -> Self {
        let cut = full
            .as_bytes()
            .windows(2)
            .position(|pair| pair[0] == b'-' && !pair[1].is_ascii_alphabetic());
        match cut {
            Some(at) => Self {
                name: &full[..at],
                version: Some(&full[at + 1..]),
            },
            None => Self {
                name: full,
                version: None,
            },
        }
    }

    /// What stands before the version; empty for a string such as `-1.2`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The version, never empty; `None` where Nix itself would return the empty string.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::DrvName;

    #[test]
    fn cuts_before_the_first_dash_without_a_letter() {
        let cases = [
            ("xf86-video-i810-1.7.4", "xf86-video-i810", Some("1.7.4")),
            ("apache-httpd-2.0.48", "apache-httpd", Some("2.0.48")),
            ("openssl-1.1.1w", "openssl", Some("1.1.1w")),
            ("nix-0.12pre12876", "nix", Some("0.12pre12876")),
            (
                "hello-unstable-2024-01-02",
                "hello-unstable",
                Some("2024-01-02"),
            ),
            ("a--b", "a", Some("-b")),
            ("a-é", "a", Some("é")),
            ("-1", "", Some("1")),
            ("hello", "hello", None),
            ("hello-", "hello-", None),
            ("-", "-", None),
            ("", "", None),
        ];
        for (full, name, version) in cases {
            let parsed = DrvName::parse(full);
            assert_eq!((parsed.name(), parsed.version()), (name, version), "{full}");
        }
    }
}
