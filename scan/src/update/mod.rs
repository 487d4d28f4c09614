//! Fetching the advisory file: only what changed, never an older one, never one that is not signed.
//!
//! 1. The start of the file is asked for, unless it is the version that is here (ETag).
//! 2. Its signed header names the digest of every chunk. An older serial than any seen is refused.
//! 3. Chunks that the file here has, or that an update which was cut off has fetched, are taken from
//!    there; the others are fetched by ranges, and each is checked against its digest.
//! 4. When all are there, the new file takes the old one's place at once.

mod assemble;
mod error;
mod http;
mod origin;
mod state;

use std::fs;
use std::path::Path;

use snowguard_advisory_file::{Preamble, PublicKey};

use assemble::Part;
use origin::{Origin, Start};
use state::State;

pub use error::UpdateError;
pub use origin::Address;

/// How many bytes of the file's start are asked for first; they say how long the header is.
const FIRST: u64 = 64 << 10;
/// No file is larger.
const LARGEST: u64 = 4 << 30;
/// How often an update begins anew because the file changed under it.
const ATTEMPTS: usize = 3;

/// What came of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The file here is the newest.
    Current {
        /// Its serial.
        serial: u64,
    },
    /// There is a new file.
    New {
        /// Its serial.
        serial: u64,
        /// Its bytes.
        length: u64,
        /// How many of them were fetched.
        fetched: u64,
    },
}

/// Brings a file up to date.
///
/// # Errors
/// Each of [`UpdateError`]; the file here stays as it was.
pub fn update(
    address: &Address,
    to: &Path,
    trusted: &[PublicKey],
    mode: u32,
) -> Result<Updated, UpdateError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        state::private_folder(folder)?;
    }
    let _lock = state::lock(to)?;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match attempt(address, to, trusted, mode) {
            Err(UpdateError::Changed) => last = Some(UpdateError::Changed),
            other => return other,
        }
    }
    Err(last.unwrap_or(UpdateError::Changed))
}

fn attempt(
    address: &Address,
    to: &Path,
    trusted: &[PublicKey],
    mode: u32,
) -> Result<Updated, UpdateError> {
    let mut state = State::read(to);
    let here = Here::open(to, trusted);
    let etag = match &here {
        Some(_) if state.url == address.as_str() => state.etag.clone(),
        _ => None,
    };
    let mut origin = Origin::open(address)?;
    let start = origin.start(FIRST, etag.as_deref())?;
    let (first, length) = match start {
        Start::NotModified => {
            let serial = here.map_or(state.serial, |here| here.preamble.header.serial);
            return Ok(Updated::Current { serial });
        }
        Start::Here { first, length } => (first, length),
    };
    let (start, preamble) = preamble(&mut origin, first, trusted)?;
    if preamble.end > LARGEST || length.is_some_and(|length| length != preamble.end) {
        return Err(UpdateError::Length {
            announced: length.unwrap_or_default(),
            signed: preamble.end,
        });
    }
    let header = &preamble.header;
    let newest = here.as_ref().map_or(0, |here| here.preamble.header.serial);
    let newest = newest.max(state.serial_of(&preamble.signed_by));
    if header.serial < newest {
        return Err(UpdateError::Rollback {
            offered: header.serial,
            seen: newest,
        });
    }
    let is_same = |here: &Here| here.preamble.identity == preamble.identity && here.is_whole();
    let remember = |state: &mut State, origin: &Origin| {
        state.url = address.as_str().to_owned();
        state.etag = origin.etag().map(str::to_owned);
        state.seen(&preamble.signed_by, header.serial);
        state.write(to)
    };
    if here.as_ref().is_some_and(is_same) {
        remember(&mut state, &origin)?;
        return Ok(Updated::Current {
            serial: header.serial,
        });
    }
    let mut part = Part::open(to, &preamble)?;
    let old = here
        .as_ref()
        .map(|here| (here.bytes.as_slice(), &here.preamble));
    let fetched = start.len() as u64 + part.fill(&start, old, &mut origin)?;
    part.finish(to, trusted, mode)?;
    remember(&mut state, &origin)?;
    Ok(Updated::New {
        serial: header.serial,
        length: preamble.end,
        fetched,
    })
}

/// The start of the file, as far as it was fetched, and what is signed in it.
fn preamble(
    origin: &mut Origin,
    mut first: Vec<u8>,
    trusted: &[PublicKey],
) -> Result<(Vec<u8>, Preamble), UpdateError> {
    let needed = Preamble::length(&first)?;
    let got = first.len() as u64;
    if needed > got {
        first.extend(origin.range(got, needed - got)?);
    }
    let preamble = Preamble::read(&first, trusted)?;
    Ok((first, preamble))
}

/// The file that is here, where it is one.
struct Here {
    bytes: Vec<u8>,
    preamble: Preamble,
}

impl Here {
    fn open(path: &Path, trusted: &[PublicKey]) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let preamble = Preamble::read(&bytes, trusted).ok()?;
        Some(Self { bytes, preamble })
    }

    /// Whether every chunk is what was signed.
    fn is_whole(&self) -> bool {
        let Ok(mut at) = usize::try_from(self.preamble.body) else {
            return false;
        };
        self.bytes.len() as u64 == self.preamble.end
            && self.preamble.header.chunks.iter().all(|chunk| {
                let start = at;
                at += chunk.length as usize;
                self.bytes
                    .get(start..at)
                    .is_some_and(|bytes| chunk.is(bytes))
            })
    }
}
