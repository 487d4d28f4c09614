//! Finding the end of one JSON value by counting brackets outside of strings.
//!
//! Nothing here recurses, so depth costs a counter and not stack.

use memchr::memchr2;

/// A scan in progress; values may come in several parts.
#[derive(Debug, Default)]
pub(super) struct Scan {
    depth: u32,
    deepest: u32,
    in_string: bool,
    escaped: bool,
    scalar: bool,
}

impl Scan {
    /// The deepest level seen.
    pub(super) fn deepest(&self) -> u32 {
        self.deepest
    }

    /// Whether what was fed so far may be a whole value if the input ends here.
    pub(super) fn may_end(&self) -> bool {
        self.scalar
    }

    /// Looks at further bytes of the value. `Some(n)`: it ends after `n` of them.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let found = memchr2(b'"', b'\\', &bytes[at..])?;
                at += found + 1;
                if bytes[at - 1] == b'\\' {
                    self.escaped = true;
                    continue;
                }
                self.in_string = false;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match bytes[at] {
                b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.scalar => {
                    return Some(at);
                }
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    self.depth = self.depth.saturating_add(1);
                    self.deepest = self.deepest.max(self.depth);
                }
                b'}' | b']' => {
                    // The caller never begins a value at a closing bracket.
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ if self.depth == 0 => self.scalar = true,
                _ => {}
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end_however_they_are_cut() {
        let cases: [(&str, usize); 7] = [
            (r#"{"a":"}","b":[1,{}]} x"#, 20),
            (r#""a\"b" ,"#, 6),
            ("12.5,", 4),
            ("null]", 4),
            ("[[[]]],", 6),
            (r#"["\\"]"#, 6),
            (r#"{"\\\"":"]"}}"#, 12),
        ];
        for (text, want) in cases {
            for cut in 0..text.len() {
                let mut scan = Scan::default();
                let (left, right) = text.as_bytes().split_at(cut);
                let got = scan
                    .feed(left)
                    .or_else(|| scan.feed(right).map(|end| end + cut));
                assert_eq!(got, Some(want), "{text} cut at {cut}");
            }
        }
    }
}
