//! Reading.

use snowguard_matching::keys::Key;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::VendorProduct;

use zstd::dict::DecoderDictionary;

use crate::blocks::{Block, Blocks};
use crate::error::AdvisoryFileError;
use crate::flat::{Body, Flat};
use crate::header::{Header, Kind, Preamble};
use crate::hint::{self, Hint};
use crate::key::PublicKey;
use crate::multimap::{self, MultiMap};
use crate::parts::{Facts, Prose};
use crate::writer::Dictionaries;

/// The number of an advisory in a file; no meaning outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Candidate(pub(crate) u32);

/// By what a package is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageKey<'a> {
    /// `pname`.
    Pname(&'a str),
    /// `name`: pname and version, as a store path names it.
    Name(&'a str),
    /// The 32 digits of an output's store path.
    Output(&'a str),
    /// The 32 digits of the derivation's store path.
    Derivation(&'a str),
    /// The attribute path.
    Attribute(&'a str),
}

impl PackageKey<'_> {
    pub(crate) fn hash(self) -> u64 {
        let key = match self {
            Self::Pname(text) => Key::new("pname", text),
            Self::Name(text) => Key::new("drvname", text),
            Self::Output(text) => Key::new("output", text),
            Self::Derivation(text) => Key::new("derivation", text),
            Self::Attribute(text) => Key::new("attribute", text),
        };
        key.to_i64().cast_unsigned()
    }
}

/// A file whose signature is good. Parts are checked as they are read; it may be shared by threads.
#[derive(Debug)]
pub struct AdvisoryFile<'a> {
    preamble: Preamble,
    body: Body<'a>,
    advisories: MultiMap,
    facts: Blocks,
    prose: Blocks,
    hint_keys: Flat,
    hint_offsets: Flat,
    hints: Flat,
    packages: MultiMap,
    package_blocks: Blocks,
    dictionaries: [Dictionary<'a>; 3],
}

/// A dictionary as it stands in the file, and made ready to unpack with.
struct Dictionary<'a> {
    bytes: &'a [u8],
    ready: DecoderDictionary<'static>,
}

impl std::fmt::Debug for Dictionary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dictionary of {} bytes", self.bytes.len())
    }
}

impl<'a> AdvisoryFile<'a> {
    /// Opens a file. Cost does not depend on the file's size beyond its header.
    ///
    /// # Errors
    /// As [`Preamble::read`]; [`AdvisoryFileError::Truncated`] where the body ends too early,
    /// [`AdvisoryFileError::Damaged`] where a dictionary is not what was signed.
    pub fn open(bytes: &'a [u8], trusted: &[PublicKey]) -> Result<Self, AdvisoryFileError> {
        let preamble = Preamble::read(bytes, trusted)?;
        let body = Body::new(bytes, &preamble)?;
        let section = |kind: Kind| {
            let sections = &preamble.header.sections;
            let found = sections.iter().find(|section| section.kind == kind)?;
            Some((found.first as usize, found.count as usize))
        };
        let flat = |kind: Kind| body.flat(section(kind), kind);
        let blocks = |kind: Kind, firsts: Kind| {
            let (first_chunk, count) = section(kind).unwrap_or((0, 0));
            Ok(Blocks {
                first_chunk,
                count,
                firsts: flat(firsts)?,
            })
        };
        let dictionary = |kind: Kind| {
            let whole = flat(kind)?;
            let bytes = body.slice(&whole, 0..whole.length)?;
            Ok(Dictionary {
                bytes,
                ready: DecoderDictionary::copy(bytes),
            })
        };
        Ok(Self {
            advisories: MultiMap {
                keys: flat(Kind::AdvisoryKeys)?,
                offsets: flat(Kind::AdvisoryOffsets)?,
                values: flat(Kind::AdvisoryPostings)?,
            },
            facts: blocks(Kind::Facts, Kind::AdvisoryFirst)?,
            prose: blocks(Kind::Prose, Kind::ProseFirst)?,
            hint_keys: flat(Kind::HintKeys)?,
            hint_offsets: flat(Kind::HintOffsets)?,
            hints: flat(Kind::Hints)?,
            packages: MultiMap {
                keys: flat(Kind::PackageKeys)?,
                offsets: flat(Kind::PackageOffsets)?,
                values: flat(Kind::PackagePostings)?,
            },
            package_blocks: blocks(Kind::Packages, Kind::PackageFirst)?,
            dictionaries: [
                dictionary(Kind::FactsDictionary)?,
                dictionary(Kind::ProseDictionary)?,
                dictionary(Kind::PackagesDictionary)?,
            ],
            preamble,
            body,
        })
    }

    /// What the file is.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.preamble.header
    }

    /// Name of the key that signed it.
    #[must_use]
    pub fn signed_by(&self) -> &str {
        &self.preamble.signed_by
    }

    /// What its blocks are compressed against, for the file that comes after it.
    #[must_use]
    pub fn dictionaries(&self) -> Dictionaries {
        let [facts, prose, packages] = &self.dictionaries;
        let [facts, prose, packages] =
            [facts, prose, packages].map(|dictionary| dictionary.bytes.to_vec());
        Dictionaries {
            facts,
            prose,
            packages,
        }
    }

    /// Checks every chunk; returns how many there are.
    ///
    /// # Errors
    /// [`AdvisoryFileError::Damaged`] with the first that is not what was signed.
    pub fn check_all(&self) -> Result<usize, AdvisoryFileError> {
        for chunk in 0..self.body.len() {
            self.body.chunk(chunk)?;
        }
        Ok(self.body.len())
    }

    /// The advisories that look for packages under a key.
    ///
    /// # Errors
    /// [`AdvisoryFileError::Damaged`] and [`AdvisoryFileError::Malformed`], as everything that
    /// reads.
    pub fn candidates(&self, key: Key) -> Result<Vec<Candidate>, AdvisoryFileError> {
        let numbers = self
            .advisories
            .get(&self.body, key.to_i64().cast_unsigned())?;
        Ok(numbers.into_iter().map(Candidate).collect())
    }

    /// The advisory that has this id, or that is an alias of it.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn find(&self, id: &str) -> Result<Option<Candidate>, AdvisoryFileError> {
        let found = self.candidates(Key::new("id", id))?;
        let mut others = None;
        for (candidate, facts) in self.facts(&found)? {
            if facts.0.id == id {
                return Ok(Some(candidate));
            }
            others.get_or_insert(candidate);
        }
        Ok(others)
    }

    /// What verdicts are made of, for several advisories. In ascending order each block is unpacked
    /// once.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn facts(
        &self,
        candidates: &[Candidate],
    ) -> Result<Vec<(Candidate, Facts)>, AdvisoryFileError> {
        self.documents(&self.facts, &self.dictionaries[0], candidates)
    }

    /// What people read, for several advisories.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn prose(
        &self,
        candidates: &[Candidate],
    ) -> Result<Vec<(Candidate, Prose)>, AdvisoryFileError> {
        self.documents(&self.prose, &self.dictionaries[1], candidates)
    }

    /// What is known of a product beyond its advisories.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn hint(&self, product: &VendorProduct) -> Result<Option<Hint>, AdvisoryFileError> {
        let Some(index) = multimap::find(&self.body, &self.hint_keys, hint::key(product))? else {
            return Ok(None);
        };
        let start = self.body.u32_at(&self.hint_offsets, index)?;
        let end = self.body.u32_at(&self.hint_offsets, index + 1)?;
        let bytes = self
            .body
            .slice(&self.hints, u64::from(start)..u64::from(end))?;
        postcard::from_bytes(bytes)
            .map(Some)
            .map_err(|failed| AdvisoryFileError::malformed("a hint", failed))
    }

    /// The packages under a key, in the order of the file, with the index of their channel.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn packages(
        &self,
        key: PackageKey<'_>,
    ) -> Result<Vec<(usize, Package)>, AdvisoryFileError> {
        let numbers = self.packages.get(&self.body, key.hash())?;
        let found: Vec<(Candidate, (usize, Package))> = self.documents(
            &self.package_blocks,
            &self.dictionaries[2],
            &numbers.into_iter().map(Candidate).collect::<Vec<_>>(),
        )?;
        Ok(found.into_iter().map(|(_, package)| package).collect())
    }

    fn documents<T: serde::de::DeserializeOwned>(
        &self,
        blocks: &Blocks,
        dictionary: &Dictionary<'_>,
        numbers: &[Candidate],
    ) -> Result<Vec<(Candidate, T)>, AdvisoryFileError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut unpacker = zstd::bulk::Decompressor::with_prepared_dictionary(&dictionary.ready)
            .map_err(|failed| AdvisoryFileError::malformed("a dictionary", failed))?;
        let mut open: Option<(usize, Block)> = None;
        let mut out = Vec::with_capacity(numbers.len());
        for number in numbers {
            let (block, place) = blocks.place(&self.body, number.0)?;
            let unpacked = match open.take() {
                Some((known, unpacked)) if known == block => unpacked,
                _ => blocks.unpack(&self.body, block, &mut unpacker)?,
            };
            let (_, unpacked) = open.insert((block, unpacked));
            let document = unpacked.get(place)?;
            let value = serde_json::from_slice(document)
                .map_err(|failed| AdvisoryFileError::malformed("a document", failed))?;
            out.push((*number, value));
        }
        Ok(out)
    }
}
