//! Walking an input: its documents, one after the other, in an order that is the same every time.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::archive::Archive;
use super::decode::{Packing, decoded};
use super::digest;
use super::folder::{self, Found};
use super::git::{Blob, Blobs, Checkout};
use super::meter::{Count, Metered};
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
    File {
        path: PathBuf,
        archive: bool,
    },
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
    read: Arc<AtomicU64>,
}

/// What the steps of one walk share.
pub(super) struct Steps<'w> {
    pub limits: Limits,
    pub wanted: &'w dyn Fn(&str) -> bool,
    pub visit: &'w mut dyn FnMut(Document<'_>) -> Result<Walk, IngestError>,
    pub decoded: Count,
    pub read: &'w Arc<AtomicU64>,
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
    pub fn show(
        &mut self,
        index: u64,
        name: String,
        raw: impl Read,
        packed: Option<&Count>,
    ) -> Result<Walk, IngestError> {
        let (packing, reader) = decoded(raw, packed, &self.decoded, &self.limits)
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
        let digest = digest::of_file(path).map_err(|error| IngestError::file(path, error))?;
        Ok(Self {
            identity: format!("sha256:{digest}"),
            ..Self::glance(path, limits)?
        })
    }

    /// A single file to look into; it has no identity.
    ///
    /// # Errors
    /// [`IngestError::File`] when it cannot be read.
    pub fn glance(path: &Path, limits: &Limits) -> Result<Self, IngestError> {
        let fail = |error| IngestError::file(path, error);
        let mut file = File::open(path).map_err(fail)?;
        let mut head = Vec::new();
        file.by_ref().take(4).read_to_end(&mut head).map_err(fail)?;
        let archive = Packing::of(&head) == Packing::Zip;
        let ground = Ground::File {
            path: path.to_path_buf(),
            archive,
        };
        Ok(Self::new(ground, limits, String::new()))
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
        Ok(Self::new(ground, limits, identity))
    }

    /// A git repository at its current commit, or only what changed since the commit `base` (an
    /// identity as [`Walker::identity`] gave it). Its identity is the commit. With the base that
    /// was used: none when the repository does not have it, and everything has to be read.
    ///
    /// # Errors
    /// [`IngestError::Git`].
    pub fn git(
        path: &Path,
        base: Option<&str>,
        limits: &Limits,
    ) -> Result<(Self, Option<String>), IngestError> {
        let checkout = Checkout::open(path)?;
        let commit = base.and_then(|base| base.strip_prefix("git:"));
        let changed = commit
            .map(|commit| checkout.changed_since(commit))
            .transpose()?
            .flatten();
        let used = changed.as_ref().and(base).map(str::to_owned);
        let blobs = changed.map_or_else(|| checkout.files(), Ok)?;
        let identity = format!("git:{}", checkout.commit());
        Ok((
            Self::new(Ground::Git { checkout, blobs }, limits, identity),
            used,
        ))
    }

    fn new(ground: Ground, limits: &Limits, identity: String) -> Self {
        Self {
            ground,
            limits: *limits,
            identity,
            read: Arc::default(),
        }
    }

    /// The same for the same content: what a cursor belongs to.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Names of the files, for a folder or checkout; empty for a file.
    pub fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.ground {
            Ground::File { .. } => Box::new(std::iter::empty()),
            Ground::Folder { files, .. } => Box::new(files.iter().map(|file| file.name.as_str())),
            Ground::Git { blobs, .. } => Box::new(blobs.iter().map(|blob| blob.name.as_str())),
        }
    }

    /// Whether this is a single file that is no archive.
    #[must_use]
    pub fn is_one_document(&self) -> bool {
        matches!(&self.ground, Ground::File { archive: false, .. })
    }

    /// Bytes to read, packed, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.ground {
            Ground::File { path, .. } => path.metadata().ok().map(|data| data.len()),
            Ground::Folder { files, .. } => Some(files.iter().map(|file| file.size).sum()),
            Ground::Git { .. } => None,
        }
    }

    /// Of a folder, leaves only the files that `keep` wants; it gets their name and when they were
    /// changed, in milliseconds since the epoch. The identity stays that of the whole.
    pub fn retain(&mut self, keep: impl Fn(&str, i64) -> bool) {
        if let Ground::Folder { files, .. } = &mut self.ground {
            let millis = |nanos: u128| i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX);
            files.retain(|file| keep(&file.name, millis(file.modified)));
        }
    }

    /// Bytes read so far from files, packed, by all walks.
    #[must_use]
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        self.read.clone()
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
        let mut steps = Steps {
            limits: self.limits,
            wanted,
            visit,
            decoded: Count::default(),
            read: &self.read,
            skip,
            next: 0,
        };
        match &self.ground {
            Ground::File { path, .. } => {
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
    let mut reader = BufReader::with_capacity(128 << 10, Metered::new(file, steps.read.clone()));
    let head = std::io::BufRead::fill_buf(&mut reader).map_err(fail)?;
    if Packing::of(head) == Packing::Zip {
        return Archive::open(reader, name, 0, steps)?.walk(steps);
    }
    if !plain {
        return Err(IngestError::archive(name, "not a zip archive"));
    }
    match steps.number() {
        Some(index) => steps.show(index, name, reader, None),
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
                steps.show(index, blob.name.clone(), reader, None)
            })
            .map_err(|error| IngestError::document(blob.name.as_str(), error))?;
        if shown? == Walk::Stop {
            return Ok(Walk::Stop);
        }
    }
    Ok(Walk::On)
}
