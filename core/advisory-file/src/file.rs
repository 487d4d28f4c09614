//! Reading.

use snowguard_matching::keys::Key;
use snowguard_matching::package_facts::VendorProduct;

use zstd::dict::DecoderDictionary;

use crate::blocks::Blocks;
use crate::error::AdvisoryFileError;
use crate::flat::{Body, Flat};
use crate::header::{Header, Kind, Preamble};
use crate::hint::{self, Hint};
use crate::key::PublicKey;
use crate::multimap::{self, MultiMap};
use crate::reader::Reader;
use crate::ruling::Ruling;
use crate::writer::Dictionaries;

/// The number of an advisory in a file; no meaning outside of it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
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
    pub(crate) body: Body<'a>,
    advisories: MultiMap,
    pub(crate) facts: Blocks,
    pub(crate) prose: Blocks,
    hint_keys: Flat,
    hint_offsets: Flat,
    hints: Flat,
    rulings: Flat,
    pub(crate) packages: MultiMap,
    pub(crate) package_blocks: Blocks,
    pub(crate) dictionaries: [Dictionary<'a>; 3],
}

/// A dictionary as it stands in the file, and made ready to unpack with.
pub(crate) struct Dictionary<'a> {
    bytes: &'a [u8],
    pub(crate) ready: DecoderDictionary<'static>,
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
            rulings: flat(Kind::Rulings)?,
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

    /// SHA-256 of the signed header, which covers every byte of the content.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        self.preamble.identity
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

    /// A reader of documents. Each thread needs one of its own; it keeps what it unpacked last.
    #[must_use]
    pub fn reader(&self) -> Reader<'_, 'a> {
        Reader::new(self)
    }

    /// What is known of a product beyond its advisories.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn hint(&self, product: &VendorProduct) -> Result<Option<Hint>, AdvisoryFileError> {
        self.hinted(hint::key(product))
    }

    /// Repology's projects of a joined package name.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn projects(&self, name: &str) -> Result<Vec<String>, AdvisoryFileError> {
        self.hinted(hint::projects_key(name))
            .map(Option::unwrap_or_default)
    }

    fn hinted<T: serde::de::DeserializeOwned>(
        &self,
        key: u64,
    ) -> Result<Option<T>, AdvisoryFileError> {
        let Some(index) = multimap::find(&self.body, &self.hint_keys, key)? else {
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

    /// What people decided about advisories, and the rules they set.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn rulings(&self) -> Result<Vec<Ruling>, AdvisoryFileError> {
        let bytes = self.body.slice(&self.rulings, 0..self.rulings.length)?;
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        postcard::from_bytes(bytes)
            .map_err(|failed| AdvisoryFileError::malformed("the rulings", failed))
    }
}
