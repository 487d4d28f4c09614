//! Archives for the initrd: the "new ASCII" cpio format (`070701`).
//!
//! Source: Linux, `Documentation/driver-api/early-userspace/buffer-format.rst`.

use alloc::vec::Vec;

use crate::refusal::Refusal;

/// Largest file: sizes are eight hexadecimal digits.
const FILE_LIMIT: usize = 0xffff_ffff;
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// An archive being written. Owner root, time 0: the same files give the same bytes.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// Adds a directory; parents first.
    ///
    /// # Errors
    /// [`Refusal::Memory`].
    pub fn directory(&mut self, path: &str, permissions: u32) -> Result<(), Refusal> {
        self.entry(path, DIRECTORY | permissions, &[])
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`Refusal::Memory`], also for a file that is too large for the format.
    pub fn file(&mut self, path: &str, permissions: u32, data: &[u8]) -> Result<(), Refusal> {
        self.entry(path, FILE | permissions, data)
    }

    /// The archive's bytes: a multiple of 4.
    ///
    /// # Errors
    /// [`Refusal::Memory`].
    pub fn finish(mut self) -> Result<Vec<u8>, Refusal> {
        self.entries = 0;
        self.write("TRAILER!!!", 0, 0, &[])?;
        Ok(self.bytes)
    }

    fn entry(&mut self, path: &str, mode: u32, data: &[u8]) -> Result<(), Refusal> {
        self.entries = self.entries.saturating_add(1);
        self.write(path, mode, self.entries, data)
    }

    fn write(&mut self, path: &str, mode: u32, inode: u32, data: &[u8]) -> Result<(), Refusal> {
        let refused = || Refusal::Memory {
            what: "an archive for the initial ramdisk",
            size: data.len(),
        };
        if data.len() > FILE_LIMIT {
            return Err(refused());
        }
        // Header, name and both paddings stay below 128 bytes beside the name and the data.
        let room = data.len().saturating_add(path.len()).saturating_add(128);
        self.bytes.try_reserve(room).map_err(|_| refused())?;
        let name_size = u32::try_from(path.len())
            .ok()
            .and_then(|size| size.checked_add(1));
        let name_size = name_size.ok_or_else(refused)?;
        let data_size = u32::try_from(data.len()).map_err(|_| refused())?;
        self.bytes.extend_from_slice(b"070701");
        // inode, mode, uid, gid, links, time, size, device (major, minor), of the node (same), name, check.
        for field in [inode, mode, 0, 0, 1, 0, data_size, 0, 0, 0, 0, name_size, 0] {
            self.hexadecimal(field);
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
        Ok(())
    }

    fn hexadecimal(&mut self, field: u32) {
        for byte in field.to_be_bytes() {
            for digit in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                self.bytes
                    .push(u8::try_from(digit.to_ascii_uppercase()).unwrap_or(b'0'));
            }
        }
    }

    fn pad(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let mut archive = Archive::default();
        archive.directory(".extra", 0o555).unwrap();
        archive.file(".extra/a", 0o444, b"hello").unwrap();
        let bytes = archive.finish().unwrap();
        let header = |inode: u32, mode: u32, size: u32, name: u32| {
            let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name, 0];
            let digits = fields.iter().map(|field| alloc::format!("{field:08X}"));
            alloc::format!("070701{}", digits.collect::<alloc::string::String>())
        };
        let parts: [alloc::string::String; 6] = [
            header(1, 0o040_555, 0, 7),
            ".extra\0\0\0\0".into(),
            header(2, 0o100_444, 5, 9),
            ".extra/a\0\0hello\0\0\0".into(),
            header(0, 0, 0, 11),
            "TRAILER!!!\0\0\0\0".into(),
        ];
        assert_eq!(
            alloc::string::String::from_utf8(bytes).unwrap(),
            parts.concat()
        );
    }
}
