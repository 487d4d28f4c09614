//! Text from people and advisories, made fit for a document.
//!
//! What is exported was written by others. Formats differ in what they can hold, and readers print
//! what they get; so characters that no format needs and that steer terminals are replaced.

use std::borrow::Cow;

/// Whether a character may not stand in one line of text: a control character, a line or paragraph
/// separator, one that changes the direction of what follows, or one that XML cannot hold.
pub(crate) fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || is_noncharacter(c)
}

fn is_noncharacter(c: char) -> bool {
    // XML 1.0 (section 2.2) excludes these two; the others are allowed and discouraged.
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Text of several lines: `\r\n` and `\r` become `\n`; other control characters but the tab become U+FFFD.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    let fine = |c: char| !(c.is_control() || is_noncharacter(c)) || matches!(c, '\n' | '\t');
    if text.chars().all(fine) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => {
                let _pair = rest.next_if_eq(&'\n');
                written.push('\n');
            }
            c if fine(c) => written.push(c),
            _ => written.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(written)
}

/// Text of one line: each run of white space becomes one space; control characters, and those that
/// change the direction of text, become U+FFFD.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let fine = |c: char| c == ' ' || !(c.is_whitespace() || is_unwelcome(c));
    let text = text.trim();
    if text.chars().all(fine) && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !written.is_empty() {
            written.push(' ');
        }
        written.extend(word.chars().map(|c| match c {
            c if is_unwelcome(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        }));
    }
    Cow::Owned(written)
}

/// As [`line`], or what stands in for it where nothing is left.
pub(crate) fn line_or<'a>(text: &'a str, otherwise: &'a str) -> Cow<'a, str> {
    let line = line(text);
    if line.is_empty() {
        Cow::Borrowed(otherwise)
    } else {
        line
    }
}

/// As [`lines`], or `None` where nothing but white space is left.
pub(crate) fn lines_if_any(text: &str) -> Option<Cow<'_, str>> {
    Some(lines(text)).filter(|lines| !lines.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends_and_lose_what_steers() {
        assert!(matches!(lines("a\n\tb é"), Cow::Borrowed(_)));
        assert_eq!(lines("a\r\nb\rc\r\r\n"), "a\nb\nc\n\n");
        assert_eq!(
            lines("a\u{0}b\u{1b}[31m\u{9b}\u{ffff}"),
            "a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}"
        );
        assert_eq!(lines_if_any(" \n\t"), None);
    }

    #[test]
    fn a_line_is_one_line() {
        assert!(matches!(line("a b"), Cow::Borrowed("a b")));
        assert_eq!(line(" a\n\n b\u{2028}c\t\u{202e}d "), "a b c \u{fffd}d");
        assert_eq!(line_or(" \n ", "x"), "x");
    }
}
