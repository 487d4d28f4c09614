//! The part of a load that needs no connection: which attributes differ from what is stored, and
//! their rows, ready to be written.

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use snowguard_matching::keys;
use snowguard_matching::package::Package;

use crate::error::{DbError, Result};
use crate::pack::Packer;
use crate::people;
use crate::text;

/// Packages staged at once; each chunk is shared out to the processors.
pub(crate) const CHUNK: usize = 4096;

pub(crate) const KIND: &str = "package";

/// First 16 bytes of the SHA-256 of a package's JSON.
pub(crate) type ContentDigest = [u8; 16];

/// The current row of an attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub(crate) row: i64,
    pub(crate) digest: ContentDigest,
}

/// An attribute whose content is new to the channel.
pub(crate) struct Staged {
    pub(crate) attr: String,
    pub(crate) pname: String,
    pub(crate) digest: ContentDigest,
    pub(crate) body: Vec<u8>,
    pub(crate) keys: Vec<i64>,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) owners: Vec<String>,
    /// The row it replaces.
    pub(crate) replaces: Option<i64>,
}

/// A whole load, compared with what is current.
pub(crate) struct Stage {
    current: FxHashMap<String, Current>,
    seen: FxHashSet<String>,
    pub(crate) staged: Vec<Staged>,
    pub(crate) unchanged: u64,
    pub(crate) duplicate: u64,
    digests: Vec<ContentDigest>,
}

enum Prepared {
    Same(String, ContentDigest),
    Differs(Box<Staged>),
}

impl Stage {
    pub(crate) fn new(current: FxHashMap<String, Current>) -> Self {
        Self {
            current,
            seen: FxHashSet::default(),
            staged: Vec::new(),
            unchanged: 0,
            duplicate: 0,
            digests: Vec::new(),
        }
    }

    /// Compares a chunk.
    pub(crate) fn add(&mut self, packer: &Packer, chunk: &[Package]) -> Result<()> {
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(8);
        let share = chunk.len().div_ceil(threads).max(1);
        let current = &self.current;
        let prepared = std::thread::scope(|scope| {
            let parts: Vec<_> = chunk
                .chunks(share)
                .map(|part| {
                    scope.spawn(move || {
                        part.iter()
                            .map(|package| prepare(packer, current, package))
                            .collect()
                    })
                })
                .collect();
            parts
                .into_iter()
                .map(|part| {
                    part.join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<Result<Vec<Vec<Prepared>>>>()
        })?;
        for prepared in prepared.into_iter().flatten() {
            let (attr, digest) = match &prepared {
                Prepared::Same(attr, digest) => (attr.clone(), *digest),
                Prepared::Differs(staged) => (staged.attr.clone(), staged.digest),
            };
            if !self.seen.insert(attr) {
                self.duplicate += 1;
                continue;
            }
            self.digests.push(digest);
            match prepared {
                Prepared::Same(..) => self.unchanged += 1,
                Prepared::Differs(staged) => self.staged.push(*staged),
            }
        }
        Ok(())
    }

    /// How many attributes the load holds.
    pub(crate) fn attributes(&self) -> u64 {
        self.seen.len() as u64
    }

    /// How many are current.
    pub(crate) fn had(&self) -> u64 {
        self.current.len() as u64
    }

    /// Rows of attributes that the load does not hold, in order.
    pub(crate) fn removed(&self) -> Vec<i64> {
        let mut rows: Vec<i64> = self
            .current
            .iter()
            .filter(|(attr, _)| !self.seen.contains(attr.as_str()))
            .map(|(_, current)| current.row)
            .collect();
        rows.sort_unstable();
        rows
    }

    /// Digest of the whole content, whatever the order it came in.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digests = self.digests.clone();
        digests.sort_unstable();
        Sha256::digest(digests.as_flattened()).into()
    }
}

fn prepare(
    packer: &Packer,
    current: &FxHashMap<String, Current>,
    package: &Package,
) -> Result<Prepared> {
    let what = || format!("package {}", package.attr);
    let json = serde_json::to_vec(package).map_err(|failed| DbError::damaged(what(), failed))?;
    let mut digest = ContentDigest::default();
    digest.copy_from_slice(&Sha256::digest(&json)[..16]);
    let known = current.get(&package.attr);
    if known.is_some_and(|known| known.digest == digest) {
        return Ok(Prepared::Same(package.attr.clone(), digest));
    }
    let mut keys: Vec<i64> = keys::of_package(package)
        .into_iter()
        .map(keys::Key::to_i64)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let (head, text) = search_text(package);
    Ok(Prepared::Differs(Box::new(Staged {
        attr: package.attr.clone(),
        pname: package.pname.to_lowercase(),
        digest,
        body: packer.pack(KIND, &json)?,
        keys,
        head,
        text,
        owners: people::owners(package),
        replaces: known.map(|known| known.row),
    })))
}

/// What a package is found by: its names, and what it says.
pub(crate) fn search_text(package: &Package) -> (String, String) {
    let head = text::words([package.attr.as_str(), &package.pname]);
    (head, text::words(package.description.as_deref()))
}
