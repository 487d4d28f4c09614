//! Cutting words from texts without regard to case.

use super::words::{BELOW, FILLERS};

pub(super) fn is_everything(text: &str) -> bool {
    const ALL: [&str; 12] = [
        "*",
        "all",
        "any",
        "all versions",
        "all version",
        "any version",
        "any versions",
        "every version",
        "all version(s)",
        "all versions affected",
        "all supported versions",
        "all released versions",
    ];
    is_word(text, &ALL)
}

/// Cuts "all versions", "version", "Ver." and the like from the front.
pub(super) fn without_fillers(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let shorter = FILLERS.iter().find_map(|word| {
            let rest = strip_prefix_fold(text, word)?;
            let ends = word.ends_with('.')
                || rest.starts_with(|c: char| " :\t.<>=≤≥".contains(c) || c.is_ascii_digit());
            ends.then_some(rest)
        });
        match shorter {
            Some(rest) if !rest.trim().is_empty() => {
                text = rest.trim_start_matches([' ', ':', '\t', '.']).trim();
            }
            _ => return text,
        }
    }
}

pub(super) fn trim(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}');
    let text = text.trim_end_matches([',', ';']);
    match text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    {
        Some(inside) if !inside.contains(['(', ')']) => inside.trim(),
        _ => text.trim(),
    }
}

pub(super) fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

pub(super) fn strip_prefix_fold<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Strips a leading word and the white space after it.
pub(super) fn strip_prefix_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = strip_prefix_fold(text, word)?;
    let bounded = rest.starts_with(|c: char| c.is_whitespace() || "<>=:".contains(c));
    bounded.then(|| rest.trim_start())
}

/// Strips a trailing word and the white space before it.
pub(super) fn strip_suffix_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    let bounded = head.ends_with(|c: char| c.is_whitespace() || c == ',') || word.starts_with('(');
    (tail.eq_ignore_ascii_case(word) && bounded).then(|| head.trim_end())
}

/// Finds a word with its surrounding spaces, without regard to case.
pub(super) fn find_word(text: &str, word: &str) -> Option<usize> {
    text.as_bytes()
        .windows(word.len())
        .position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// `6.18.37`: digits and dots, and not zero. Most texts are such, and mean themselves; what follows
/// would find the same by trying every word.
pub(super) fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 64
        && bytes.first().is_some_and(u8::is_ascii_digit)
        && bytes.last().is_some_and(u8::is_ascii_digit)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && bytes.iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

pub(super) fn begins_like_version(text: &str) -> bool {
    text.trim_start_matches(['v', 'V'])
        .starts_with(|c: char| c.is_ascii_digit())
}

/// The parts of `1.0, 1.1 and 2.x`.
pub(super) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let by_sign = text.split(['|', ';', ',', '/', '\n']);
    by_sign.flat_map(|part| {
        let mut rest = Some(part);
        std::iter::from_fn(move || {
            let part = rest?;
            let cut = [" and ", " or ", " & "]
                .iter()
                .filter_map(|word| Some((find_word(part, word)?, word.len())))
                // `1.2 and earlier` is one part.
                .filter(|(at, length)| !is_tail(&part[at + length..]))
                .min();
            match cut {
                Some((at, length)) => {
                    rest = Some(&part[at + length..]);
                    Some(&part[..at])
                }
                None => {
                    rest = None;
                    Some(part)
                }
            }
        })
    })
}

fn is_tail(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    BELOW
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word.trim_matches(',')))
}
