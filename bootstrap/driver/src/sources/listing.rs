//! Hexadecimal listings: digits in pairs, spaces between, comments after `#` or `;`. It is the
//! notation of hex0, so a seed's listing is its source in the ladder's own lowest language.

/// No listing is longer.
const MAX_BYTES: usize = 1 << 20;

/// Why a listing can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// A character that is neither digit, space nor in a comment.
    #[error("line {line}: {character:?} is no hexadecimal digit")]
    Digit {
        /// From 1.
        line: usize,
        /// What stands there.
        character: char,
    },
    /// A digit without its second at the end.
    #[error("the last byte has one digit")]
    Half,
    /// More bytes than a listing may have.
    #[error("more than {MAX_BYTES} bytes")]
    Long,
}

/// The bytes of a listing.
///
/// # Errors
/// See [`ListingError`].
pub fn decode(text: &str) -> Result<Vec<u8>, ListingError> {
    let mut bytes = Vec::new();
    let mut high = None;
    for (index, line) in text.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or_default();
        for character in code.chars().filter(|c| !c.is_whitespace()) {
            let digit = character.to_digit(16).ok_or(ListingError::Digit {
                line: index + 1,
                character,
            })?;
            let digit = digit as u8;
            match high.take() {
                None => high = Some(digit),
                Some(high) if bytes.len() < MAX_BYTES => bytes.push(high << 4 | digit),
                Some(_) => return Err(ListingError::Long),
            }
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(ListingError::Half),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_digits_and_comments() {
        assert_eq!(
            decode("7f 45 4C46 # ELF\n; more\n00"),
            Ok(vec![0x7f, 0x45, 0x4c, 0x46, 0])
        );
        assert_eq!(decode("7"), Err(ListingError::Half));
        assert_eq!(
            decode("00\n0g"),
            Err(ListingError::Digit {
                line: 2,
                character: 'g'
            })
        );
        assert_eq!(
            decode("1 2"),
            Ok(vec![0x12]),
            "a pair may stand apart, as in hex0"
        );
    }
}
