//! The formatted string binding. Source: NISTIR 7695, section 6.2.
//!
//! ```text
//! cpe:2.3:part:vendor:product:version:update:edition:language:sw_edition:target_sw:target_hw:other
//! ```
//! `\` quotes the next character, an unquoted `:` separates; `*` alone is ANY, `-` alone is NA.

use std::array;
use std::fmt::{self, Write as _};

use super::{Cpe, Part, Value};

/// Reads what follows `cpe:2.3:`.
pub(super) fn parse(rest: &str) -> Result<Cpe, &'static str> {
    let mut parts = Components { rest: Some(rest) };
    let part = parts
        .next()
        .and_then(Part::parse)
        .ok_or("part is none of a, o, h, *")?;
    let mut values: [Value; 10] = array::from_fn(|_| Value::Any);
    for value in &mut values {
        // Trailing attributes that are left out are ANY.
        let Some(component) = parts.next() else { break };
        *value = unbind(component)?;
    }
    if parts.next().is_some() {
        return Err("more than eleven attributes");
    }
    Ok(Cpe::from_values(part, values))
}

/// Writes the name as a formatted string.
pub(super) fn write(cpe: &Cpe, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "cpe:2.3:{}", cpe.part.as_str())?;
    for value in cpe.values() {
        f.write_char(':')?;
        match value {
            Value::Any => f.write_char('*')?,
            Value::Na => f.write_char('-')?,
            Value::Text(text) => bind(text, f)?,
        }
    }
    Ok(())
}

/// Splits at unquoted colons.
struct Components<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Components<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let mut quoted = false;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                _ if quoted => quoted = false,
                b'\\' => quoted = true,
                b':' => {
                    self.rest = Some(&rest[at + 1..]);
                    return Some(&rest[..at]);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(rest)
    }
}

fn unbind(component: &str) -> Result<Value, &'static str> {
    match component {
        "*" => return Ok(Value::Any),
        "-" => return Ok(Value::Na),
        "" => return Ok(Value::Any),
        _ => {}
    }
    let mut text = String::with_capacity(component.len());
    let mut chars = component.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let quoted = chars.next().ok_or("ends in a lone backslash")?;
        if matches!(quoted, '*' | '?' | '\\') {
            text.push('\\');
        }
        text.push(quoted);
    }
    Ok(Value::Text(text))
}

fn bind(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if text == "-" {
        return f.write_str("\\-");
    }
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                f.write_char('\\')?;
                f.write_char(chars.next().unwrap_or('\\'))?;
            }
            // Wildcards stay as they are; literal ones carry their backslash.
            '*' | '?' | '.' | '-' | '_' => f.write_char(c)?,
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => f.write_char(c)?,
            c => {
                f.write_char('\\')?;
                f.write_char(c)?;
            }
        }
    }
    Ok(())
}
