//! The kernel's calls that the ladder's programs make, on files in memory.
//!
//! Source: syscalls(2), open(2), lseek(2), brk(2); the numbers are those of amd64.

use std::collections::BTreeMap;

use super::memory::{Memory, Nowhere};
use crate::notation::{Image, Place};

const READ: i64 = 0;
const WRITE: i64 = 1;
const OPEN: i64 = 2;
const CLOSE: i64 = 3;
const SEEK: i64 = 8;
const BREAK: i64 = 12;
const EXIT: i64 = 60;

/// `ENOENT` and `EBADF` of errno(3).
const NO_FILE: i64 = -2;
const NO_DESCRIPTOR: i64 = -9;
/// `O_WRONLY | O_CREAT | O_TRUNC` of open(2): the only way in which the programs write.
const TO_WRITE: i64 = 577;

/// Why a call has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The program ends with this status.
    Exit(i64),
    /// An address that is no object's.
    Nowhere(i64),
    /// The programs of the ladder don't make this call.
    Unknown(i64),
}

impl From<Nowhere> for Stop {
    fn from(nowhere: Nowhere) -> Self {
        Self::Nowhere(nowhere.0)
    }
}

enum Open<'a> {
    Reading(&'a [u8], usize),
    Writing(String),
}

/// Files, and what the program has open.
pub(super) struct Kernel<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
    open: Vec<Option<Open<'a>>>,
    pub(super) written: BTreeMap<String, Image>,
    /// What went to standard error, for a message.
    pub(super) said: Vec<u8>,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(files: &'a BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            files,
            open: Vec::new(),
            written: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    /// Answers a call; `places` tells what the bytes of a range came from.
    pub(super) fn call(
        &mut self,
        memory: &mut Memory,
        [number, a, b, c]: [i64; 4],
        place: &dyn Fn(i64) -> Option<Place>,
    ) -> Result<i64, Stop> {
        match number {
            READ => self.read(memory, a, b, c),
            WRITE => self.write(memory, a, b, c, place),
            OPEN => {
                let path = String::from_utf8_lossy(&memory.text(a)?).into_owned();
                Ok(self.open(path, b))
            }
            CLOSE => match self.slot(a) {
                Some(slot) => {
                    *slot = None;
                    Ok(0)
                }
                None => Ok(NO_DESCRIPTOR),
            },
            SEEK => Ok(self.seek(a, b, c)),
            BREAK => Ok(memory.set_end(a)),
            EXIT => Err(Stop::Exit(a)),
            other => Err(Stop::Unknown(other)),
        }
    }

    fn slot(&mut self, descriptor: i64) -> Option<&mut Option<Open<'a>>> {
        let index = usize::try_from(descriptor.checked_sub(3)?).ok()?;
        self.open.get_mut(index)
    }

    fn open(&mut self, path: String, flags: i64) -> i64 {
        let opened = if flags == TO_WRITE {
            self.written.insert(path.clone(), Image::default());
            Open::Writing(path)
        } else {
            match self.files.get(&path) {
                Some(content) if flags == 0 => Open::Reading(content, 0),
                _ => return NO_FILE,
            }
        };
        self.open.push(Some(opened));
        2 + i64::try_from(self.open.len()).unwrap_or(i64::MAX / 2)
    }

    fn read(&mut self, memory: &mut Memory, from: i64, to: i64, room: i64) -> Result<i64, Stop> {
        let Some(Some(Open::Reading(content, at))) = self.slot(from) else {
            return Ok(NO_DESCRIPTOR);
        };
        let room = usize::try_from(room).unwrap_or(0);
        let rest = content.get(*at..).unwrap_or_default();
        let part = &rest[..rest.len().min(room)];
        memory.bytes_mut(to, part.len())?.copy_from_slice(part);
        *at += part.len();
        Ok(i64::try_from(part.len()).unwrap_or(i64::MAX))
    }

    fn write(
        &mut self,
        memory: &Memory,
        to: i64,
        from: i64,
        count: i64,
        place: &dyn Fn(i64) -> Option<Place>,
    ) -> Result<i64, Stop> {
        let bytes = memory.bytes(from, usize::try_from(count).unwrap_or(0))?;
        if to == 2 {
            self.said.extend_from_slice(bytes);
            return Ok(count);
        }
        let path = match self.slot(to) {
            Some(Some(Open::Writing(path))) => path.clone(),
            _ => return Ok(NO_DESCRIPTOR),
        };
        let image = self.written.entry(path).or_default();
        for (address, byte) in (from..).zip(bytes) {
            match place(address) {
                Some(place) => image.push(&[*byte], &place),
                None => image.bytes.push(*byte),
            }
        }
        Ok(count)
    }

    fn seek(&mut self, descriptor: i64, offset: i64, whence: i64) -> i64 {
        let Some(Some(Open::Reading(content, at))) = self.slot(descriptor) else {
            return NO_DESCRIPTOR;
        };
        let end = i64::try_from(content.len()).unwrap_or(i64::MAX);
        let base = match whence {
            0 => 0,
            2 => end,
            _ => return -22,
        };
        let to = base + offset.clamp(-end, end);
        *at = usize::try_from(to).unwrap_or(0);
        to
    }
}
