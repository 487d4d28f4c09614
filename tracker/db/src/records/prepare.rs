//! The part of storing a record that needs no connection.

use std::borrow::Cow;

use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::{Record, State};

use super::{IncomingRecord, PreparedRecord, record_name, source_number};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::numbers;
use crate::text;

/// Characters of the description that are searchable.
const SEARCHED_DESCRIPTION: usize = 400;
/// Characters of a title in lists.
const TITLE: usize = 160;

impl Db {
    /// Digests and compresses a record. Cost: about 50 µs for a CVE record.
    ///
    /// # Errors
    /// [`DbError::Damaged`] when the stored dictionary is unusable.
    pub fn prepare(&self, incoming: IncomingRecord<'_>) -> Result<PreparedRecord> {
        let IncomingRecord {
            record,
            raw,
            origin,
        } = incoming;
        self.prepare_document(record, origin, |record| {
            document(raw.into_owned(), record).map(Cow::Owned)
        })
    }

    /// As [`Db::prepare`], for a CVE record whose model is exactly what
    /// [`cve5::read`](snowguard_advisory::cve5::read) with default limits makes of `raw`: the raw
    /// JSON alone is stored, and read again when the record is. A third less time and room; a
    /// record of the bulk list is worth it.
    ///
    /// # Errors
    /// As [`Db::prepare`].
    pub fn prepare_cve(&self, incoming: IncomingRecord<'_>) -> Result<PreparedRecord> {
        let IncomingRecord {
            record,
            raw,
            origin,
        } = incoming;
        self.prepare_document(record, origin, |_| Ok(raw))
    }

    fn prepare_document<'r>(
        &self,
        record: Record,
        origin: String,
        document: impl FnOnce(&Record) -> Result<Cow<'r, [u8]>>,
    ) -> Result<PreparedRecord> {
        let document = document(&record)?;
        let body = self
            .packer()
            .pack(&dictionary_kind(source_number(record.source)), &document)?;
        let digest = blake3::hash(&document).into();
        let (head, text) = search_text(&record);
        Ok(PreparedRecord {
            source: record.source,
            name: record_name(&record),
            state: match record.state {
                State::Published => 0,
                State::Rejected => 1,
                State::Withdrawn => 2,
            },
            published: record.published,
            modified: record.modified,
            severity: severity(&record),
            title: title(&record),
            digest,
            body,
            advisories: advisory_ids(&record),
            origin,
            head,
            text,
        })
    }
}

/// One dictionary for each source's documents.
pub(crate) fn dictionary_kind(source: i64) -> String {
    format!("record:{source}")
}

/// The stored document: the raw JSON, a zero byte, the model. The model repeats the raw text, so
/// it costs little next to it, and reading it needs neither the parser of the day nor its time.
fn document(mut raw: Vec<u8>, record: &Record) -> Result<Vec<u8>> {
    raw.reserve(raw.len() + 512);
    raw.push(0);
    serde_json::to_writer(&mut raw, record)
        .map_err(|failed| DbError::damaged(format!("record {}", record.id), failed))?;
    Ok(raw)
}

/// The raw JSON of a stored document, and the model where that is stored beside it. JSON never
/// holds a zero byte, so the last one is ours.
pub(crate) fn split(document: &[u8]) -> (&[u8], Option<&[u8]>) {
    match document.iter().rposition(|byte| *byte == 0) {
        Some(zero) => (&document[..zero], Some(&document[zero + 1..])),
        None => (document, None),
    }
}

/// The model of a stored document.
pub(crate) fn model(document: &[u8], name: &str) -> Result<Record> {
    let damaged = |failed: &dyn std::fmt::Display| {
        DbError::damaged(format!("record {name}"), failed.to_string())
    };
    match split(document) {
        (_, Some(model)) => serde_json::from_slice(model).map_err(|failed| damaged(&failed)),
        (raw, None) => {
            // How large a record may be was decided when it came in.
            let limits = Limits {
                record_bytes: usize::MAX,
                ..Limits::default()
            };
            let reading = cve5::read(raw, &limits).map_err(|failed| damaged(&failed))?;
            Ok(reading.record)
        }
    }
}

/// The CVE ids of a record, else its own id: the advisories it belongs to.
fn advisory_ids(record: &Record) -> Vec<String> {
    let mut ids: Vec<String> = std::iter::once(&record.id)
        .chain(&record.aliases)
        .filter(|id| numbers::of_cve(id).is_some())
        .cloned()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        ids.push(record.id.clone());
    }
    ids
}

fn severity(record: &Record) -> i64 {
    let highest = record
        .severities
        .iter()
        .filter_map(|severity| severity.score)
        .fold(0.0_f64, f64::max);
    #[allow(clippy::cast_possible_truncation, reason = "clamped to 0..=100")]
    let tenths = (highest.clamp(0.0, 10.0) * 10.0).round() as i64;
    tenths
}

fn title(record: &Record) -> String {
    let text = match &record.title {
        Some(title) if !title.trim().is_empty() => title,
        _ => &record.description,
    };
    let line = text.trim().lines().next().unwrap_or_default();
    let cut = first_chars(line, TITLE);
    if cut.len() < line.len() {
        format!("{}…", cut.trim_end())
    } else {
        cut.to_owned()
    }
}

/// What a record is found by: its names, and what it says.
pub(crate) fn search_text(record: &Record) -> (String, String) {
    (
        head(record),
        text::words([first_chars(&record.description, SEARCHED_DESCRIPTION)]),
    )
}

/// Names, products, title, aliases: what a search looks at first.
fn head(record: &Record) -> String {
    let ids: Vec<String> = std::iter::once(&record.id)
        .chain(record.aliases.iter().take(20))
        .map(|id| text::id_word(id))
        .collect();
    let affected = record.affected.iter().take(20).flat_map(|affected| {
        [&affected.vendor, &affected.product, &affected.package_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
    });
    text::words(
        ids.iter()
            .map(String::as_str)
            .chain(record.title.as_deref())
            .chain(affected),
    )
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices()
        .nth(count)
        .map_or(text, |(end, _)| &text[..end])
}
