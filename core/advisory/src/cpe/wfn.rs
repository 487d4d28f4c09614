//! The unbound form, `wfn:[part="a",vendor="microsoft",edition=ANY]`.
//!
//! Source: NISTIR 7695, section 5.

use std::fmt::Write as _;

use super::{Cpe, Part, Value};

/// Attribute names, in the order of [`Cpe::values`].
const NAMES: [&str; 10] = [
    "vendor",
    "product",
    "version",
    "update",
    "edition",
    "language",
    "sw_edition",
    "target_sw",
    "target_hw",
    "other",
];

impl Cpe {
    /// The unbound form. Attributes that are ANY are left out, as the standard allows.
    #[must_use]
    pub fn to_wfn(&self) -> String {
        let mut wfn = String::from("wfn:[part=");
        match self.part {
            Part::Any => wfn.push_str("ANY"),
            part => {
                let _ = write!(wfn, "\"{}\"", part.as_str());
            }
        }
        for (name, value) in NAMES.iter().zip(self.values()) {
            match value {
                Value::Any => {}
                Value::Na => {
                    let _ = write!(wfn, ",{name}=NA");
                }
                Value::Text(text) => {
                    let _ = write!(wfn, ",{name}=\"");
                    quote(text, &mut wfn);
                    wfn.push('"');
                }
            }
        }
        wfn.push(']');
        wfn
    }
}

/// Quotes all but letters, digits and `_` (section 5.3.2); wildcards stay as they are.
fn quote(text: &str, wfn: &mut String) {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                wfn.push('\\');
                wfn.push(chars.next().unwrap_or('\\'));
            }
            '*' | '?' | '_' => wfn.push(c),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => wfn.push(c),
            c => {
                wfn.push('\\');
                wfn.push(c);
            }
        }
    }
}

/// Reads what stands between `wfn:[` and `]`.
pub(super) fn parse(inside: &str) -> Result<Cpe, &'static str> {
    let mut part = Part::Any;
    let mut values: [Value; 10] = std::array::from_fn(|_| Value::Any);
    let mut rest = inside.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("an attribute without a value")?;
        let (value, after) = value(after.trim_start())?;
        let name = name.trim();
        if name == "part" {
            part = match &value {
                Value::Text(text) => Part::parse(text).ok_or("part is none of a, o, h")?,
                _ => Part::Any,
            };
        } else {
            let slot = NAMES.iter().position(|known| *known == name);
            values[slot.ok_or("an attribute that the standard does not know")?] = value;
        }
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => {}
            None => return Err("no comma between attributes"),
        }
    }
    Ok(Cpe::from_values(part, values))
}

fn value(text: &str) -> Result<(Value, &str), &'static str> {
    if let Some(rest) = text.strip_prefix("ANY") {
        return Ok((Value::Any, rest));
    }
    if let Some(rest) = text.strip_prefix("NA") {
        return Ok((Value::Na, rest));
    }
    let body = text
        .strip_prefix('"')
        .ok_or("a value is neither ANY, NA nor quoted")?;
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if value.is_empty() => return Ok((Value::Any, &body[at + 1..])),
            '"' => return Ok((Value::Text(value), &body[at + 1..])),
            '\\' => {
                let (_, quoted) = chars.next().ok_or("ends in a lone backslash")?;
                if matches!(quoted, '*' | '?' | '\\') {
                    value.push('\\');
                }
                value.push(quoted);
            }
            c => value.push(c),
        }
    }
    Err("a quoted value without an end")
}
