//! The file in a binary cache that holds a store object.

use std::num::NonZeroU64;

use super::Sha256Hash;

/// How a file in a binary cache is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    None,
    /// Brotli.
    Brotli,
    /// bzip2; what a `.narinfo` without the field means.
    Bzip2,
    /// Unix `compress`.
    Compress,
    /// grzip.
    Grzip,
    /// gzip.
    Gzip,
    /// lrzip.
    Lrzip,
    /// LZ4.
    Lz4,
    /// lzip.
    Lzip,
    /// LZMA, the old container.
    Lzma,
    /// lzop.
    Lzop,
    /// xz; what most caches use.
    Xz,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Every compression that Nix knows.
    pub const ALL: [Self; 13] = [
        Self::None,
        Self::Brotli,
        Self::Bzip2,
        Self::Compress,
        Self::Grzip,
        Self::Gzip,
        Self::Lrzip,
        Self::Lz4,
        Self::Lzip,
        Self::Lzma,
        Self::Lzop,
        Self::Xz,
        Self::Zstd,
    ];

    /// The name that Nix uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Brotli => "br",
            Self::Bzip2 => "bzip2",
            Self::Compress => "compress",
            Self::Grzip => "grzip",
            Self::Gzip => "gzip",
            Self::Lrzip => "lrzip",
            Self::Lz4 => "lz4",
            Self::Lzip => "lzip",
            Self::Lzma => "lzma",
            Self::Lzop => "lzop",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// Finds a compression by Nix's name for it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|compression| compression.name() == name)
    }
}

/// The file in a binary cache that holds a store object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Where it is.
    pub url: DownloadUrl,
    /// How it is compressed. `None` where JSON leaves it out, as older Nix does.
    pub compression: Option<Compression>,
    /// The hash of the file.
    pub file_hash: Option<Sha256Hash>,
    /// The size of the file in bytes.
    pub file_size: Option<NonZeroU64>,
}

/// The URL of a download as a cache states it: relative to the cache, or absolute.
///
/// Whoever opens it must not trust it: it may hold `..` or name another host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DownloadUrl(Box<str>);

impl DownloadUrl {
    /// The longest URL that is taken, in bytes.
    const MAX: usize = 8192;

    /// Takes 1 to 8192 bytes without control characters; `None` for anything else.
    #[must_use]
    pub fn new(url: &str) -> Option<Self> {
        let fits = !url.is_empty() && url.len() <= Self::MAX && !url.contains(char::is_control);
        fits.then(|| Self(url.into()))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
