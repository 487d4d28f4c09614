//! Writing.

use alloc::vec::Vec;

use super::tag;

/// A value of this tag whose content is `parts`, one after another.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts
        .iter()
        .fold(0_usize, |all, part| all.saturating_add(part.len()));
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            let digits = digits.get(zeros..).unwrap_or(&[]);
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(digits);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// The content of a SET OF in DER's order: by encoding.
pub(crate) fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    members.concat()
}

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, &[content])
}

/// A number that is not negative.
pub(crate) fn integer(number: u32) -> Vec<u8> {
    unsigned(&number.to_be_bytes())
}

fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|digit| **digit == 0).count();
    let digits = big_endian.get(zeros..).unwrap_or(&[]);
    // A leading bit would mean a negative number; zero still needs a digit.
    let lead: &[u8] = match digits.first() {
        None => &[0],
        Some(first) if *first >= 0x80 => &[0],
        Some(_) => &[],
    };
    tlv(tag::INTEGER, &[lead, digits])
}

/// An identifier from its encoded arcs.
pub(crate) fn object_identifier(arcs: &[u8]) -> Vec<u8> {
    tlv(tag::OBJECT_IDENTIFIER, &[arcs])
}

/// `UTCTime`, or `GeneralizedTime` from 2050 on (RFC 5280, 4.1.2.5).
pub(crate) fn utc_time(time: crate::time::Time) -> Vec<u8> {
    let text = time.digits();
    if (1950..2050).contains(&time.year()) {
        let short = text.get(2..).unwrap_or_default();
        tlv(tag::UTC_TIME, &[short.as_bytes(), b"Z"])
    } else {
        tlv(tag::GENERALIZED_TIME, &[text.as_bytes(), b"Z"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_are_minimal() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(octets(&[7; 127])[..2], [4, 127]);
        assert_eq!(octets(&[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets(&[7; 65536])[..5], [4, 0x83, 1, 0, 0]);
    }
}
