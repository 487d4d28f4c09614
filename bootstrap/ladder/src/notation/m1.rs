//! M1: the macro assembler. Words in, the notation of hex2 out.

use std::collections::HashMap;

use super::reader::{Reader, is_blank};
use super::{Fault, NotationError, Place, Source, Text};

/// Translates the sources, one after the other, into the notation of hex2.
///
/// # Errors
/// When a word is not defined or defined twice, a number doesn't fit, or the text ends too early.
pub fn translate(sources: &[Source]) -> Result<Text, NotationError> {
    let mut macros: HashMap<&[u8], &[u8]> = HashMap::new();
    let mut text = Text::default();
    let tokens = sources
        .iter()
        .map(tokens)
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    let mut tokens = tokens.into_iter();
    while let Some((place, token)) = tokens.next() {
        let fail = |fault| NotationError {
            place: place.clone(),
            fault,
        };
        match token {
            Token::Text(bytes) => text.line(&hexadecimal(bytes.iter().copied().chain([0])), &place),
            Token::Raw(raw) => text.line(raw, &place),
            Token::Word(b"DEFINE") => {
                let name = word(&mut tokens).ok_or_else(|| fail(Fault::Unfinished))?;
                let value = word(&mut tokens).ok_or_else(|| fail(Fault::Unfinished))?;
                if macros.insert(name, value).is_some() {
                    return Err(fail(Fault::Twice(shown(name))));
                }
            }
            Token::Word(word) => {
                let out = match width(word) {
                    Some(0) => word.to_vec(),
                    Some(width) if is_number(&word[1..]) => {
                        let value =
                            number(&word[1..]).ok_or_else(|| fail(Fault::Number(shown(word))))?;
                        let bytes = fitting(value, width).ok_or_else(|| {
                            let word = shown(word);
                            fail(Fault::TooFar { word, bytes: width })
                        })?;
                        hexadecimal(bytes.into_iter().take(width))
                    }
                    Some(_) => word.to_vec(),
                    None => macros
                        .get(word)
                        .ok_or_else(|| fail(Fault::Undefined(shown(word))))?
                        .to_vec(),
                };
                text.line(&out, &place);
            }
        }
    }
    Ok(text)
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Word(&'a [u8]),
    /// Between double quotes.
    Text(&'a [u8]),
    /// Between single quotes.
    Raw(&'a [u8]),
}

fn tokens(source: &Source) -> Result<Vec<(Place, Token<'_>)>, NotationError> {
    let mut reader = Reader::new(source);
    let mut tokens = Vec::new();
    let mut defining = 0;
    while let Some(byte) = reader.peek() {
        let place = reader.place();
        // The two words after DEFINE may hold any character.
        if defining > 0 && !is_blank(byte) {
            defining -= 1;
            tokens.push((place, Token::Word(reader.until(is_blank))));
            continue;
        }
        let token = match byte {
            b'#' | b';' => {
                reader.skip_line();
                continue;
            }
            b'"' | b'\'' => {
                reader.next();
                let inside = reader.until(|other| other == byte);
                if reader.next().is_none() {
                    return Err(reader.fault(Fault::Unfinished));
                }
                if byte == b'"' {
                    Token::Text(inside)
                } else {
                    Token::Raw(inside)
                }
            }
            byte if is_blank(byte) => {
                reader.next();
                continue;
            }
            _ => Token::Word(reader.until(is_blank)),
        };
        if matches!(token, Token::Word(b"DEFINE")) {
            defining = 2;
        }
        tokens.push((place, token));
    }
    Ok(tokens)
}

fn word<'a>(tokens: &mut impl Iterator<Item = (Place, Token<'a>)>) -> Option<&'a [u8]> {
    match tokens.next() {
        Some((_, Token::Word(word))) => Some(word),
        _ => None,
    }
}

/// How many bytes a word of this first character becomes if it is a number; 0 if it never is.
fn width(word: &[u8]) -> Option<usize> {
    match word.first()? {
        b':' | b'&' => Some(0),
        b'!' => Some(1),
        b'@' => Some(2),
        b'~' => Some(3),
        b'%' => Some(4),
        _ => None,
    }
}

fn is_number(word: &[u8]) -> bool {
    let figures = word.strip_prefix(b"-").unwrap_or(word);
    figures.first().is_some_and(u8::is_ascii_digit)
}

fn number(word: &[u8]) -> Option<i64> {
    let (sign, figures) = match word.strip_prefix(b"-") {
        Some(figures) => (-1, figures),
        None => (1, word),
    };
    let (base, figures) = match figures.strip_prefix(b"0x") {
        Some(figures) => (16, figures),
        None => (10, figures),
    };
    // `from_str_radix` takes a sign of its own, which the language does not have.
    if !figures.first()?.is_ascii_hexdigit() {
        return None;
    }
    let figures = std::str::from_utf8(figures).ok()?;
    Some(sign * i64::from_str_radix(figures, base).ok()?)
}

/// The bytes, if the value fits as a signed or as an unsigned number.
fn fitting(value: i64, width: usize) -> Option<[u8; 8]> {
    let bits = 8 * width;
    let least = -(1_i64 << (bits - 1));
    let most = (1_i64 << bits) - 1;
    (least..=most).contains(&value).then(|| value.to_le_bytes())
}

fn hexadecimal(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    bytes
        .flat_map(|byte| format!("{byte:02X} ").into_bytes())
        .collect()
}

fn shown(word: &[u8]) -> String {
    word.escape_ascii().to_string()
}
