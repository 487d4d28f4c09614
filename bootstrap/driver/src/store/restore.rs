//! An archive back into files, hashed on the way.
//!
//! The tree hash is git's, with SHA-256: what `git write-tree` answers in a repository of
//! `--object-format=sha256`. Unlike the archive's hash it can tell which file differs. (Git itself
//! doesn't keep empty folders; here they count as empty trees.)
//!
//! Source: <https://git-scm.com/docs/hash-function-transition>

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};
use snowguard_nix_formats::nar::{Event, Reader};

use super::hashing::Hashing;
use crate::graph::Digest;
use crate::runner::set_fixed_time;

/// Content is copied through a buffer of this size.
const BUFFER: usize = 256 << 10;

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// SHA-256 of the archive.
    pub hash: Digest,
    /// Its bytes.
    pub size: u64,
    /// The hash of the tree.
    pub tree: Digest,
}

/// Restores an archive at `to`, which must not exist. Files are read-only and have the fixed time.
///
/// # Errors
/// When it is no archive, or can't be written.
pub fn restore(archive: impl Read, to: &Path) -> Result<Restored> {
    let hashed = std::io::BufReader::with_capacity(BUFFER, Hashing::new(archive)?);
    let mut reader = Reader::new(hashed);
    let mut restore = Restore {
        folders: Vec::new(),
        path: to.to_path_buf(),
        root: None,
        buffer: vec![0; BUFFER],
    };
    loop {
        match reader.next_event().context("the archive of the output")? {
            Event::Regular { executable, size } => {
                let entry = restore
                    .file(executable, size, &mut reader)
                    .with_context(|| format!("cannot write {}", restore.path.display()))?;
                restore.done(entry)?;
            }
            Event::Symlink(target) => {
                symlink(OsStr::from_bytes(&target), &restore.path)
                    .with_context(|| format!("cannot make {}", restore.path.display()))?;
                restore.done((Mode::Link, object("blob", &target)))?;
            }
            Event::OpenDirectory => {
                fs::create_dir(&restore.path)
                    .with_context(|| format!("cannot make {}", restore.path.display()))?;
                restore.folders.push(Folder::default());
            }
            Event::Entry(name) => {
                restore.path.push(OsStr::from_bytes(&name));
                if let Some(folder) = restore.folders.last_mut() {
                    folder.name = name;
                }
            }
            Event::CloseDirectory => restore.close()?,
            Event::End => break,
        }
    }
    let size = reader.offset();
    let (_, tree) = restore.root.context("the archive holds nothing")?;
    let hash = reader.into_inner().into_inner().finish();
    Ok(Restored { hash, size, tree })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    File,
    Executable,
    Link,
    Folder,
}

impl Mode {
    fn text(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Folder => "40000",
        }
    }
}

#[derive(Default)]
struct Folder {
    /// The entry that is open.
    name: Vec<u8>,
    entries: Vec<(Vec<u8>, Mode, Digest)>,
}

struct Restore {
    folders: Vec<Folder>,
    path: PathBuf,
    root: Option<(Mode, Digest)>,
    buffer: Vec<u8>,
}

impl Restore {
    fn file<R: Read>(
        &mut self,
        executable: bool,
        size: u64,
        reader: &mut Reader<R>,
    ) -> std::io::Result<(Mode, Digest)> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(if executable { 0o555 } else { 0o444 })
            .open(&self.path)?;
        let mut hasher = Sha256::new();
        hasher.update(format!("blob {size}\0"));
        let mut content = reader.content();
        loop {
            let read = content.read(&mut self.buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&self.buffer[..read]);
            file.write_all(&self.buffer[..read])?;
        }
        // The caller's umask doesn't count.
        let mode = if executable { 0o555 } else { 0o444 };
        file.set_permissions(Permissions::from_mode(mode))?;
        set_fixed_time(&file)?;
        let mode = if executable {
            Mode::Executable
        } else {
            Mode::File
        };
        Ok((mode, Digest::new(hasher.finalize().into())))
    }

    fn close(&mut self) -> Result<()> {
        let failed = || format!("cannot close {}", self.path.display());
        File::open(&self.path)
            .and_then(|folder| {
                folder.set_permissions(Permissions::from_mode(0o555))?;
                set_fixed_time(&folder)
            })
            .with_context(failed)?;
        let Some(mut folder) = self.folders.pop() else {
            return Ok(());
        };
        // Git sorts a folder as if its name ended in a slash.
        folder.entries.sort_by_key(|(name, mode, _)| {
            let mut name = name.clone();
            if *mode == Mode::Folder {
                name.push(b'/');
            }
            name
        });
        let mut content = Vec::new();
        for (name, mode, digest) in &folder.entries {
            content.extend_from_slice(mode.text().as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend_from_slice(digest.as_bytes());
        }
        self.done((Mode::Folder, object("tree", &content)))
    }

    /// A node is complete: it belongs to the open folder, or is the root.
    fn done(&mut self, (mode, digest): (Mode, Digest)) -> Result<()> {
        match self.folders.last_mut() {
            Some(folder) => {
                let name = std::mem::take(&mut folder.name);
                folder.entries.push((name, mode, digest));
                self.path.pop();
            }
            None => self.root = Some((mode, digest)),
        }
        Ok(())
    }
}

/// The id of a git object.
fn object(kind: &str, content: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(format!("{kind} {}\0", content.len()));
    hasher.update(content);
    Digest::new(hasher.finalize().into())
}
