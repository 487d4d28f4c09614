//! Text between UTF-8 (sections) and UTF-16 (firmware).

use alloc::string::String;
use alloc::vec::Vec;

/// UTF-16 with the NUL that firmware expects at the end.
pub fn utf16_nul(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The bytes of UTF-16 text, little-endian.
pub fn utf16_bytes(text: &[u16]) -> Vec<u8> {
    text.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// Text of a section: without NULs and white space at the end, which tools leave there.
///
/// `None` when it is not UTF-8 or has a NUL inside.
pub fn section(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let text = text.trim_end_matches(|c: char| c == '\0' || c.is_ascii_whitespace());
    (!text.contains('\0')).then_some(text)
}

/// Text to show: what is not printable ASCII becomes `?`, so that no file can write to the screen.
pub fn shown(bytes: &[u8]) -> String {
    let shown = bytes.iter().map(|byte| {
        if (0x20..0x7f).contains(byte) {
            char::from(*byte)
        } else {
            '?'
        }
    });
    shown.collect()
}

/// Runs of white space become one space, none at the ends; stops at a NUL.
pub fn tidy(text: &[u16]) -> Vec<u16> {
    let mut out = Vec::new();
    let mut space = false;
    for unit in text.iter().copied().take_while(|unit| *unit != 0) {
        if unit <= 0x20 {
            space = !out.is_empty();
            continue;
        }
        if space {
            out.push(0x20);
            space = false;
        }
        out.push(unit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_sections() {
        assert_eq!(section(b"root=/dev/sda1 \n\0\0"), Some("root=/dev/sda1"));
        assert_eq!(section(b"a\0b"), None, "a NUL would hide what follows");
        assert_eq!(section(b"\xff"), None);
        assert_eq!(section(b""), Some(""));
    }

    #[test]
    fn tidying() {
        let tidied = |text: &str| String::from_utf16_lossy(&tidy(&utf16_nul(text)));
        assert_eq!(tidied("  a \t\n b  "), "a b");
        assert_eq!(tidied(" \r\n"), "");
        assert_eq!(tidied("a\0b"), "a");
    }

    #[test]
    fn nothing_writes_to_the_screen() {
        assert_eq!(shown(b"\\a\x1b[2J\xffb"), "\\a?[2J?b");
    }
}
