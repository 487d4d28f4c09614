//! The elements of one array, or the members of one object, inside a JSON document of any size.
//!
//! NVD and KEV keep their records in `vulnerabilities`, a channel in `packages`; `nix-env --json`
//! is one object of a hundred megabytes. None of them is ever held whole.

use std::collections::BTreeMap;
use std::io::Read;

use super::scan::Scan;
use super::window::Window;
use super::{Cut, HEAD, Piece, Refusal, Refused, Slice, SplitError};
use crate::limits::Limits;

/// Members beside the wanted one are kept up to this size (versions, dates, totals).
const HEADER_VALUE: usize = 256;
/// And up to this many of them.
const HEADER_MEMBERS: usize = 32;
/// Longest member name.
const KEY: usize = 4096;

/// Cuts a document into the parts of its `root` or of one member of its root.
pub struct Elements<R> {
    window: Window<R>,
    cut: Cut,
    shape: Shape,
    state: State,
    wrapped: bool,
    header: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Array,
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Next,
    Done,
}

/// What became of a value.
enum Value {
    /// It is at hand: this many bytes.
    Whole(usize),
    /// It was read past.
    Refused {
        length: u64,
        reason: Refusal,
        head: Vec<u8>,
    },
}

impl<R: Read> Elements<R> {
    /// The parts of the document's root, an array or an object.
    ///
    /// # Errors
    /// [`SplitError::Unexpected`] when the root is neither; [`SplitError::Read`].
    pub fn of_root(reader: R, limits: &Limits) -> Result<Self, SplitError> {
        let mut this = Self {
            window: Window::new(reader),
            cut: limits.into(),
            shape: Shape::Array,
            state: State::First,
            wrapped: false,
            header: BTreeMap::new(),
        };
        this.skip_mark()?;
        this.open()?;
        Ok(this)
    }

    /// The parts of member `name` of the document's root object.
    ///
    /// # Errors
    /// [`SplitError::Missing`] when the root has no such member, [`SplitError::Unexpected`] when it
    /// is neither array nor object, [`SplitError::Truncated`], [`SplitError::Read`].
    pub fn of_member(reader: R, name: &str, limits: &Limits) -> Result<Self, SplitError> {
        let mut this = Self::of_root(reader, limits)?;
        if this.shape != Shape::Object {
            return Err(SplitError::Unexpected {
                expected: "an object",
                offset: 0,
            });
        }
        loop {
            if !this.more()? {
                return Err(SplitError::Missing(name.to_owned()));
            }
            let key = this.key()?;
            if key == name {
                break;
            }
            this.keep_header(key)?;
        }
        this.wrapped = true;
        this.open()?;
        this.state = State::First;
        Ok(this)
    }

    /// Small scalars beside the wanted member, by name; those after it are there once
    /// [`Elements::next`] has returned `None`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).map(String::as_str)
    }

    /// The next part.
    ///
    /// # Errors
    /// [`SplitError::Truncated`] when the document ends early, also after the last part;
    /// [`SplitError::Unexpected`], [`SplitError::Read`].
    #[allow(
        clippy::should_implement_trait,
        reason = "the record borrows from the splitter"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, SplitError> {
        if self.state == State::Done {
            return Ok(None);
        }
        if !self.more()? {
            self.finish()?;
            return Ok(None);
        }
        let key = match self.shape {
            Shape::Array => None,
            Shape::Object => Some(self.key()?),
        };
        let offset = self.window.offset();
        match self.value()? {
            Value::Whole(length) => {
                let bytes = self.window.take(length);
                Ok(Some(Piece::Record(Slice { key, offset, bytes })))
            }
            Value::Refused {
                length,
                reason,
                head,
            } => Ok(Some(Piece::Refused(Refused {
                key,
                offset,
                length,
                reason,
                head,
            }))),
        }
    }

    /// A byte order mark is not JSON, but exports from spreadsheets and Windows tools carry one.
    fn skip_mark(&mut self) -> Result<(), SplitError> {
        while self.window.data().len() < 3 && self.window.fill()? {}
        if self.window.data().starts_with(b"\xef\xbb\xbf") {
            self.window.consume(3);
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), SplitError> {
        let offset = self.window.offset();
        self.shape = match self.peek()? {
            Some(b'[') => Shape::Array,
            Some(b'{') => Shape::Object,
            Some(_) => return Err(self.unexpected("an array or an object")),
            None => return Err(SplitError::Truncated(offset)),
        };
        self.window.consume(1);
        Ok(())
    }

    /// Steps over a comma. False, with the bracket consumed, at the end.
    fn more(&mut self) -> Result<bool, SplitError> {
        let close = match self.shape {
            Shape::Array => b']',
            Shape::Object => b'}',
        };
        let found = self.need()?;
        if found == close {
            self.window.consume(1);
            return Ok(false);
        }
        if self.state == State::Next {
            if found != b',' {
                return Err(self.unexpected("a comma or the closing bracket"));
            }
            self.window.consume(1);
            self.need()?;
        }
        self.state = State::Next;
        Ok(true)
    }

    fn key(&mut self) -> Result<String, SplitError> {
        if self.need()? != b'"' {
            return Err(self.unexpected("a member name"));
        }
        let Value::Whole(length) = self.value()? else {
            return Err(self.unexpected("a shorter member name"));
        };
        if length > KEY {
            return Err(self.unexpected("a shorter member name"));
        }
        let Ok(key) = serde_json::from_slice::<String>(&self.window.data()[..length]) else {
            return Err(self.unexpected("a well-formed member name"));
        };
        self.window.consume(length);
        if self.need()? != b':' {
            return Err(self.unexpected("a colon"));
        }
        self.window.consume(1);
        self.need()?;
        Ok(key)
    }

    /// Scans the value that begins here. `Whole` leaves it at hand; `Refused` has consumed it.
    fn value(&mut self) -> Result<Value, SplitError> {
        let begin = self.window.offset();
        if matches!(self.need()?, b',' | b':' | b']' | b'}') {
            return Err(self.unexpected("a value"));
        }
        let mut scan = Scan::default();
        let mut scanned = 0;
        let mut refused: Option<(Refusal, Vec<u8>)> = None;
        loop {
            let data = self.window.data();
            let end = scan.feed(&data[scanned..]).map(|end| scanned + end);
            let seen = end.unwrap_or(data.len());
            let over = if scan.deepest() > self.cut.depth {
                Some(Refusal::TooDeep(self.cut.depth))
            } else if seen > self.cut.record {
                Some(Refusal::TooLarge(self.cut.record))
            } else {
                None
            };
            if let (None, Some(reason)) = (&refused, over) {
                refused = Some((reason, data[..seen.min(HEAD)].to_vec()));
            }
            match (end, refused.is_some()) {
                (Some(end), false) => return Ok(Value::Whole(end)),
                (Some(end), true) => {
                    self.window.consume(end);
                    break;
                }
                (None, true) => {
                    let all = data.len();
                    self.window.consume(all);
                    scanned = 0;
                }
                (None, false) => scanned = data.len(),
            }
            if !self.window.fill()? {
                if refused.is_none() && scan.may_end() {
                    return Ok(Value::Whole(self.window.data().len()));
                }
                return Err(SplitError::Truncated(begin));
            }
        }
        let (reason, head) = refused.expect("the loop is only left with a refusal");
        Ok(Value::Refused {
            length: self.window.offset() - begin,
            reason,
            head,
        })
    }

    /// Keeps a small scalar member of the root, reads past anything else.
    fn keep_header(&mut self, key: String) -> Result<(), SplitError> {
        if let Value::Whole(length) = self.value()? {
            let bytes = self.window.take(length);
            let small = bytes.len() <= HEADER_VALUE && !matches!(bytes[0], b'{' | b'[');
            if small && self.header.len() < HEADER_MEMBERS {
                let text = serde_json::from_slice::<String>(bytes)
                    .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
                self.header.insert(key, text);
            }
        }
        Ok(())
    }

    /// After the last part: the rest of the root must be whole too, or the upload was cut short.
    fn finish(&mut self) -> Result<(), SplitError> {
        if self.wrapped {
            self.shape = Shape::Object;
            self.state = State::Next;
            while self.more()? {
                let key = self.key()?;
                self.keep_header(key)?;
            }
        }
        self.state = State::Done;
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the document")),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>, SplitError> {
        loop {
            let data = self.window.data();
            let blank = data
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            let found = data.get(blank).copied();
            self.window.consume(blank);
            if found.is_some() || !self.window.ensure()? {
                return Ok(found);
            }
        }
    }

    fn need(&mut self) -> Result<u8, SplitError> {
        let offset = self.window.offset();
        self.peek()?.ok_or(SplitError::Truncated(offset))
    }

    fn unexpected(&self, expected: &'static str) -> SplitError {
        SplitError::Unexpected {
            expected,
            offset: self.window.offset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary is met.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn collect(mut elements: Elements<impl Read>) -> Result<Vec<String>, SplitError> {
        let mut out = Vec::new();
        while let Some(piece) = elements.next()? {
            out.push(match piece {
                Piece::Record(slice) => format!(
                    "{}{}",
                    slice.key.map(|key| key + "=").unwrap_or_default(),
                    String::from_utf8_lossy(slice.bytes)
                ),
                Piece::Refused(refused) => format!("!{} {}", refused.length, refused.reason),
            });
        }
        Ok(out)
    }

    fn member(text: &str, name: &str, limits: &Limits) -> Result<Vec<String>, SplitError> {
        let whole = collect(Elements::of_member(text.as_bytes(), name, limits)?);
        let dripped = collect(Elements::of_member(Drip(text.as_bytes()), name, limits)?);
        assert_eq!(format!("{whole:?}"), format!("{dripped:?}"));
        whole
    }

    #[test]
    fn array_of_a_member_among_others() {
        let text = r#"{"format":"NVD","skip":{"vulnerabilities":[9]},"vulnerabilities":
            [ {"a":"]}"} , 2,"x" ],"total":3} "#;
        let limits = Limits::default();
        let got = member(text, "vulnerabilities", &limits).expect("well-formed");
        assert_eq!(got, [r#"{"a":"]}"}"#, "2", r#""x""#]);
        let mut elements =
            Elements::of_member(text.as_bytes(), "vulnerabilities", &limits).expect("well-formed");
        assert_eq!(elements.header("format"), Some("NVD"));
        while elements.next().expect("well-formed").is_some() {}
        assert_eq!(elements.header("total"), Some("3"));
    }

    #[test]
    fn members_of_the_root_keep_their_names() {
        let text = r#"{"a\u0062":{"v":1},"c":[]}"#;
        let got = collect(Elements::of_root(text.as_bytes(), &Limits::default()).expect("object"));
        assert_eq!(got.expect("well-formed"), [r#"ab={"v":1}"#, "c=[]"]);
        let empty =
            collect(Elements::of_root(&b"\xef\xbb\xbf []"[..], &Limits::default()).expect("array"));
        assert!(empty.expect("well-formed").is_empty());
    }

    #[test]
    fn truncated_json_is_told_from_whole_json_at_every_byte() {
        let text = r#"{"v":1,"vulnerabilities":[{"id":"a"},{"id":"b\"]"}],"z":[1]}"#;
        let limits = Limits::default();
        for cut in 0..text.len() {
            let got = member(&text[..cut], "vulnerabilities", &limits);
            assert!(got.is_err(), "cut at {cut}: {got:?}");
        }
        assert_eq!(
            member(text, "vulnerabilities", &limits)
                .expect("whole")
                .len(),
            2
        );
    }

    #[test]
    fn ten_thousand_levels_are_passed_over_and_the_next_record_is_read() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let text = format!(r#"{{"v":[{deep},{{"id":"next"}}]}}"#);
        let got = member(&text, "v", &Limits::default()).expect("balanced");
        assert_eq!(
            got,
            [
                "!20000 the record is nested deeper than 100 levels",
                r#"{"id":"next"}"#
            ]
        );
    }

    #[test]
    fn an_oversized_record_is_passed_over_and_the_next_record_is_read() {
        use std::io::{Read as _, repeat};
        let limits = Limits {
            record: 1 << 20,
            ..Limits::default()
        };
        let long = repeat(b'x').take(64 << 20);
        let reader = (&br#"[{"a":""#[..]).chain(long).chain(&br#""},7]"#[..]);
        let got = collect(Elements::of_root(reader, &limits).expect("array")).expect("balanced");
        let refused = format!(
            "!{} the record is larger than 1048576 bytes",
            (64 << 20) + 8
        );
        assert_eq!(got, [refused.as_str(), "7"]);
    }

    #[test]
    fn what_is_not_json_is_named_with_its_place() {
        let limits = Limits::default();
        for (text, want) in [
            ("[1 2]", "expected a comma or the closing bracket at byte 3"),
            ("[1,]", "expected a value at byte 3"),
            ("{1:2}", "expected a member name at byte 1"),
            ("[] x", "expected the end of the document at byte 3"),
            ("hello", "expected an array or an object at byte 0"),
        ] {
            let got = Elements::of_root(text.as_bytes(), &limits).and_then(collect);
            assert_eq!(got.expect_err(text).to_string(), want);
        }
    }
}
