//! What an input may cost at most. Every outside byte is hostile (issue 2, "Bad input to survive").

/// Upper bounds for one input. The defaults hold every real feed many times over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record. The largest real CVE record is about 3 MB.
    pub record: usize,
    /// Brackets open at once inside a record. The JSON parser itself stops at 128.
    pub depth: u32,
    /// Decoded bytes of one document (a file, or an entry of an archive).
    pub document: u64,
    /// Decoded bytes of a whole input.
    pub input: u64,
    /// Decoded bytes per encoded byte, counted after [`Limits::ratio_grace`]. Feeds reach about 25.
    pub ratio: u64,
    /// Decoded bytes below which the ratio is not looked at: small files of zeros are harmless.
    pub ratio_grace: u64,
    /// Entries of one archive, or files of one folder.
    pub entries: usize,
    /// Archives inside archives.
    pub nesting: u32,
    /// Bytes of one download.
    pub download: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record: 16 << 20,
            depth: 100,
            document: 16 << 30,
            input: 64 << 30,
            ratio: 250,
            ratio_grace: 64 << 20,
            entries: 4_000_000,
            nesting: 2,
            download: 8 << 30,
        }
    }
}
