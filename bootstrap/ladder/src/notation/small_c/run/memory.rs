//! What has an address: strings, global variables, what the kernel gives, and the variables of functions.

use super::super::frame::DATA;

/// Where strings begin.
pub(super) const TEXTS: i64 = 0x60_0000;
/// Where the kernel's memory begins, and how much there is.
pub(super) const HEAP: i64 = 0x4000_0000;
const MOST_HEAP: i64 = 1 << 30;
/// Where the variables of functions begin, and how much there is.
pub(super) const FRAMES: i64 = 0x1_0000_0000;
const MOST_FRAMES: i64 = 1 << 26;

/// An address that is no object's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nowhere(pub(super) i64);

/// All of it, each part growing from its beginning.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) texts: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) heap: Vec<u8>,
    pub(super) frames: Vec<u8>,
}

impl Memory {
    fn part(&self, address: i64) -> (&[u8], i64) {
        match address {
            FRAMES.. => (&self.frames, FRAMES),
            HEAP.. => (&self.heap, HEAP),
            DATA.. => (&self.data, DATA),
            _ => (&self.texts, TEXTS),
        }
    }

    fn part_mut(&mut self, address: i64) -> (&mut [u8], i64) {
        match address {
            FRAMES.. => (&mut self.frames, FRAMES),
            HEAP.. => (&mut self.heap, HEAP),
            DATA.. => (&mut self.data, DATA),
            // Strings are in the code, which is not written to.
            _ => (&mut [], TEXTS),
        }
    }

    /// `length` bytes.
    pub(super) fn bytes(&self, address: i64, length: usize) -> Result<&[u8], Nowhere> {
        let (part, base) = self.part(address);
        let at = usize::try_from(address.wrapping_sub(base)).map_err(|_| Nowhere(address))?;
        at.checked_add(length)
            .and_then(|end| part.get(at..end))
            .ok_or(Nowhere(address))
    }

    /// `length` bytes to write.
    pub(super) fn bytes_mut(&mut self, address: i64, length: usize) -> Result<&mut [u8], Nowhere> {
        let (part, base) = self.part_mut(address);
        let at = usize::try_from(address.wrapping_sub(base)).map_err(|_| Nowhere(address))?;
        at.checked_add(length)
            .and_then(|end| part.get_mut(at..end))
            .ok_or(Nowhere(address))
    }

    pub(super) fn word(&self, address: i64) -> Result<i64, Nowhere> {
        let bytes = self.bytes(address, 8)?;
        let bytes = bytes.try_into().map_err(|_| Nowhere(address))?;
        Ok(i64::from_le_bytes(bytes))
    }

    pub(super) fn set_word(&mut self, address: i64, value: i64) -> Result<(), Nowhere> {
        self.bytes_mut(address, 8)?
            .copy_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// A text up to its zero.
    pub(super) fn text(&self, address: i64) -> Result<Vec<u8>, Nowhere> {
        let (part, base) = self.part(address);
        let at = usize::try_from(address.wrapping_sub(base)).map_err(|_| Nowhere(address))?;
        let rest = part.get(at..).ok_or(Nowhere(address))?;
        let end = rest.iter().position(|byte| *byte == 0);
        Ok(rest[..end.ok_or(Nowhere(address))?].to_vec())
    }

    /// brk(2): the end of the heap; a place that can't be one changes nothing.
    pub(super) fn set_end(&mut self, end: i64) -> i64 {
        let length = end.wrapping_sub(HEAP);
        if (0..=MOST_HEAP).contains(&length)
            && let Ok(length) = usize::try_from(length)
        {
            self.heap.resize(length, 0);
        }
        HEAP + i64::try_from(self.heap.len()).unwrap_or(MOST_HEAP)
    }

    /// A frame of `size` bytes from `start` on.
    pub(super) fn frame(&mut self, start: i64, size: i64) -> Result<(), Nowhere> {
        let end = start - FRAMES + size;
        if end > MOST_FRAMES {
            return Err(Nowhere(start));
        }
        let end = usize::try_from(end).map_err(|_| Nowhere(start))?;
        if end > self.frames.len() {
            self.frames.resize(end.next_power_of_two(), 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_not_reached() {
        let mut memory = Memory {
            texts: vec![b'a', 0],
            data: vec![0; 8],
            ..Memory::default()
        };
        assert_eq!(memory.text(TEXTS), Ok(vec![b'a']));
        assert_eq!(memory.set_word(DATA, -2), Ok(()));
        assert_eq!(memory.word(DATA), Ok(-2));
        assert_eq!(memory.word(DATA + 1), Err(Nowhere(DATA + 1)));
        assert_eq!(memory.set_word(TEXTS, 0), Err(Nowhere(TEXTS)));
        for bad in [0, -1, i64::MIN, i64::MAX, HEAP, FRAMES] {
            assert_eq!(memory.word(bad), Err(Nowhere(bad)));
        }
        assert_eq!(memory.set_end(HEAP + 16), HEAP + 16);
        assert_eq!(memory.set_end(-1), HEAP + 16);
        assert_eq!(memory.word(HEAP + 8), Ok(0));
        assert!(memory.frame(FRAMES, MOST_FRAMES + 8).is_err());
    }
}
