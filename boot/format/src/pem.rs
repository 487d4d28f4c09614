//! PEM: base 64 between two lines (RFC 7468).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The content of every block of this label, in order.
///
/// # Errors
/// What is wrong, when a block is cut off or is not base 64.
pub fn blocks(text: &str, label: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(begin.as_str()) {
        let (body, after) = after
            .split_once(end.as_str())
            .ok_or("a block has no END line")?;
        found.push(decode(body).ok_or("a block is not base 64")?);
        rest = after;
    }
    Ok(found)
}

/// One block, lines of 64 characters.
pub fn encode(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in bytes.chunks(48) {
        for group in line.chunks(3) {
            let mut three = [0; 4];
            for (place, byte) in three.iter_mut().skip(1).zip(group) {
                *place = *byte;
            }
            let all = u32::from_be_bytes(three);
            for (place, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
                let index = usize::try_from((all >> shift) & 63).unwrap_or(0);
                let digit = ALPHABET.get(index).copied().unwrap_or(b'=');
                text.push(char::from(if place <= group.len() { digit } else { b'=' }));
            }
        }
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn decode(body: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut digits = body.bytes().filter(|byte| !byte.is_ascii_whitespace());
    for digit in digits.by_ref() {
        if digit == b'=' {
            break;
        }
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        count = count.checked_add(6)?;
        if count >= 8 {
            count = count.checked_sub(8)?;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    let only_filling = digits.all(|digit| digit == b'=');
    (only_filling && count < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        for length in 0..200_u8 {
            let bytes: Vec<u8> = (0..length).collect();
            let text = encode("X Y", &bytes);
            assert_eq!(blocks(&text, "X Y"), Ok(std::vec![bytes]));
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn broken_blocks_are_refused() {
        assert!(blocks("-----BEGIN X-----\nAAAA\n", "X").is_err());
        assert!(blocks("-----BEGIN X-----\nA*AA\n-----END X-----", "X").is_err());
        assert!(blocks("-----BEGIN X-----\nAA=A\n-----END X-----", "X").is_err());
        assert_eq!(blocks("nothing", "X"), Ok(Vec::new()));
    }
}
