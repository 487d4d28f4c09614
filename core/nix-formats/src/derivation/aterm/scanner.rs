//! Walking over the tokens of a `.drv` file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use memchr::{memchr2, memchr3};

use super::{ATermError, MAX_ENTRIES};
use crate::derivation::{InvalidDerivation, OutputName};
use crate::store_path::{StoreDir, StorePath};

/// A position in a `.drv` file.
pub(super) struct Scanner<'a> {
    input: &'a [u8],
    at: usize,
    store_dir: &'a StoreDir,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(input: &'a [u8], store_dir: &'a StoreDir) -> Self {
        Self {
            input,
            at: 0,
            store_dir,
        }
    }

    /// Where the next token begins.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn store_dir(&self) -> &'a StoreDir {
        self.store_dir
    }

    /// Whether all bytes are read.
    pub(super) fn at_end(&self) -> bool {
        self.at == self.input.len()
    }

    /// Steps over `token` if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.input[self.at..].starts_with(token.as_bytes());
        if found {
            self.at += token.len();
        }
        found
    }

    /// Steps over `token`, which must come next.
    pub(super) fn expect(&mut self, token: &'static str) -> Result<(), ATermError> {
        if self.take(token) {
            Ok(())
        } else {
            Err(ATermError::Expected {
                expected: token,
                offset: self.at,
            })
        }
    }

    /// Reads `[`, entries separated by `,`, and `]`.
    pub(super) fn list(
        &mut self,
        mut entry: impl FnMut(&mut Self) -> Result<(), ATermError>,
    ) -> Result<(), ATermError> {
        let offset = self.at;
        self.expect("[")?;
        if self.take("]") {
            return Ok(());
        }
        for _ in 0..MAX_ENTRIES {
            entry(self)?;
            if self.take("]") {
                return Ok(());
            }
            self.expect(",")?;
        }
        Err(ATermError::TooMany { offset })
    }

    /// Reads a list whose keys must ascend, as those of Nix's sorted maps do.
    pub(super) fn map<K: Ord, V>(
        &mut self,
        what: &'static str,
        mut entry: impl FnMut(&mut Self) -> Result<(K, V), ATermError>,
    ) -> Result<BTreeMap<K, V>, ATermError> {
        // Building from a sorted vector is linear, and cheaper than inserting one by one.
        let mut entries: Vec<(K, V)> = Vec::new();
        self.list(|scanner| {
            let offset = scanner.at;
            let (key, value) = entry(scanner)?;
            if entries.last().is_some_and(|(last, _)| *last >= key) {
                return Err(ATermError::NotCanonical { what, offset });
            }
            entries.push((key, value));
            Ok(())
        })?;
        Ok(entries.into_iter().collect())
    }

    /// Reads a list whose entries must ascend, as those of Nix's sorted sets do.
    pub(super) fn set<T: Ord>(
        &mut self,
        what: &'static str,
        mut entry: impl FnMut(&mut Self) -> Result<T, ATermError>,
    ) -> Result<BTreeSet<T>, ATermError> {
        Ok(self
            .map(what, |scanner| Ok((entry(scanner)?, ())))?
            .into_keys()
            .collect())
    }

    /// Reads a string; borrowed where it holds no escape.
    pub(super) fn string(&mut self) -> Result<Cow<'a, [u8]>, ATermError> {
        let offset = self.at;
        if !self.take("\"") {
            return Err(ATermError::Expected {
                expected: "a string",
                offset,
            });
        }
        let mut unescaped: Option<Vec<u8>> = None;
        loop {
            let rest = &self.input[self.at..];
            let plain = memchr2(b'"', b'\\', rest).ok_or(ATermError::Unterminated { offset })?;
            let (text, rest) = rest.split_at(plain);
            if let Some(raw) = memchr3(b'\n', b'\r', b'\t', text) {
                let offset = self.at + raw;
                return Err(ATermError::NotCanonical {
                    what: "an unescaped byte",
                    offset,
                });
            }
            self.at += plain;
            if rest[0] == b'"' {
                self.at += 1;
                return Ok(match unescaped {
                    None => Cow::Borrowed(text),
                    Some(mut bytes) => {
                        bytes.extend_from_slice(text);
                        Cow::Owned(bytes)
                    }
                });
            }
            let byte = match rest.get(1) {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(&byte @ (b'"' | b'\\')) => byte,
                Some(_) => {
                    let offset = self.at;
                    return Err(ATermError::NotCanonical {
                        what: "an escape",
                        offset,
                    });
                }
                None => return Err(ATermError::Unterminated { offset }),
            };
            let bytes = unescaped.get_or_insert_default();
            bytes.extend_from_slice(text);
            bytes.push(byte);
            self.at += 2;
        }
    }

    /// Reads a string that must be UTF-8, and tells where it began.
    pub(super) fn text(&mut self) -> Result<(Cow<'a, str>, usize), ATermError> {
        let offset = self.at;
        let text = match self.string()? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Owned(text)),
                Err(error) => Err(error.utf8_error()),
            },
        };
        Ok((text.map_err(|_| ATermError::NotUtf8 { offset })?, offset))
    }

    /// Reads a string that must be a full store path.
    pub(super) fn path(&mut self) -> Result<StorePath, ATermError> {
        let (text, offset) = self.text()?;
        self.to_path(&text, offset)
    }

    /// Turns a string that was read at `offset` into a store path.
    pub(super) fn to_path(&self, text: &str, offset: usize) -> Result<StorePath, ATermError> {
        StorePath::from_absolute(text, self.store_dir)
            .map_err(|source| ATermError::StorePath { source, offset })
    }

    /// Reads a string that must be an output name.
    pub(super) fn output_name(&mut self) -> Result<OutputName, ATermError> {
        let (text, offset) = self.text()?;
        OutputName::new(&text).map_err(invalid_at(offset))
    }
}

/// Says where a rule was broken.
pub(super) fn invalid_at(offset: usize) -> impl Fn(InvalidDerivation) -> ATermError {
    move |source| ATermError::Invalid { source, offset }
}
