//! The signed header.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::AdvisoryFileError;
use crate::key::PublicKey;

pub(crate) const MAGIC: &[u8; 8] = b"SNOWADV2";
/// A file of 2 GiB in chunks of 64 KiB has a header of about 1.2 MB.
const MAX_HEADER: usize = 16 << 20;
pub(crate) const SIGNATURE: usize = 64;

/// Flat sections are cut into chunks of this many bytes.
pub(crate) const FLAT_CHUNK: usize = 64 << 10;

/// What the file is and where its parts stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Grows with every file of the same origin: an older file in place of a newer is noticed.
    pub serial: u64,
    /// When it was written, milliseconds since the Unix epoch.
    pub created: i64,
    /// The matcher it is made for, [`snowguard_matching::keys::DERIVATION`].
    pub matcher: u32,
    /// Advisories in it.
    pub advisories: u32,
    /// Packages in it.
    pub packages: u32,
    /// The channels whose packages it holds.
    pub channels: Vec<ChannelInfo>,
    /// Where the advisories are from.
    pub sources: Vec<SourceInfo>,
    pub(crate) sections: Vec<Section>,
    /// All chunks, in the order of the body.
    pub chunks: Vec<Chunk>,
}

/// A channel in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelInfo {
    /// Its name.
    pub name: String,
    /// The revision, where it is known.
    pub revision: Option<String>,
    /// Packages of it.
    pub packages: u32,
}

/// A source of advisories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// When it was last read, milliseconds since the Unix epoch.
    pub read: i64,
}

/// A run of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Sorted keys of advisories.
    AdvisoryKeys,
    /// Where the postings of each key begin.
    AdvisoryOffsets,
    /// Numbers of advisories.
    AdvisoryPostings,
    /// The first advisory of each block of facts.
    AdvisoryFirst,
    /// The first advisory of each block of prose.
    ProseFirst,
    /// What verdicts are made of, in blocks.
    Facts,
    /// What people read, in blocks.
    Prose,
    /// Sorted keys of products that something is known of.
    HintKeys,
    /// Where the hint of each begins.
    HintOffsets,
    /// Hints.
    Hints,
    /// What people decided.
    Rulings,
    /// Sorted keys of packages.
    PackageKeys,
    /// Where the postings of each key begin.
    PackageOffsets,
    /// Numbers of packages.
    PackagePostings,
    /// The first package of each block.
    PackageFirst,
    /// Packages, in blocks.
    Packages,
    /// Dictionary of the facts' compression.
    FactsDictionary,
    /// Dictionary of the prose's compression.
    ProseDictionary,
    /// Dictionary of the packages' compression.
    PackagesDictionary,
}

/// A piece of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chunk {
    /// Bytes.
    pub length: u32,
    /// SHA-256.
    pub digest: [u8; 32],
}

impl Chunk {
    /// Of these bytes.
    ///
    /// # Panics
    /// When there are 4 GiB or more.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            length: u32::try_from(bytes.len()).expect("a chunk is far below 4 GiB"),
            digest: Sha256::digest(bytes).into(),
        }
    }

    /// Whether the bytes are this chunk's.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        bytes.len() == self.length as usize && Sha256::digest(bytes).as_slice() == self.digest
    }
}

/// The start of a file, checked: header and signature, without the body. What an update fetches
/// first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preamble {
    /// The header.
    pub header: Header,
    /// Name of the key that signed it.
    pub signed_by: String,
    /// SHA-256 of the signed header.
    pub identity: [u8; 32],
    /// Where the body begins.
    pub body: u64,
    /// Where the body ends: the length of the whole file.
    pub end: u64,
}

impl Preamble {
    /// How many bytes of the file's start hold the preamble.
    ///
    /// # Errors
    /// [`AdvisoryFileError::Magic`], [`AdvisoryFileError::Truncated`] below twelve bytes,
    /// [`AdvisoryFileError::HeaderTooLarge`].
    pub fn length(bytes: &[u8]) -> Result<u64, AdvisoryFileError> {
        let (magic, rest) = bytes
            .split_at_checked(MAGIC.len())
            .ok_or_else(|| short("its first bytes", 12, bytes))?;
        if magic != MAGIC {
            return Err(AdvisoryFileError::Magic {
                found: magic.to_vec(),
            });
        }
        let length: [u8; 4] = rest
            .get(..4)
            .and_then(|four| four.try_into().ok())
            .ok_or_else(|| short("its first bytes", 12, bytes))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_HEADER {
            return Err(AdvisoryFileError::HeaderTooLarge {
                length: length as u64,
                limit: MAX_HEADER as u64,
            });
        }
        Ok((12 + length + SIGNATURE) as u64)
    }

    /// Checks signature and header. `bytes` may go on behind the preamble.
    ///
    /// # Errors
    /// As [`Preamble::length`], and [`AdvisoryFileError::NoKeys`],
    /// [`AdvisoryFileError::Untrusted`], [`AdvisoryFileError::Header`],
    /// [`AdvisoryFileError::Matcher`]. Nothing of the header is looked at before its signature.
    pub fn read(bytes: &[u8], trusted: &[PublicKey]) -> Result<Self, AdvisoryFileError> {
        let body = Self::length(bytes)?;
        let end = usize::try_from(body).map_err(|_| short("the header", body, bytes))?;
        let preamble = bytes
            .get(..end)
            .ok_or_else(|| short("the header", body, bytes))?;
        let (signed, signature) = preamble.split_at(end - SIGNATURE);
        let signature: [u8; SIGNATURE] = signature
            .try_into()
            .map_err(|_| short("the signature", body, bytes))?;
        if trusted.is_empty() {
            return Err(AdvisoryFileError::NoKeys);
        }
        let key = trusted
            .iter()
            .find(|key| key.verifies(signed, &signature))
            .ok_or_else(|| AdvisoryFileError::Untrusted {
                trusted: trusted.iter().map(|key| key.name().to_owned()).collect(),
            })?;
        let header: Header =
            postcard::from_bytes(&signed[12..]).map_err(|failed| AdvisoryFileError::Header {
                reason: failed.to_string(),
            })?;
        let own = snowguard_matching::keys::DERIVATION;
        if header.matcher != own {
            return Err(AdvisoryFileError::Matcher {
                file: header.matcher,
                own,
            });
        }
        for section in &header.sections {
            let end = u64::from(section.first) + u64::from(section.count);
            if end > header.chunks.len() as u64 {
                return Err(AdvisoryFileError::Header {
                    reason: format!("{:?} goes past the last chunk", section.kind),
                });
            }
        }
        let length: u64 = header.chunks.iter().map(|c| u64::from(c.length)).sum();
        Ok(Self {
            signed_by: key.name().to_owned(),
            identity: Sha256::digest(signed).into(),
            body,
            end: body + length,
            header,
        })
    }
}

fn short(what: &'static str, needed: u64, bytes: &[u8]) -> AdvisoryFileError {
    AdvisoryFileError::Truncated {
        what,
        needed,
        length: bytes.len() as u64,
    }
}
