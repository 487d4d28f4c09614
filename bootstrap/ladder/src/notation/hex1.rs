//! hex1: hex0 with labels of one character.

use std::collections::HashMap;

use super::reader::{Reader, digit};
use super::{BASE, Fault, Image, NotationError, Source};

/// Reads hex0 with `:x`, `!x`, `%x` and `&x`, where x is any one byte.
///
/// # Errors
/// When the number of digits is odd; when a label is missing, defined twice, or too far away for
/// one byte.
pub fn assemble(source: &Source) -> Result<Image, NotationError> {
    let mut labels = HashMap::new();
    pass(source, |reader, event| match event {
        Event::Label(name, address) => match labels.insert(name, address) {
            None => Ok(None),
            Some(_) => Err(reader.fault(Fault::Twice(shown(name)))),
        },
        _ => Ok(None),
    })?;
    pass(source, |reader, event| {
        let Event::Reference {
            kind,
            name,
            address,
        } = event
        else {
            return Ok(None);
        };
        let target = *labels
            .get(&name)
            .ok_or_else(|| reader.fault(Fault::Undefined(shown(name))))?;
        let value = match kind {
            b'!' => target - (address + 1),
            b'%' => target - (address + 4),
            _ => target,
        };
        if kind == b'!' && i8::try_from(value).is_err() {
            let word = shown(name);
            return Err(reader.fault(Fault::TooFar { word, bytes: 1 }));
        }
        Ok(Some(value))
    })
}

/// What a pass meets besides bytes.
enum Event {
    Label(u8, i64),
    Reference { kind: u8, name: u8, address: i64 },
}

fn pass(
    source: &Source,
    mut meet: impl FnMut(&Reader<'_>, Event) -> Result<Option<i64>, NotationError>,
) -> Result<Image, NotationError> {
    let mut reader = Reader::new(source);
    let mut image = Image::default();
    let mut half = None;
    loop {
        let place = reader.place();
        let Some(byte) = reader.next() else { break };
        let address = BASE + i64::try_from(image.bytes.len()).unwrap_or(i64::MAX - BASE);
        match byte {
            b'#' | b';' => reader.skip_line(),
            b':' | b'!' | b'%' | b'&' => {
                let Some(name) = reader.next() else { break };
                if byte == b':' {
                    meet(&reader, Event::Label(name, address))?;
                    continue;
                }
                let kind = byte;
                let value = meet(
                    &reader,
                    Event::Reference {
                        kind,
                        name,
                        address,
                    },
                )?;
                let bytes = value.unwrap_or_default().to_le_bytes();
                image.push(&bytes[..if kind == b'!' { 1 } else { 4 }], &place);
            }
            _ => {
                let Some(value) = digit(byte) else { continue };
                match half.take() {
                    None => half = Some(value),
                    Some(high) => image.push(&[high << 4 | value], &place),
                }
            }
        }
    }
    match half {
        None => Ok(image),
        Some(_) => Err(reader.fault(Fault::OddDigits)),
    }
}

fn shown(name: u8) -> String {
    char::from(name).escape_default().to_string()
}
