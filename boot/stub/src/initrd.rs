//! The initial ramdisk as the kernel gets it: several archives, one after the other.

use alloc::vec::Vec;

use crate::bulk;

/// Archives in the order in which the kernel unpacks them. Nothing is copied until the kernel asks: what
/// it gets comes from the very buffers that were checked and measured.
#[derive(Debug, Default)]
pub struct Initrd<'a> {
    parts: Vec<&'a [u8]>,
}

impl<'a> Initrd<'a> {
    /// Adds an archive; an empty one is nothing. Microcode has to come first, uncompressed.
    pub fn push(&mut self, part: &'a [u8]) {
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    /// Bytes altogether; each archive begins at a multiple of 4, as the kernel's reader expects.
    pub fn size(&self) -> usize {
        self.parts
            .iter()
            .fold(0, |size, part| padded(size).saturating_add(part.len()))
    }

    /// Whether there is nothing to hand over.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes everything to `out`; `None` when it has not exactly [`Initrd::size`] bytes.
    pub fn write_to(&self, out: &mut [u8]) -> Option<()> {
        if out.len() != self.size() {
            return None;
        }
        let mut at = 0usize;
        for part in &self.parts {
            let start = padded(at);
            out.get_mut(at..start)?.fill(0);
            let end = start.checked_add(part.len())?;
            bulk::copy(out.get_mut(start..end)?, part)?;
            at = end;
        }
        Some(())
    }
}

fn padded(size: usize) -> usize {
    size.checked_next_multiple_of(4).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_aligned() {
        let mut initrd = Initrd::default();
        assert!(initrd.is_empty());
        initrd.push(b"");
        initrd.push(b"12345");
        initrd.push(b"ab");
        assert_eq!(initrd.size(), 10);
        let mut out = [0xff; 10];
        initrd.write_to(&mut out).unwrap();
        assert_eq!(&out, b"12345\0\0\0ab");
        assert_eq!(initrd.write_to(&mut [0; 9]), None);
    }
}
