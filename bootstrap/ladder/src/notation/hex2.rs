//! hex2: hex0 with named labels, distances and addresses.

use std::collections::HashMap;

use super::reader::{Reader, digit, is_blank};
use super::{BASE, Fault, Image, NotationError, Place, Source};

/// Reads the sources one after the other; labels of one are known in all.
///
/// # Errors
/// When the number of digits is odd, a character means nothing, a name is missing, not defined or
/// defined twice, or a distance doesn't fit.
pub fn assemble(sources: &[Source]) -> Result<Image, NotationError> {
    let (items, labels) = read(sources)?;
    let mut image = Image::default();
    for item in &items {
        match &item.what {
            What::Byte(byte) => image.push(&[*byte], &item.place),
            What::Reference(reference) => {
                let value = reference.value(image.bytes.len(), &labels);
                let bytes = value.map_err(|fault| NotationError {
                    place: item.place.clone(),
                    fault,
                })?;
                image.push(&bytes.to_le_bytes()[..reference.width], &item.place);
            }
        }
    }
    Ok(image)
}

struct Item<'a> {
    place: Place,
    what: What<'a>,
}

enum What<'a> {
    Byte(u8),
    Reference(Reference<'a>),
}

/// A label that is used.
struct Reference<'a> {
    /// How many bytes it becomes.
    width: usize,
    /// Whether it is an address and not a distance.
    absolute: bool,
    target: &'a [u8],
    /// Where the distance counts from, unless from the byte after it.
    from: Option<&'a [u8]>,
}

impl Reference<'_> {
    fn value(&self, offset: usize, labels: &HashMap<&[u8], usize>) -> Result<i64, Fault> {
        let find = |name: &[u8]| {
            let offset = labels
                .get(name)
                .ok_or_else(|| Fault::Undefined(shown(name)))?;
            Ok(position(*offset))
        };
        let target = find(self.target)?;
        if self.absolute {
            return Ok(BASE + target);
        }
        let from = match self.from {
            Some(name) => find(name)?,
            None => position(offset + self.width),
        };
        let distance = target - from;
        let bits = 8 * self.width - 1;
        if distance >> bits != 0 && distance >> bits != -1 {
            let word = shown(self.target);
            let bytes = self.width;
            return Err(Fault::TooFar { word, bytes });
        }
        Ok(distance)
    }
}

/// The limit on inputs keeps offsets far below the limit of the type.
fn position(offset: usize) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX / 2)
}

type Labels<'a> = HashMap<&'a [u8], usize>;

fn read(sources: &[Source]) -> Result<(Vec<Item<'_>>, Labels<'_>), NotationError> {
    let mut items = Vec::new();
    let mut labels = HashMap::new();
    let mut offset = 0;
    // A digit may wait for its second across the end of a file, as it may across lines.
    let mut half = None;
    let mut end = None;
    for source in sources {
        let mut reader = Reader::new(source);
        loop {
            let place = reader.place();
            let Some(byte) = reader.next() else { break };
            let (width, absolute) = match byte {
                b'#' | b';' => {
                    reader.skip_line();
                    continue;
                }
                b':' => {
                    let name = name(&mut reader)?;
                    if labels.insert(name, offset).is_some() {
                        return Err(reader.fault(Fault::Twice(shown(name))));
                    }
                    continue;
                }
                b'!' => (1, false),
                b'@' => (2, false),
                b'~' => (3, false),
                b'%' => (4, false),
                b'&' => (4, true),
                byte if is_blank(byte) => continue,
                byte => {
                    let fault = || Fault::Character(char::from(byte));
                    let value = digit(byte).ok_or_else(|| reader.fault(fault()))?;
                    match half.take() {
                        None => half = Some(value),
                        Some(high) => {
                            let what = What::Byte(high << 4 | value);
                            items.push(Item { place, what });
                            offset += 1;
                        }
                    }
                    continue;
                }
            };
            let target = name(&mut reader)?;
            let mut from = None;
            if !absolute && reader.peek() == Some(b'>') {
                reader.next();
                from = Some(name(&mut reader)?);
            }
            let what = What::Reference(Reference {
                width,
                absolute,
                target,
                from,
            });
            items.push(Item { place, what });
            offset += width;
        }
        end = Some(reader.place());
    }
    match (half, end) {
        (Some(_), Some(place)) => Err(NotationError {
            place,
            fault: Fault::OddDigits,
        }),
        _ => Ok((items, labels)),
    }
}

fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], NotationError> {
    let name = reader.until(|byte| is_blank(byte) || byte == b'>');
    if name.is_empty() {
        return Err(reader.fault(Fault::NoName));
    }
    Ok(name)
}

fn shown(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}
