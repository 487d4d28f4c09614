//! Documents in compressed blocks: neighbours are read together, strangers are left alone.

use crate::error::AdvisoryFileError;
use crate::flat::{Body, Flat};

/// A block is closed when it holds this many bytes.
pub(crate) const BLOCK: usize = 64 << 10;
/// No block is unpacked beyond this, whatever it says.
const MAX_BLOCK: usize = 64 << 20;
/// Strong enough to matter, and still as quick to unpack.
const LEVEL: i32 = 19;
/// Bytes of a dictionary.
const DICTIONARY: usize = 64 << 10;

/// Documents numbered from zero, in blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    /// The chunk of the first block.
    pub(crate) first_chunk: usize,
    /// Number of blocks.
    pub(crate) count: usize,
    /// The number of the first document of each block.
    pub(crate) firsts: Flat,
}

impl Blocks {
    /// The block of a document, and the document's place in it.
    pub(crate) fn place(
        &self,
        body: &Body<'_>,
        document: u32,
    ) -> Result<(usize, usize), AdvisoryFileError> {
        let (mut low, mut high) = (0, self.count as u64);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if body.u32_at(&self.firsts, middle)? <= document {
                low = middle;
            } else {
                high = middle;
            }
        }
        let first = body.u32_at(&self.firsts, low)?;
        let block = usize::try_from(low)
            .map_err(|failed| AdvisoryFileError::malformed("a block", failed))?;
        let place = document
            .checked_sub(first)
            .ok_or_else(|| AdvisoryFileError::malformed("a block", "numbers are not in order"))?;
        Ok((block, place as usize))
    }

    /// A block, unpacked.
    pub(crate) fn unpack(
        &self,
        body: &Body<'_>,
        block: usize,
        unpacker: &mut zstd::bulk::Decompressor<'_>,
        old: Block,
    ) -> Result<Block, AdvisoryFileError> {
        if block >= self.count {
            return Err(AdvisoryFileError::malformed("a block", "past the last"));
        }
        let packed = body.chunk(self.first_chunk + block)?;
        let (length, packed) = packed
            .split_at_checked(4)
            .ok_or_else(|| AdvisoryFileError::malformed("a block", "no length"))?;
        let length = number(length).unwrap_or_default() as usize;
        if length > MAX_BLOCK {
            return Err(AdvisoryFileError::malformed("a block", "too large"));
        }
        let Block {
            mut bytes,
            mut ends,
        } = old;
        bytes.clear();
        ends.clear();
        // A damaged block says a length that its bytes never reach: memory is given as they come.
        bytes.reserve(length);
        unpacker
            .decompress_to_buffer(packed, &mut bytes)
            .map_err(|failed| AdvisoryFileError::malformed("a block", failed))?;
        Block::new(bytes, ends)
    }
}

/// An unpacked block: the number of documents, their lengths, the documents.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Block {
    fn new(bytes: Vec<u8>, mut ends: Vec<usize>) -> Result<Self, AdvisoryFileError> {
        let bad = || AdvisoryFileError::malformed("a block", "its lengths don't fit");
        let count = number(bytes.get(..4).ok_or_else(bad)?).ok_or_else(bad)? as usize;
        let start = count
            .checked_mul(4)
            .and_then(|lengths| lengths.checked_add(4))
            .filter(|start| *start <= bytes.len())
            .ok_or_else(bad)?;
        ends.reserve(count + 1);
        let mut at = start;
        ends.push(at);
        for length in bytes[4..start].chunks_exact(4) {
            at = at
                .checked_add(number(length).ok_or_else(bad)? as usize)
                .filter(|end| *end <= bytes.len())
                .ok_or_else(bad)?;
            ends.push(at);
        }
        Ok(Self { bytes, ends })
    }

    /// The document at a place.
    pub(crate) fn get(&self, place: usize) -> Result<&[u8], AdvisoryFileError> {
        let missing = || AdvisoryFileError::malformed("a block", format!("no document {place}"));
        let start = *self.ends.get(place).ok_or_else(missing)?;
        let end = *self.ends.get(place + 1).ok_or_else(missing)?;
        Ok(&self.bytes[start..end])
    }
}

fn number(four: &[u8]) -> Option<u32> {
    four.try_into().map(u32::from_le_bytes).ok()
}

/// Packed blocks, the number of the first document of each, and the dictionary.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) firsts: Vec<u8>,
    pub(crate) dictionary: Vec<u8>,
}

/// Packs documents in their order. `ends_block` says after which of them a block ends before it
/// is full: an answer that depends on the document alone keeps the cuts, and with them most
/// blocks, where they were when documents come or go. Without a dictionary one is trained; only
/// with the same dictionary does the same block get the same bytes.
pub(crate) fn pack(
    documents: &[Vec<u8>],
    dictionary: Option<&[u8]>,
    ends_block: impl Fn(usize) -> bool,
) -> std::io::Result<Packed> {
    let dictionary = dictionary.map_or_else(|| train(documents), <[u8]>::to_vec);
    let mut packer = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?;
    let mut packed = Packed {
        dictionary,
        ..Packed::default()
    };
    let mut open: Vec<&[u8]> = Vec::new();
    let mut size = 0;
    for (number, document) in documents.iter().enumerate() {
        if open.is_empty() {
            let first = u32::try_from(number).map_err(std::io::Error::other)?;
            packed.firsts.extend(first.to_le_bytes());
        }
        open.push(document);
        size += document.len();
        let is_last = number + 1 == documents.len();
        if is_last || size >= BLOCK || (size >= BLOCK / 4 && ends_block(number)) {
            packed.blocks.push(close(&open, &mut packer)?);
            open.clear();
            size = 0;
        }
    }
    Ok(packed)
}

fn close(documents: &[&[u8]], packer: &mut zstd::bulk::Compressor<'_>) -> std::io::Result<Vec<u8>> {
    let count = u32::try_from(documents.len()).map_err(std::io::Error::other)?;
    let mut bytes = count.to_le_bytes().to_vec();
    for document in documents {
        let length = u32::try_from(document.len()).map_err(std::io::Error::other)?;
        bytes.extend(length.to_le_bytes());
    }
    for document in documents {
        bytes.extend_from_slice(document);
    }
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    let mut block = length.to_le_bytes().to_vec();
    block.extend(packer.compress(&bytes)?);
    Ok(block)
}

/// A dictionary from a sample of the documents; empty where there are too few to learn from.
fn train(documents: &[Vec<u8>]) -> Vec<u8> {
    const SAMPLES: usize = 4_000;
    let step = (documents.len() / SAMPLES).max(1);
    let samples: Vec<&[u8]> = documents
        .iter()
        .step_by(step)
        .map(Vec::as_slice)
        .filter(|document| document.len() >= 8)
        .collect();
    if samples.len() < 200 {
        return Vec::new();
    }
    zstd::dict::from_samples(&samples, DICTIONARY).unwrap_or_default()
}
