//! Reading and replaying.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::EventType;
use crate::bytes::{slice, u16_at, u32_at};
use crate::digest::{Digest, DigestAlgorithm};
use crate::pcr::Pcr;

/// Data of the first event of a crypto-agile log.
const SPEC_ID: &[u8] = b"Spec ID Event03\0";
/// Data of the event that tells the locality of the start.
const LOCALITY: &[u8] = b"StartupLocality\0";
/// More events than any boot makes.
const MAX_EVENTS: usize = 1 << 16;
/// More banks than a TPM has.
const MAX_BANKS: u32 = 16;
/// PCRs of a TPM for PCs.
const MAX_PCR: u32 = 24;

/// Why bytes are no event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The log ends inside an event.
    #[error("the log ends inside event {event} (offset {at})")]
    Truncated {
        /// Its number, from 0.
        event: usize,
        /// Where it begins.
        at: usize,
    },
    /// The header of a crypto-agile log is malformed.
    #[error("the log's header (Spec ID Event03) is malformed")]
    Header,
    /// An event has a digest of a bank that the header doesn't name.
    #[error("event {event} has a digest of the unknown algorithm {algorithm:#06x}")]
    UnknownAlgorithm {
        /// The event's number.
        event: usize,
        /// `TPM_ALG_ID`.
        algorithm: u16,
    },
    /// An event for a register that no TPM has.
    #[error("event {event} is for PCR {pcr}")]
    NoSuchPcr {
        /// The event's number.
        event: usize,
        /// The register.
        pcr: u32,
    },
    /// More events than any boot makes.
    #[error("more than 65536 events")]
    TooMany,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The register.
    pub pcr: u32,
    /// What kind.
    pub kind: EventType,
    /// One digest per bank that is known here.
    pub digests: Vec<Digest>,
    /// What was measured, or what describes it.
    pub data: Vec<u8>,
}

/// A whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    /// Without the header of a crypto-agile log.
    pub events: Vec<Event>,
    /// The banks that events have digests of.
    pub banks: Vec<DigestAlgorithm>,
}

/// Goes through bytes.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = slice(self.bytes, self.at, length)?;
        self.at = self.at.checked_add(length)?;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        u16_at(self.take(2)?, 0)
    }

    fn u32(&mut self) -> Option<u32> {
        u32_at(self.take(4)?, 0)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.take(length)
    }
}

impl EventLog {
    /// Reads a log of either form, to its last byte. Linux fills nothing up; a log read from
    /// memory may end in 0xff or zero bytes, which are passed over.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LogError> {
        let mut cursor = Cursor { bytes, at: 0 };
        let mut events = Vec::new();
        let mut sizes: Option<Vec<(u16, usize)>> = None;
        while !is_filling(bytes, cursor.at) {
            let event = events.len();
            if event == MAX_EVENTS {
                return Err(LogError::TooMany);
            }
            let at = cursor.at;
            let read = match &sizes {
                None => legacy(&mut cursor).map(Ok),
                Some(sizes) => agile(&mut cursor, sizes, event),
            };
            let read = read.ok_or(LogError::Truncated { event, at })??;
            if at == 0 && read.kind == EventType::NO_ACTION && read.data.starts_with(SPEC_ID) {
                sizes = Some(spec_id(&read.data).ok_or(LogError::Header)?);
                continue;
            }
            // 0xffffffff is used by NO_ACTION events that belong to no register.
            if read.pcr >= MAX_PCR && read.kind != EventType::NO_ACTION {
                return Err(LogError::NoSuchPcr {
                    event,
                    pcr: read.pcr,
                });
            }
            events.push(read);
        }
        let banks = match sizes {
            None => alloc::vec![DigestAlgorithm::Sha1],
            Some(sizes) => sizes
                .iter()
                .filter_map(|(id, _)| DigestAlgorithm::from_tpm_id(*id))
                .collect(),
        };
        Ok(Self { events, banks })
    }

    /// What each register holds that an event was for, in one bank.
    pub fn replay(&self, bank: DigestAlgorithm) -> BTreeMap<u32, Pcr> {
        let mut registers: BTreeMap<u32, Pcr> = BTreeMap::new();
        for event in &self.events {
            if event.kind == EventType::NO_ACTION {
                if let Some([locality]) = event.data.strip_prefix(LOCALITY) {
                    registers.insert(0, Pcr::with_locality(bank, *locality));
                }
                continue;
            }
            if let Some(digest) = event.digest(bank) {
                registers
                    .entry(event.pcr)
                    .or_insert_with(|| Pcr::new(bank))
                    .extend(digest.as_bytes());
            }
        }
        registers
    }
}

impl Event {
    /// Its digest in a bank.
    pub fn digest(&self, bank: DigestAlgorithm) -> Option<&Digest> {
        self.digests
            .iter()
            .find(|digest| digest.algorithm() == bank)
    }
}

/// Whether only bytes that fill up follow.
fn is_filling(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    // An event is at least 16 bytes; all of one value would be PCR 0 of kind 0 without digest.
    rest.iter().all(|byte| *byte == 0) || rest.iter().all(|byte| *byte == 0xff)
}

fn legacy(cursor: &mut Cursor<'_>) -> Option<Event> {
    let (pcr, kind) = (cursor.u32()?, EventType(cursor.u32()?));
    let digest = Digest::new(DigestAlgorithm::Sha1, cursor.take(20)?)?;
    Some(Event {
        pcr,
        kind,
        digests: alloc::vec![digest],
        data: cursor.sized()?.to_vec(),
    })
}

fn agile(
    cursor: &mut Cursor<'_>,
    sizes: &[(u16, usize)],
    event: usize,
) -> Option<Result<Event, LogError>> {
    let (pcr, kind, count) = (cursor.u32()?, EventType(cursor.u32()?), cursor.u32()?);
    if count > MAX_BANKS {
        return None;
    }
    let mut digests = Vec::new();
    for _ in 0..count {
        let algorithm = cursor.u16()?;
        let Some((_, size)) = sizes.iter().find(|(known, _)| *known == algorithm) else {
            return Some(Err(LogError::UnknownAlgorithm { event, algorithm }));
        };
        let bytes = cursor.take(*size)?;
        if let Some(known) = DigestAlgorithm::from_tpm_id(algorithm) {
            digests.push(Digest::new(known, bytes)?);
        }
    }
    let data = cursor.sized()?.to_vec();
    Some(Ok(Event {
        pcr,
        kind,
        digests,
        data,
    }))
}

/// The banks and sizes of their digests.
fn spec_id(data: &[u8]) -> Option<Vec<(u16, usize)>> {
    let mut cursor = Cursor { bytes: data, at: 0 };
    // Signature, platform class, versions, errata, size of UINTN.
    cursor.take(SPEC_ID.len().checked_add(8)?)?;
    let count = cursor.u32()?;
    if count == 0 || count > MAX_BANKS {
        return None;
    }
    let mut sizes = Vec::new();
    for _ in 0..count {
        let (id, size) = (cursor.u16()?, usize::from(cursor.u16()?));
        if DigestAlgorithm::from_tpm_id(id).is_some_and(|known| known.size() != size) {
            return None;
        }
        sizes.push((id, size));
    }
    Some(sizes)
}
