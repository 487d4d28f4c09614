//! The variable store of EDK II firmware, as the file that a virtual machine keeps.
//!
//! A firmware volume whose content is a variable store: a header, then variables one after another,
//! each with its state. Changing one in firmware marks it deleted and appends another; here the
//! store is written anew with the live ones only.
//!
//! Source: EDK II, `MdeModulePkg/Include/Guid/VariableFormat.h` and the firmware volume header of
//! the PI specification, volume 3.

use alloc::string::String;
use alloc::vec::Vec;

use super::Attributes;
use crate::bytes::{array, slice, u16_at, u32_at, u64_at};
use crate::guid::Guid;

/// `gEfiSystemNvDataFvGuid`.
const VOLUME: Guid = Guid::from_bytes([
    0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c, 0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50,
]);
/// `gEfiAuthenticatedVariableGuid`.
const STORE: Guid = Guid::from_bytes([
    0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43, 0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92,
]);
const STORE_HEADER: usize = 28;
const VARIABLE_HEADER: usize = 60;
const START: u16 = 0x55aa;
const ADDED: u8 = 0x3f;
/// Written, and being replaced by a later one that may not be complete.
const IN_TRANSITION: u8 = 0x3e;
const MAX_VARIABLES: usize = 4096;

/// Why bytes are no variable store, or cannot hold what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Not a firmware volume with authenticated variables.
    #[error("not a store of EFI variables: the {what} is not as expected")]
    Header {
        /// The part.
        what: &'static str,
    },
    /// A variable leaves the store.
    #[error("the variable at offset {at} is malformed")]
    Variable {
        /// Its offset.
        at: usize,
    },
    /// The live variables do not fit.
    #[error("the store has room for {room} bytes of variables, and {needed} are needed")]
    Full {
        /// Bytes there are.
        room: usize,
        /// Bytes needed.
        needed: usize,
    },
}

/// A live variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVariable {
    /// Its name.
    pub name: String,
    /// Its vendor.
    pub vendor: Guid,
    /// Its attributes.
    pub attributes: Attributes,
    /// Time of the last authenticated write, an EFI_TIME.
    pub time: [u8; 16],
    /// Its content.
    pub content: Vec<u8>,
    /// Monotonic count and public key index, kept as they are.
    others: (u64, u32),
}

/// A store in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableStore {
    image: Vec<u8>,
    /// Offset of the first variable, and of the store's end.
    room: (usize, usize),
    variables: Vec<StoredVariable>,
}

impl VariableStore {
    /// Reads a store from the whole file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parse(image: Vec<u8>) -> Result<Self, StoreError> {
        let header = |what| StoreError::Header { what };
        if Guid::read(&image, 16) != Some(VOLUME) {
            return Err(header("volume's kind"));
        }
        if array(&image, 40) != Some(*b"_FVH") {
            return Err(header("volume's signature"));
        }
        let start = u16_at(&image, 48)
            .map(usize::from)
            .ok_or(header("volume's header"))?;
        if Guid::read(&image, start) != Some(STORE) {
            return Err(header("store's kind"));
        }
        let size = start
            .checked_add(16)
            .and_then(|at| u32_at(&image, at))
            .and_then(|size| usize::try_from(size).ok())
            .ok_or(header("store's size"))?;
        let first = start.saturating_add(STORE_HEADER);
        let end = start.saturating_add(size);
        if first > end || end > image.len() {
            return Err(header("store's size"));
        }
        let mut variables = Vec::new();
        let mut at = first;
        while u16_at(&image, at) == Some(START) && at.saturating_add(VARIABLE_HEADER) <= end {
            let (live, variable, next) =
                read(&image, at, end).ok_or(StoreError::Variable { at })?;
            if live {
                variables.push(variable);
            }
            if variables.len() > MAX_VARIABLES {
                return Err(StoreError::Variable { at });
            }
            at = next;
        }
        Ok(Self {
            image,
            room: (first, end),
            variables,
        })
    }

    /// All live variables, in order.
    pub fn variables(&self) -> &[StoredVariable] {
        &self.variables
    }

    /// One of them.
    pub fn get(&self, name: &str, vendor: Guid) -> Option<&StoredVariable> {
        self.variables
            .iter()
            .find(|variable| variable.name == name && variable.vendor == vendor)
    }

    /// Sets a variable; empty content deletes it. No signature is asked for: who holds the file
    /// holds the machine.
    pub fn set(
        &mut self,
        name: &str,
        vendor: Guid,
        attributes: Attributes,
        content: &[u8],
        time: [u8; 16],
    ) {
        self.variables
            .retain(|variable| variable.name != name || variable.vendor != vendor);
        if !content.is_empty() {
            self.variables.push(StoredVariable {
                name: name.into(),
                vendor,
                attributes,
                time,
                content: content.to_vec(),
                others: (0, 0),
            });
        }
    }

    /// The whole file, with the live variables only.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let mut out = Vec::new();
        for variable in &self.variables {
            let name: Vec<u8> = variable
                .name
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .collect();
            let word = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
            out.extend(START.to_le_bytes());
            out.extend([ADDED, 0]);
            out.extend(variable.attributes.0.to_le_bytes());
            out.extend(variable.others.0.to_le_bytes());
            out.extend(variable.time);
            out.extend(variable.others.1.to_le_bytes());
            out.extend(word(name.len()));
            out.extend(word(variable.content.len()));
            out.extend_from_slice(variable.vendor.as_bytes());
            out.extend_from_slice(&name);
            out.extend_from_slice(&variable.content);
            while !out.len().is_multiple_of(4) {
                out.push(0xff);
            }
        }
        let (first, end) = self.room;
        let room = end.saturating_sub(first);
        if out.len() > room {
            return Err(StoreError::Full {
                room,
                needed: out.len(),
            });
        }
        out.resize(room, 0xff);
        let mut image = self.image.clone();
        if let Some(place) = image.get_mut(first..end) {
            place.copy_from_slice(&out);
        }
        Ok(image)
    }
}

/// Whether the variable at `at` is live, itself, and where the next begins.
fn read(image: &[u8], at: usize, end: usize) -> Option<(bool, StoredVariable, usize)> {
    let header = slice(image, at, VARIABLE_HEADER)?;
    let size = |place| u32_at(header, place).and_then(|size| usize::try_from(size).ok());
    let (name_size, content_size) = (size(36)?, size(40)?);
    let name_at = at.checked_add(VARIABLE_HEADER)?;
    let content_at = name_at.checked_add(name_size)?;
    let after = content_at.checked_add(content_size)?;
    if after > end {
        return None;
    }
    let units = slice(image, name_at, name_size)?
        .chunks_exact(2)
        .map(|pair| u16_at(pair, 0).unwrap_or(0));
    let name: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    let state = *header.get(2)?;
    let variable = StoredVariable {
        name: name.trim_end_matches('\0').into(),
        vendor: Guid::read(header, 44)?,
        attributes: Attributes(u32_at(header, 4)?),
        time: array(header, 16)?,
        content: slice(image, content_at, content_size)?.to_vec(),
        others: (u64_at(header, 8)?, u32_at(header, 32)?),
    };
    let next = after.checked_next_multiple_of(4)?;
    Some((matches!(state, ADDED | IN_TRANSITION), variable, next))
}
