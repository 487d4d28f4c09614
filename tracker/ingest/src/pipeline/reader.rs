//! The reading thread: documents into batches of raw records.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use snowguard_advisory::limits::sniff_id;

use super::Place;
use crate::error::IngestError;
use crate::input::{Document, Walk, Walker};
use crate::limits::Limits;
use crate::source::{HEAD, Kind, recognise};
use crate::split::{Form, Piece, Records, Refusal, SplitError};

/// A record as it came, or the place of one that could not be read.
#[derive(Debug)]
pub(crate) struct Item {
    /// The document.
    pub file: Arc<str>,
    /// Member name, for the forms that keep the record's name outside of it.
    pub key: Option<String>,
    /// Its number in the document, from 0.
    pub number: u64,
    /// Byte offset in the decoded document.
    pub offset: u64,
    /// The record, or its first bytes where there is trouble.
    pub bytes: Vec<u8>,
    /// Why it cannot be parsed.
    pub trouble: Option<Trouble>,
}

/// Why a record, or a whole document among others, was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Document(SplitError),
}

impl Item {
    /// What the record is called in quarantine: its id where one can be made out, so that it is
    /// known again when the file around it changes.
    pub fn label(&self) -> String {
        match &self.key {
            Some(key) => key.clone(),
            None => sniff_id(&self.bytes).unwrap_or_else(|| format!("#{}", self.number)),
        }
    }
}

/// Records read together, and where the input goes on after them.
#[derive(Debug)]
pub(crate) struct RawBatch {
    pub items: Vec<Item>,
    pub place: Place,
    pub bytes: u64,
}

/// What is read, and how.
pub(crate) struct Reading<'r> {
    pub walker: &'r Walker,
    pub kind: Kind,
    pub limits: Limits,
    /// Go on from here.
    pub from: Place,
    /// Records in a batch.
    pub batch: usize,
    /// Set when the user wants it to end.
    pub stop: &'r AtomicBool,
}

/// Bytes of raw records in a batch, beside its count.
const BATCH_BYTES: u64 = 6 << 20;

/// Reads everything from [`Reading::from`] on and hands it to `send` in batches.
///
/// # Errors
/// [`IngestError::Interrupted`] after [`Reading::stop`] was set; otherwise what [`Walker::walk`]
/// meets. What was read before is sent first. One bad document among many is an [`Item`] with
/// trouble, not an error; in an input that is one document it is an error.
pub(crate) fn read(
    reading: &Reading<'_>,
    send: &mut dyn FnMut(RawBatch) -> Walk,
) -> Result<(), IngestError> {
    let one = reading.walker.is_one_document();
    let items = Vec::new();
    let mut collector = Collector {
        reading,
        send,
        items,
        place: reading.from,
        bytes: 0,
        one,
    };
    let walked = reading.walker.walk(
        reading.from.document,
        &|name| reading.kind.wants(name),
        &mut |document| collector.document(document),
    );
    match walked {
        Ok(Walk::On) => {
            collector.flush();
            Ok(())
        }
        // Whoever receives the batches has given up and says why.
        Ok(Walk::Stop) => Ok(()),
        Err(error) => {
            collector.flush();
            Err(error)
        }
    }
}

/// Why a document was not read to its end.
enum Halt {
    Asked,
    Broken(SplitError),
}

impl From<SplitError> for Halt {
    fn from(error: SplitError) -> Self {
        Self::Broken(error)
    }
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.into())
    }
}

struct Collector<'c, 'r> {
    reading: &'c Reading<'r>,
    send: &'c mut dyn FnMut(RawBatch) -> Walk,
    items: Vec<Item>,
    place: Place,
    bytes: u64,
    /// Trouble in the only document ends the run; among others it is one bad record.
    one: bool,
}

impl Collector<'_, '_> {
    fn document(&mut self, document: Document<'_>) -> Result<Walk, IngestError> {
        let Document {
            index,
            name,
            reader,
        } = document;
        let file: Arc<str> = name.into();
        match self.records(index, &file, reader) {
            Ok(Walk::Stop) => return Ok(Walk::Stop),
            Ok(Walk::On) => {}
            Err(Halt::Asked) => return Err(IngestError::Interrupted),
            Err(Halt::Broken(error)) if self.one => {
                return Err(IngestError::document(&*file, error));
            }
            // The rest of the input can still be read.
            Err(Halt::Broken(error)) => self.items.push(Item {
                key: Some(file.to_string()),
                file,
                number: self.place.record,
                offset: 0,
                bytes: Vec::new(),
                trouble: Some(Trouble::Document(error)),
            }),
        }
        self.place = Place {
            document: index + 1,
            record: 0,
        };
        match self.flush_when_full() {
            Ok(walk) => Ok(walk),
            Err(_) => Err(IngestError::Interrupted),
        }
    }

    fn records(
        &mut self,
        index: u64,
        file: &Arc<str>,
        mut reader: Box<dyn Read + '_>,
    ) -> Result<Walk, Halt> {
        let mut head = Vec::new();
        reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let form = match recognise(&head) {
            Ok(found) if found.kind == self.reading.kind => found.form,
            // Malformed, or something else: let the parser say what is wrong with it.
            _ => usual_form(self.reading.kind, file),
        };
        let mut records =
            Records::open(Cursor::new(head).chain(reader), form, &self.reading.limits)?;
        let from = self.reading.from;
        let skip = if index == from.document {
            from.record
        } else {
            0
        };
        let mut number = 0;
        while let Some(piece) = records.next()? {
            number += 1;
            if number <= skip {
                continue;
            }
            self.items
                .push(item(file, number - 1, piece, &mut self.bytes));
            self.place = Place {
                document: index,
                record: number,
            };
            if self.flush_when_full()? == Walk::Stop {
                return Ok(Walk::Stop);
            }
        }
        Ok(Walk::On)
    }

    fn flush_when_full(&mut self) -> Result<Walk, Halt> {
        if self.items.len() < self.reading.batch && self.bytes < BATCH_BYTES {
            return Ok(Walk::On);
        }
        let walk = self.flush();
        let asked = walk == Walk::On && self.reading.stop.load(Ordering::Relaxed);
        if asked { Err(Halt::Asked) } else { Ok(walk) }
    }

    fn flush(&mut self) -> Walk {
        let items = std::mem::take(&mut self.items);
        let bytes = std::mem::take(&mut self.bytes);
        (self.send)(RawBatch {
            items,
            place: self.place,
            bytes,
        })
    }
}

/// How records of a kind lie in a document that could not be recognised.
fn usual_form(kind: Kind, file: &str) -> Form {
    match kind {
        Kind::CveList | Kind::Osv | Kind::Nvd if !file.contains(".jsonl") => Form::Whole,
        _ => Form::Lines,
    }
}

fn item(file: &Arc<str>, number: u64, piece: Piece<'_>, bytes: &mut u64) -> Item {
    match piece {
        Piece::Record(slice) => {
            *bytes += slice.bytes.len() as u64;
            Item {
                file: file.clone(),
                key: slice.key,
                number,
                offset: slice.offset,
                bytes: slice.bytes.to_vec(),
                trouble: None,
            }
        }
        Piece::Refused(refused) => Item {
            file: file.clone(),
            key: refused.key,
            number,
            offset: refused.offset,
            bytes: refused.head,
            trouble: Some(refused.reason.into()),
        },
    }
}
