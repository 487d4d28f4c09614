//! Reading documents, block by block.

use std::rc::Rc;

use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::keys::Key;
use snowguard_matching::package::Package;
use zstd::bulk::Decompressor;

use crate::blocks::{Block, Blocks};
use crate::error::AdvisoryFileError;
use crate::file::{AdvisoryFile, Candidate, Dictionary, PackageKey};
use crate::parts::{Brief, Facts, Prose};
use crate::stored;

/// Blocks of packages that are kept unpacked: what is built from one thing stands together, and a
/// language's packages are asked for one after the other.
const KEPT: usize = 24;

/// Reads documents; keeps blocks that it unpacked.
pub struct Reader<'f, 'a> {
    file: &'f AdvisoryFile<'a>,
    facts: Shelf<'f>,
    prose: Shelf<'f>,
    packages: Shelf<'f>,
}

/// An advisory of which only what it concerns has been read.
pub struct Draft {
    /// What it says about software.
    pub facts: AdvisoryFacts,
    block: Rc<Block>,
    place: usize,
    /// Bytes of the document that the facts were read from.
    read: usize,
}

impl Draft {
    /// Reads the rest: its records, as far as verdicts need them, and what a line about it tells.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn rest(&self) -> Result<(Advisory, Brief), AdvisoryFileError> {
        let id = self.facts.ids.first().cloned().unwrap_or_default();
        let rest = self.block.get(self.place)?.get(self.read..);
        stored::rest_from_bytes(id, rest.unwrap_or_default())
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({:?})", self.facts.ids)
    }
}

impl std::fmt::Debug for Reader<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// The blocks of one kind.
struct Shelf<'f> {
    blocks: &'f Blocks,
    dictionary: &'f Dictionary<'f>,
    unpacker: Option<Decompressor<'f>>,
    /// Most recently used last.
    kept: Vec<(usize, Rc<Block>)>,
    most: usize,
}

impl<'f, 'a> Reader<'f, 'a> {
    pub(crate) fn new(file: &'f AdvisoryFile<'a>) -> Self {
        let shelf = |blocks: &'f Blocks, dictionary: &'f Dictionary<'a>, most| Shelf {
            blocks,
            dictionary,
            unpacker: None,
            kept: Vec::new(),
            most,
        };
        let [facts, prose, packages] = &file.dictionaries;
        Self {
            file,
            facts: shelf(&file.facts, facts, 1),
            prose: shelf(&file.prose, prose, 1),
            packages: shelf(&file.package_blocks, packages, KEPT),
        }
    }

    /// What verdicts about an advisory are made of. In ascending order each block is unpacked once.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn facts(&mut self, candidate: Candidate) -> Result<Facts, AdvisoryFileError> {
        let draft = self.draft(candidate)?;
        let (advisory, brief) = draft.rest()?;
        Ok(Facts {
            advisory,
            facts: draft.facts,
            brief,
        })
    }

    /// The same, with all but the first part left unread until it is asked for.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn draft(&mut self, candidate: Candidate) -> Result<Draft, AdvisoryFileError> {
        let (block, place) = self.facts.find(self.file, candidate.0)?;
        let bytes = block.get(place)?;
        let (facts, rest) = stored::facts_from_bytes(bytes)?;
        let read = bytes.len() - rest.len();
        Ok(Draft {
            facts,
            block,
            place,
            read,
        })
    }

    /// What people read of an advisory. In ascending order each block is unpacked once.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn prose(&mut self, candidate: Candidate) -> Result<Prose, AdvisoryFileError> {
        let (block, place) = self.prose.find(self.file, candidate.0)?;
        serde_json::from_slice(block.get(place)?)
            .map_err(|failed| AdvisoryFileError::malformed("an advisory's prose", failed))
    }

    /// The packages under a key, in the order of the file, with the index of their channel.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn packages(
        &mut self,
        key: PackageKey<'_>,
    ) -> Result<Vec<(usize, Package)>, AdvisoryFileError> {
        let numbers = self.file.packages.get(&self.file.body, key.hash())?;
        let mut out = Vec::with_capacity(numbers.len());
        for number in numbers {
            let (block, place) = self.packages.find(self.file, number)?;
            out.push(stored::package_from_bytes(block.get(place)?)?);
        }
        Ok(out)
    }

    /// The advisory that has this id, or that is an alias of it.
    ///
    /// # Errors
    /// As [`AdvisoryFile::candidates`].
    pub fn find(&mut self, id: &str) -> Result<Option<Candidate>, AdvisoryFileError> {
        let mut others = None;
        for candidate in self.file.candidates(Key::new("id", id))? {
            if self.facts(candidate)?.advisory.id == id {
                return Ok(Some(candidate));
            }
            others.get_or_insert(candidate);
        }
        Ok(others)
    }
}

impl<'f> Shelf<'f> {
    /// The block that holds a document, and the document's place in it.
    fn find(
        &mut self,
        file: &AdvisoryFile<'_>,
        document: u32,
    ) -> Result<(Rc<Block>, usize), AdvisoryFileError> {
        let (number, place) = self.blocks.place(&file.body, document)?;
        let found = self.kept.iter().position(|(known, _)| *known == number);
        if let Some(at) = found {
            let kept = self.kept.remove(at);
            self.kept.push(kept);
        } else {
            // The oldest block's memory is used again.
            let old = if self.kept.len() >= self.most {
                Rc::try_unwrap(self.kept.remove(0).1).unwrap_or_default()
            } else {
                Block::default()
            };
            let unpacker = match self.unpacker.take() {
                Some(ready) => ready,
                None => Decompressor::with_prepared_dictionary(&self.dictionary.ready)
                    .map_err(|failed| AdvisoryFileError::malformed("a dictionary", failed))?,
            };
            let unpacker = self.unpacker.insert(unpacker);
            let block = self.blocks.unpack(&file.body, number, unpacker, old)?;
            self.kept.push((number, Rc::new(block)));
        }
        let (_, block) = self
            .kept
            .last()
            .ok_or_else(|| AdvisoryFileError::malformed("a block", "it is not kept"))?;
        Ok((Rc::clone(block), place))
    }
}
