//! Walking an input: its documents, one after the other, in an order that is the same every time.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::decode::{Packing, decoded};
use super::folder::{self, Found};
use super::git::{Blob, Blobs, Checkout};
use super::meter::Count;
use crate::error::IngestError;
use crate::limits::Limits;

/// One stream of the input, decoded.
pub struct Document<'a> {
    /// Its number among the documents of the input, from 0.
    pub index: u64,
    /// File, and `!` entry for each archive it lies in.
    pub name: String,
    /// The decoded bytes, guarded by the limits.
    pub reader: Box<dyn Read + 'a>,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// With the next document.
    On,
    /// No further.
    Stop,
}

/// What is walked.
#[derive(Debug)]
enum Ground {
    File(PathBuf),
    Folder {
        root: PathBuf,
        files: Vec<Found>,
    },
    Git {
        checkout: Checkout,
        blobs: Vec<Blob>,
    },
}

/// Walks an input.
#[derive(Debug)]
pub struct Walker {
    ground: Ground,
    limits: Limits,
    identity: String,
}

/// What the steps of one walk share.
pub(super) struct Steps<'w> {
    pub limits: Limits,
    pub wanted: &'w dyn Fn(&str) -> bool,
    pub visit: &'w mut dyn FnMut(Document<'_>) -> Result<Walk, IngestError>,
    pub decoded: Count,
    pub skip: u64,
    pub next: u64,
}

impl Steps<'_> {
    /// Counts a document. `None`: it lies before the place to resume at.
    pub fn number(&mut self) -> Option<u64> {
        let index = self.next;
        self.next += 1;
        (index >= self.skip).then_some(index)
    }

    /// Decodes a stream and shows it.
    pub fn show(&mut self, index: u64, name: String, raw: impl Read) -> Result<Walk, IngestError> {
        let (packing, reader) = decoded(raw, &self.decoded, &self.limits)
            .map_err(|error| IngestError::document(name.as_str(), error))?;
        if packing == Packing::Zip {
            return Err(IngestError::archive(
                name,
                "an archive where a document should be",
            ));
        }
        (self.visit)(Document {
            index,
            name,
            reader,
        })
    }
}

impl Walker {
    /// A single file. Its identity is the digest of its bytes.
    ///
    /// # Errors
    /// [`IngestError::File`] when it cannot be read. Reads the whole file once.
    pub fn file(path: &Path, limits: &Limits) -> Result<Self, IngestError> {
        let fail = |error| IngestError::file(path, error);
        let mut file = File::open(path).map_err(fail)?;
        let mut hash = Sha256::new();
        std::io::copy(&mut file, &mut hash).map_err(fail)?;
        let identity = format!("sha256:{}", crate::hex(&hash.finalize()));
        Ok(Self {
            ground: Ground::File(path.to_path_buf()),
            limits: *limits,
            identity,
        })
    }

    /// A folder. Its identity is that of its listing: names, sizes, times.
    ///
    /// # Errors
    /// [`IngestError::File`], or [`IngestError::Archive`] when it holds too many files.
    pub fn folder(root: &Path, limits: &Limits) -> Result<Self, IngestError> {
        let files = folder::files(root, limits)?;
        let identity = format!("listing:{}", folder::listing_digest(&files));
        let ground = Ground::Folder {
            root: root.to_path_buf(),
            files,
        };
        Ok(Self {
            ground,
            limits: *limits,
            identity,
        })
    }

    /// A git repository at its current commit, or only what changed since the commit `base` (an
    /// identity as [`Walker::identity`] gave it). Its identity is the commit.
    ///
    /// # Errors
    /// [`IngestError::Git`].
    pub fn git(path: &Path, base: Option<&str>, limits: &Limits) -> Result<Self, IngestError> {
        let checkout = Checkout::open(path)?;
        let changed = match base.and_then(|base| base.strip_prefix("git:")) {
            Some(base) => checkout.changed_since(base)?,
            None => None,
        };
        let blobs = match changed {
            Some(blobs) => blobs,
            None => checkout.files()?,
        };
        let identity = format!("git:{}", checkout.commit());
        Ok(Self {
            ground: Ground::Git { checkout, blobs },
            limits: *limits,
            identity,
        })
    }

    /// The same for the same content: what a cursor belongs to.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Names of the files, for a folder or checkout; empty for a file.
    pub fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.ground {
            Ground::File(_) => Box::new(std::iter::empty()),
            Ground::Folder { files, .. } => Box::new(files.iter().map(|file| file.name.as_str())),
            Ground::Git { blobs, .. } => Box::new(blobs.iter().map(|blob| blob.name.as_str())),
        }
    }

    /// Bytes to read, packed, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.ground {
            Ground::File(path) => path.metadata().ok().map(|data| data.len()),
            Ground::Folder { files, .. } => Some(files.iter().map(|file| file.size).sum()),
            Ground::Git { .. } => None,
        }
    }

    /// Leaves only the files that `keep` wants. For a folder whose log of changes says which.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        match &mut self.ground {
            Ground::File(_) => {}
            Ground::Folder { files, .. } => files.retain(|file| keep(&file.name)),
            Ground::Git { blobs, .. } => blobs.retain(|blob| keep(&blob.name)),
        }
    }

    /// Shows the documents whose names are `wanted`, from number `skip` on. A single file that is
    /// no archive is always wanted; otherwise the name is that of the file or archive entry.
    ///
    /// # Errors
    /// What `visit` returns, and what reading meets: [`IngestError::File`],
    /// [`IngestError::Archive`], [`IngestError::Document`], [`IngestError::Git`].
    pub fn walk(
        &self,
        skip: u64,
        wanted: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(Document<'_>) -> Result<Walk, IngestError>,
    ) -> Result<Walk, IngestError> {
        let limits = self.limits;
        let mut steps = Steps {
            limits,
            wanted,
            visit,
            decoded: Count::default(),
            skip,
            next: 0,
        };
        match &self.ground {
            Ground::File(path) => {
                let name = file_name(path);
                walk_file(path, name, &mut steps, true)
            }
            Ground::Folder { root, files } => {
                for file in files {
                    let walk = if is_archive_name(&file.name) {
                        walk_file(&root.join(&file.name), file.name.clone(), &mut steps, false)?
                    } else if wanted(&file.name) && steps.number().is_some() {
                        steps.next -= 1;
                        walk_file(&root.join(&file.name), file.name.clone(), &mut steps, true)?
                    } else {
                        Walk::On
                    };
                    if walk == Walk::Stop {
                        return Ok(Walk::Stop);
                    }
                }
                Ok(Walk::On)
            }
            Ground::Git { checkout, blobs } => walk_git(&mut checkout.blobs()?, blobs, &mut steps),
        }
    }
}

/// Whether a file is opened as an archive by its name. Its content has the last word.
pub(super) fn is_archive_name(name: &str) -> bool {
    name.len() > 4 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b".zip")
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// A file on disk. `plain`: it counts as a document when it is no archive.
fn walk_file(
    path: &Path,
    name: String,
    steps: &mut Steps<'_>,
    plain: bool,
) -> Result<Walk, IngestError> {
    let fail = |error| IngestError::file(path, error);
    let file = File::open(path).map_err(fail)?;
    let mut reader = BufReader::new(&file);
    let head = std::io::BufRead::fill_buf(&mut reader).map_err(fail)?;
    if Packing::of(head) == Packing::Zip {
        return Archive::open(reader, name, 0, steps)?.walk(steps);
    }
    if !plain {
        return Err(IngestError::archive(name, "not a zip archive"));
    }
    match steps.number() {
        Some(index) => steps.show(index, name, reader),
        None => Ok(Walk::On),
    }
}

fn walk_git(
    process: &mut Blobs,
    blobs: &[Blob],
    steps: &mut Steps<'_>,
) -> Result<Walk, IngestError> {
    for blob in blobs {
        if !(steps.wanted)(&blob.name) {
            continue;
        }
        let Some(index) = steps.number() else {
            continue;
        };
        let shown = process
            .with(&blob.id, |reader| {
                steps.show(index, blob.name.clone(), reader)
            })
            .map_err(|error| IngestError::document(blob.name.as_str(), error))?;
        if shown? == Walk::Stop {
            return Ok(Walk::Stop);
        }
    }
    Ok(Walk::On)
}
