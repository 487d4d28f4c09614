//! The reading thread: documents into batches of raw records.

use std::io::{Cursor, Read};
use std::ops::Range;
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'b> {
    /// The document.
    pub file: &'b str,
    /// Member name, for the forms that keep the record's name outside of it.
    pub key: Option<&'b str>,
    /// Its number in the document, from 0.
    pub number: u64,
    /// Byte offset in the decoded document.
    pub offset: u64,
    /// The record, or its first bytes where there is trouble.
    pub bytes: &'b [u8],
    /// Why it cannot be parsed.
    pub trouble: Option<&'b Trouble>,
}

/// Why a record, or a whole document among others, was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Document(SplitError),
}

impl Item<'_> {
    /// What the record is called in quarantine: its id where one can be made out, so that it is
    /// known again when the file around it changes.
    pub fn label(&self) -> String {
        match self.key {
            Some(key) => key.to_owned(),
            None => sniff_id(self.bytes).unwrap_or_else(|| format!("#{}", self.number)),
        }
    }
}

/// Records read together, and where the input goes on after them.
#[derive(Debug, Default)]
pub(crate) struct RawBatch {
    pub place: Place,
    /// Bytes of its records, those in trouble left out.
    pub bytes: u64,
    /// The records one behind the other: one allocation that goes from thread to thread.
    pub(super) text: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// What is known of one record of a batch.
#[derive(Debug)]
pub(super) struct Entry {
    file: Arc<str>,
    key: Option<String>,
    number: u64,
    offset: u64,
    span: Range<usize>,
    trouble: Option<Trouble>,
}

impl RawBatch {
    /// The records in the order of the input.
    pub fn items(&self) -> impl ExactSizeIterator<Item = Item<'_>> {
        self.entries.iter().map(|entry| Item {
            file: &entry.file,
            key: entry.key.as_deref(),
            number: entry.number,
            offset: entry.offset,
            bytes: &self.text[entry.span.clone()],
            trouble: entry.trouble.as_ref(),
        })
    }

    fn push(&mut self, file: &Arc<str>, number: u64, piece: Piece<'_>) {
        let start = self.text.len();
        let (key, offset, trouble) = match piece {
            Piece::Record(slice) => {
                self.bytes += slice.bytes.len() as u64;
                self.text.extend_from_slice(slice.bytes);
                (slice.key, slice.offset, None)
            }
            Piece::Refused(refused) => {
                self.text.extend_from_slice(&refused.head);
                (refused.key, refused.offset, Some(refused.reason.into()))
            }
        };
        self.entries.push(Entry {
            file: file.clone(),
            key,
            number,
            offset,
            span: start..self.text.len(),
            trouble,
        });
    }
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
    let mut collector = Collector {
        reading,
        send,
        batch: RawBatch::default(),
        place: reading.from,
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
    batch: RawBatch,
    place: Place,
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
            Err(Halt::Broken(error)) => self.batch.entries.push(Entry {
                key: Some(file.to_string()),
                file,
                number: self.place.record,
                offset: 0,
                span: 0..0,
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
            self.batch.push(file, number - 1, piece);
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
        if self.batch.entries.len() < self.reading.batch && self.batch.bytes < BATCH_BYTES {
            return Ok(Walk::On);
        }
        let walk = self.flush();
        let asked = walk == Walk::On && self.reading.stop.load(Ordering::Relaxed);
        if asked { Err(Halt::Asked) } else { Ok(walk) }
    }

    fn flush(&mut self) -> Walk {
        let next = RawBatch {
            // About as much comes again.
            text: Vec::with_capacity(self.batch.text.len()),
            entries: Vec::with_capacity(self.batch.entries.len()),
            ..RawBatch::default()
        };
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.place = self.place;
        (self.send)(batch)
    }
}

/// How records of a kind lie in a document that could not be recognised.
fn usual_form(kind: Kind, file: &str) -> Form {
    match kind {
        Kind::CveList | Kind::Osv | Kind::Nvd if !file.contains(".jsonl") => Form::Whole,
        _ => Form::Lines,
    }
}
