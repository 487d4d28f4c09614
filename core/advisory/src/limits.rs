//! How much of somebody else's bytes we are willing to look at.
//!
//! Every reader of this crate takes a [`Limits`]. Size and depth are checked before anything is
//! built, in one pass that allocates nothing; array and text lengths while reading.

use crate::error::{Error, Place};

/// Upper bounds. The defaults leave an order of magnitude above the largest real records (in
/// 2026 the largest CVE record is about 1 MB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Bytes of a document that holds many records (an NVD feed, the KEV catalogue, EPSS).
    pub document_bytes: usize,
    /// Nested arrays and objects.
    pub depth: usize,
    /// Elements of one array, entries of one object.
    pub array: usize,
    /// Bytes of one text.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 << 20,
            document_bytes: 1 << 30,
            depth: 128,
            array: 200_000,
            text_bytes: 4 << 20,
        }
    }
}

impl Limits {
    /// Checks size, encoding and depth of one record, and gives it back as text.
    ///
    /// Cost: linear; about 1 to 2 GB/s.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::InvalidUtf8`], [`Error::TooDeep`]; each names the record
    /// where an id stands near its beginning.
    pub fn record<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, Error> {
        self.check(bytes, self.record_bytes)
    }

    /// As [`Limits::record`], for a document that holds many records.
    ///
    /// # Errors
    /// As [`Limits::record`].
    pub fn document<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, Error> {
        self.check(bytes, self.document_bytes)
    }

    fn check<'a>(&self, bytes: &'a [u8], limit: usize) -> Result<&'a str, Error> {
        let named = |error: Error| error.in_record(sniff_id(bytes).as_deref());
        if bytes.len() > limit {
            let at = Place::default();
            return Err(named(Error::TooLarge {
                at,
                size: bytes.len(),
                limit,
            }));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            named(Error::InvalidUtf8 {
                at: Place::at(error.valid_up_to()),
            })
        })?;
        match first_too_deep(bytes, self.depth) {
            Some(offset) => Err(named(Error::TooDeep {
                at: Place::at(offset),
                limit: self.depth,
            })),
            None => Ok(text),
        }
    }
}

/// The offset of the first bracket that opens a level past `limit`, if there is one.
///
/// Works on any bytes: text in quotes is skipped, everything else that is not a bracket is
/// passed over, so a malformed document is judged as the JSON parser will meet it.
#[must_use]
pub fn first_too_deep(bytes: &[u8], limit: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_text(bytes, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset of the quote that closes the text that begins at `at`, or the end of the input.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        // A backslash takes the next byte with it, whatever it is.
        at += 2;
    }
    bytes.len()
}

/// An id near the beginning of a document that could not be read, so that the quarantine can
/// name it. Best effort, bounded work.
#[must_use]
pub fn sniff_id(bytes: &[u8]) -> Option<String> {
    const WINDOW: usize = 64 << 10;
    let window = &bytes[..bytes.len().min(WINDOW)];
    for key in [&b"\"cveId\""[..], b"\"cveID\"", b"\"id\""] {
        let Some(start) = memchr::memmem::find(window, key) else {
            continue;
        };
        let rest = &window[start + key.len()..];
        let rest = rest
            .trim_ascii_start()
            .strip_prefix(b":")
            .unwrap_or_default();
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b"\"") else {
            continue;
        };
        let Some(end) = memchr::memchr(b'"', &rest[..rest.len().min(80)]) else {
            continue;
        };
        let id = &rest[..end];
        if !id.is_empty()
            && id
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(b))
        {
            return Some(String::from_utf8_lossy(id).into_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_only_brackets_outside_of_text() {
        assert_eq!(first_too_deep(br#"{"a[[[[":["\"[[["]}"#, 2), None);
        assert_eq!(first_too_deep(br#"{"a":[[1]]}"#, 2), Some(6));
        assert_eq!(first_too_deep(b"\"\\", 1), None);
        assert_eq!(first_too_deep(b"\"\\\\\"[[", 1), Some(5));
        assert_eq!(first_too_deep(b"]]]][", 0), Some(4));
    }

    #[test]
    fn a_refusal_names_the_record() {
        let limits = Limits {
            record_bytes: 10,
            ..Limits::default()
        };
        let error = limits
            .record(br#"{"cveMetadata":{"cveId": "CVE-2024-1"}}"#)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "CVE-2024-1: 39 bytes, more than the 10 allowed"
        );
    }

    #[test]
    fn invalid_utf8_is_named_by_offset() {
        let error = Limits::default()
            .record(b"{\"id\":\"X-1\",\"t\":\"\xff\"}")
            .unwrap_err();
        assert_eq!(
            error,
            Error::InvalidUtf8 {
                at: Place {
                    record: Some("X-1".into()),
                    offset: Some(17)
                }
            }
        );
    }

    #[test]
    fn half_a_gigabyte_and_deep_nesting_are_refused() {
        let deep = vec![b'['; 10_000];
        assert!(matches!(
            Limits::default().record(&deep),
            Err(Error::TooDeep {
                at: Place {
                    offset: Some(128),
                    ..
                },
                limit: 128
            })
        ));
        let large = vec![b' '; (16 << 20) + 1];
        assert!(matches!(
            Limits::default().record(&large),
            Err(Error::TooLarge { .. })
        ));
    }
}
