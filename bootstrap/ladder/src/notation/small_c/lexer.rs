//! Tokens of small C.

use std::sync::Arc;

use crate::notation::{Fault, NotationError, Place, Source};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Number(i64),
    /// The bytes, without the closing zero.
    Text(Vec<u8>),
    /// Anything else, of one or two characters.
    Sign(String),
    End,
}

/// A token and where it ends.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) token: Token,
    pub(super) place: Place,
}

/// Two characters that make one sign.
const PAIRS: [&[u8; 2]; 9] = [
    b"==", b"!=", b"<=", b">=", b"&&", b"||", b"<<", b">>", b"->",
];

/// The largest number.
const MOST: i64 = 0x7fff_ffff;

pub(super) fn tokens(sources: &[Source]) -> Result<Vec<Spot>, NotationError> {
    let mut lexer = Lexer::join(sources);
    let mut spots = Vec::new();
    loop {
        let token = lexer.token().map_err(|fault| NotationError {
            place: lexer.place(),
            fault: Fault::C(fault.to_owned()),
        })?;
        let last = token == Token::End;
        spots.push(Spot {
            token,
            place: lexer.place(),
        });
        if last {
            return Ok(spots);
        }
    }
}

/// All sources as one text, each closed by a line's end.
struct Lexer {
    text: Vec<u8>,
    at: usize,
    line: usize,
    /// The name of each source, and the line of the joined text before its first one.
    files: Vec<(Arc<str>, usize)>,
}

type Lexed<T> = Result<T, &'static str>;

impl Lexer {
    fn join(sources: &[Source]) -> Self {
        let mut text = Vec::new();
        let mut files = Vec::new();
        let mut lines = 0;
        for source in sources {
            files.push((source.name.clone(), lines));
            text.extend_from_slice(&source.text);
            text.push(b'\n');
            lines += 1 + source.text.iter().filter(|byte| **byte == b'\n').count();
        }
        Self {
            text,
            at: 0,
            line: 1,
            files,
        }
    }

    fn place(&self) -> Place {
        let file = self
            .files
            .iter()
            .rev()
            .find(|(_, before)| self.line > *before);
        let (name, before) = file.cloned().unwrap_or_else(|| ("".into(), 0));
        Place {
            file: name,
            line: self.line - before,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn token(&mut self) -> Lexed<Token> {
        self.skip()?;
        let Some(byte) = self.peek() else {
            return Ok(Token::End);
        };
        match byte {
            b'"' => self.text(),
            b'\'' => {
                self.next();
                let value = self.character()?;
                match self.next() {
                    Some(b'\'') => Ok(Token::Number(value.into())),
                    _ => Err("a character is not closed"),
                }
            }
            b'0'..=b'9' => self.number().map(Token::Number),
            byte if is_name(byte) => Ok(Token::Name(self.word())),
            byte => {
                let pair = PAIRS.iter().any(|pair| self.rest().starts_with(*pair));
                let mut sign = String::from(char::from(byte));
                self.next();
                if pair {
                    sign.extend(self.next().map(char::from));
                }
                Ok(Token::Sign(sign))
            }
        }
    }

    /// Over white space and comments.
    fn skip(&mut self) -> Lexed<()> {
        loop {
            match self.rest() {
                [0, ..] => return Err("a zero in the text"),
                [0..=b' ', ..] => {
                    self.next();
                }
                [b'/', b'/', ..] => {
                    while self.peek().is_some_and(|byte| byte != b'\n' && byte != 0) {
                        self.next();
                    }
                }
                [b'/', b'*', ..] => {
                    self.at += 2;
                    while !self.rest().starts_with(b"*/") {
                        match self.next() {
                            None | Some(0) => return Err("a comment is not closed"),
                            Some(_) => {}
                        }
                    }
                    self.at += 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(byte) = self.peek().filter(|byte| is_name(*byte)) {
            word.push(char::from(byte));
            self.next();
        }
        word
    }

    fn number(&mut self) -> Lexed<i64> {
        let word = self.word();
        let (digits, base) = match word.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            // A leading zero would mean octal elsewhere.
            None if word.len() > 1 && word.starts_with('0') => ("", 10),
            None => (word.as_str(), 10),
        };
        match i64::from_str_radix(digits, base) {
            Ok(number) if number <= MOST => Ok(number),
            _ => Err("this is not a number from 0 to 2147483647"),
        }
    }

    fn text(&mut self) -> Lexed<Token> {
        self.next();
        let mut text = Vec::new();
        while self.peek() != Some(b'"') {
            text.push(self.character()?);
        }
        self.next();
        Ok(Token::Text(text))
    }

    fn character(&mut self) -> Lexed<u8> {
        let bad = "this is not a character";
        match self.next().ok_or(bad)? {
            b'\\' => match self.next().ok_or(bad)? {
                b'n' => Ok(b'\n'),
                b't' => Ok(b'\t'),
                b'r' => Ok(b'\r'),
                b'0' => Ok(0),
                byte @ (b'\\' | b'\'' | b'"') => Ok(byte),
                _ => Err(bad),
            },
            0..b' ' => Err(bad),
            byte => Ok(byte),
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
