//! What a store knows about its objects.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/json/store-object-info.html>

mod download;
pub mod json;
pub mod narinfo;

pub use download::{Compression, Download, DownloadUrl};

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use crate::content_address::ContentAddress;
use crate::hash::{Hash, HashAlgorithm};
use crate::signature::Signature;
use crate::store_path::{StoreDir, StorePath};

/// The most references that one store object may have.
pub const MAX_REFERENCES: usize = 1 << 20;

/// The most signatures that one store object may have.
pub const MAX_SIGNATURES: usize = 1024;

/// One store object: its content, what it refers to, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfo {
    /// Its path.
    pub path: StorePath,
    /// The hash of its Nix archive.
    pub nar_hash: Sha256Hash,
    /// The size of its Nix archive in bytes. Older Nix did not know it of every path.
    pub nar_size: Option<NonZeroU64>,
    /// The store objects that its content names, possibly itself.
    pub references: BTreeSet<StorePath>,
    /// The derivation that built it.
    pub deriver: Option<StorePath>,
    /// How its path follows from its content, where it does.
    pub content_address: Option<ContentAddress>,
    /// Signatures over [`PathInfo::fingerprint`]; not verified.
    pub signatures: BTreeSet<Signature>,
}

impl PathInfo {
    /// The text that signatures sign: path, archive hash and size, references. `None` where the
    /// size is not known.
    ///
    /// Source: <https://nix.dev/manual/nix/latest/protocols/binary-cache/narinfo.html>
    #[must_use]
    pub fn fingerprint(&self, store_dir: &StoreDir) -> Option<String> {
        let references: Vec<_> = self
            .references
            .iter()
            .map(|reference| reference.to_absolute(store_dir))
            .collect();
        Some(format!(
            "1;{};sha256:{};{};{}",
            self.path.to_absolute(store_dir),
            self.nar_hash.hash().nix32(),
            self.nar_size?,
            references.join(",")
        ))
    }
}

/// A hash that is a SHA-256, as those of archives and downloads are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256Hash(Hash);

impl Sha256Hash {
    /// Takes a SHA-256; `None` for a hash of another algorithm.
    #[must_use]
    pub fn new(hash: Hash) -> Option<Self> {
        (hash.algorithm() == HashAlgorithm::Sha256).then_some(Self(hash))
    }

    /// The hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.0
    }
}
