//! References: text for all, a link only where following it is harmless.

use url::Url;

/// How much of a URL is shown; the link itself stays whole.
const SHOWN: usize = 300;

/// A URL as a source gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is shown; cut when it is very long.
    pub text: String,
    /// Where it leads, when that is an `http` or `https` URL without user name or password.
    ///
    /// A user name is refused since `https://nixos.org@evil.example/` reads as another site.
    pub href: Option<String>,
}

impl Link {
    /// Judges a URL of unknown origin.
    pub fn new(raw: &str) -> Self {
        let raw = raw.trim();
        let text = match raw.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &raw[..end]),
            None => raw.to_owned(),
        };
        Self {
            text,
            href: harmless(raw),
        }
    }

    /// A link with a text of its own.
    pub fn titled(raw: &str, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            href: harmless(raw.trim()),
        }
    }
}

fn harmless(raw: &str) -> Option<String> {
    // The URL standard drops tabs and newlines inside of a URL; one that has them is not honest.
    if raw.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(raw).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (web && anonymous).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for good in [
            "https://nixos.org/a?b=c#d",
            "http://example.org",
            "HTTPS://EXAMPLE.ORG/",
        ] {
            assert!(Link::new(good).href.is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            " \u{1}javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//example.org/x",
            "/local",
            "https://nixos.org@evil.example/",
            "https:// evil.example/",
            "https://",
            "ftp://example.org/",
            "",
        ] {
            assert_eq!(Link::new(bad).href, None, "{bad:?}");
        }
    }

    #[test]
    fn quotes_in_a_url_are_encoded() {
        let link = Link::new(r#"https://example.org/"onmouseover="alert(1)"#);
        assert!(!link.href.unwrap().contains('"'));
    }

    #[test]
    fn a_long_text_is_cut_and_the_link_is_whole() {
        let raw = format!("https://example.org/{}", "é".repeat(1000));
        let link = Link::new(&raw);
        assert_eq!(link.text.chars().count(), SHOWN + 1);
        assert!(link.href.unwrap().len() > 1000);
    }
}
