//! JSON without the white space between its tokens.
//!
//! The CVE list's checkout is indented, its bulk lines are not; stored, they are the same record.

use std::borrow::Cow;

use memchr::memchr2;

/// Removes white space outside of strings. What is not JSON comes out as something that is not
/// JSON either; nothing is judged here.
#[must_use]
pub fn compact(json: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = first_blank(json) else {
        return Cow::Borrowed(json);
    };
    let mut out = Vec::with_capacity(json.len());
    out.extend_from_slice(&json[..first]);
    let mut at = first;
    while at < json.len() {
        match json[at] {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'"' => {
                let end = string_end(json, at);
                out.extend_from_slice(&json[at..end]);
                at = end;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn first_blank(json: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b' ' | b'\n' | b'\r' | b'\t' => return Some(at),
            b'"' => at = string_end(json, at),
            _ => at += 1,
        }
    }
    None
}

/// Behind the quote that closes the string that begins at `start`, or the end of the input.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        for (from, to) in [
            (
                r#"{"a b" : [1, 2 ],  "c\" d":" e "}"#,
                r#"{"a b":[1,2],"c\" d":" e "}"#,
            ),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("{\n  \"a\\\\\": null\r\n}\n", r#"{"a\\":null}"#),
            (r#""open \"#, r#""open \"#),
            ("", ""),
        ] {
            assert_eq!(&*compact(from.as_bytes()), to.as_bytes(), "{from}");
        }
    }
}
