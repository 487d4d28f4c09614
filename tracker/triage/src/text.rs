//! Texts that people write: limits, and what is refused.

use crate::command::Refusal;

/// Longest comment or note, in bytes. A mail's worth; longer belongs into a link.
pub const COMMENT: usize = 64 * 1024;

/// Longest single line (title, name of a view, handle), in bytes.
pub const LINE: usize = 300;

/// Most entries of one list of an edit.
pub const ENTRIES: usize = 500;

/// A comment: control characters other than line breaks and tabs are taken out, line ends are
/// made one, white space at the end is cut.
///
/// # Errors
/// [`Refusal::TooLong`] beyond [`COMMENT`].
pub fn comment(text: &str) -> Result<String, Refusal> {
    if text.len() > COMMENT {
        return Err(Refusal::TooLong {
            what: "comment",
            most: COMMENT,
        });
    }
    let text = text.replace("\r\n", "\n");
    let kept = text
        .chars()
        .filter(|&c| !is_hidden(c) || c == '\n' || c == '\t');
    Ok(kept.collect::<String>().trim_end().to_owned())
}

/// One line of text, trimmed; not empty.
///
/// # Errors
/// [`Refusal::TooLong`], [`Refusal::Empty`].
pub fn line(what: &'static str, text: &str) -> Result<String, Refusal> {
    let kept: String = text.chars().filter(|&c| !is_hidden(c)).collect();
    let kept = kept.trim();
    if kept.is_empty() {
        return Err(Refusal::Empty { what });
    }
    if kept.len() > LINE {
        return Err(Refusal::TooLong { what, most: LINE });
    }
    Ok(kept.to_owned())
}

/// Control characters, and those that turn the direction of what follows: with them a line can
/// show something else than it holds.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An address that may be shown as a link: `https` or `http`, no user, no control characters.
///
/// # Errors
/// [`Refusal::Address`].
pub fn address(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let wrong = || Refusal::Address(text.chars().take(LINE).collect());
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || is_hidden(c) || matches!(c, '<' | '>' | '"' | '\\');
    if text.len() > 2000 || host.is_empty() || host.contains('@') || text.contains(odd) {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_go_and_lines_stay() {
        assert_eq!(comment("a\r\nb\u{202e}c\0\td \n\n").unwrap(), "a\nbc\td");
        assert_eq!(line("title", "  a\nb ").unwrap(), "ab");
        assert_eq!(
            line("title", " \u{200f}"),
            Err(Refusal::Empty { what: "title" })
        );
    }

    #[test]
    fn a_comment_of_ten_megabytes_is_refused() {
        let long = "x".repeat(10 << 20);
        assert!(matches!(comment(&long), Err(Refusal::TooLong { .. })));
        assert!(matches!(line("name", &long), Err(Refusal::TooLong { .. })));
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(address(" https://github.com/NixOS/nixpkgs/pull/1?a=b#c ").is_ok());
        for wrong in [
            "javascript:alert(1)",
            "https://",
            "https://a@b/",
            "//a/b",
            "https://a b/",
            "https://a/\"onclick=",
            "data:text/html,x",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
