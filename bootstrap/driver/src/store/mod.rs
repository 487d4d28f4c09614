//! Where outputs and sources are kept: by the hash of their content, so that nothing is ever written
//! over and a half-written thing has no name.
//!
//! ```text
//! objects/HASH        an output, read-only; HASH is the SHA-256 of its Nix archive
//! objects/HASH.json   its size, its tree hash, and how its files looked when it was checked
//! results/KEY.json    what a step made: KEY is the hash of everything that goes into it
//! sources/SHA256      a source or a file of the project
//! logs/NAME-KEY.log   what the step's programs printed
//! roots/NAME          an output that garbage collection keeps, with all that it was made of
//! work/               what is being made; emptied when nobody else uses the store
//! lock                held by whoever changes the store
//! ```
//!
//! A thing is made in `work` and renamed into place, so a kill at any moment leaves either nothing
//! or all of it. After a loss of power the kernel may have kept a name without the content; that
//! is found like any damage: before an object becomes an input, its whole content is hashed.

mod collect;
mod hashing;
mod look;
mod object;
mod restore;
mod result;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};

pub use collect::Garbage;
pub use object::{Object, content_hash};
pub use restore::{Restored, restore};
pub use result::Made;

use crate::graph::{Digest, Name};

/// A store, held by this process.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    _lock: Flock<File>,
}

impl Store {
    /// Opens the store at `root`, makes it when it is missing, and waits for whoever holds it.
    ///
    /// # Errors
    /// When it can't be made or locked.
    pub fn open(root: &Path) -> Result<Self> {
        for folder in ["", "objects", "results", "sources", "logs", "roots", "work"] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make the store {}", folder.display()))?;
        }
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot open the store {}", root.display()))?;
        let lock = lock(&root)?;
        let store = Self { root, _lock: lock };
        store.clear_work()?;
        Ok(store)
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an output is.
    pub fn object_path(&self, hash: Digest) -> PathBuf {
        self.root.join("objects").join(hash.to_string())
    }

    /// Where a source is.
    pub fn source_path(&self, sha256: Digest) -> PathBuf {
        self.root.join("sources").join(sha256.to_string())
    }

    /// Where a step's log is.
    pub fn log_path(&self, name: &Name, key: Digest) -> PathBuf {
        let short = &key.to_string()[..16];
        self.root.join("logs").join(format!("{name}-{short}.log"))
    }

    /// A folder for what is being made; removed when dropped.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn work(&self) -> Result<tempfile::TempDir> {
        tempfile::TempDir::new_in(self.root.join("work"))
            .context("cannot make a folder in the store")
    }

    /// The source of this hash, when it is there and has that hash.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn source(&self, sha256: Digest) -> Result<Option<PathBuf>> {
        let path = self.source_path(sha256);
        match fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == sha256 => Ok(Some(path)),
            Ok(_) => {
                eprintln!("source {sha256} was damaged in the store; it is fetched again");
                fs::remove_file(&path).context("cannot remove a damaged source")?;
                Ok(None)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Keeps these bytes as a source; their hash.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn put_source(&self, content: &[u8]) -> Result<Digest> {
        let sha256 = Digest::of(content);
        let path = self.source_path(sha256);
        if !path.exists() {
            self.put_file(&path, content, 0o444)?;
        }
        Ok(sha256)
    }

    /// Writes a file so that its name stands for all of it or nothing.
    fn put_file(&self, path: &Path, content: &[u8], mode: u32) -> Result<()> {
        let failed = || format!("cannot write {}", path.display());
        let mut file =
            tempfile::NamedTempFile::new_in(self.root.join("work")).with_context(failed)?;
        file.write_all(content).with_context(failed)?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(mode))
            .with_context(failed)?;
        file.persist(path).with_context(failed)?;
        Ok(())
    }

    fn clear_work(&self) -> Result<()> {
        let work = self.root.join("work");
        for entry in fs::read_dir(&work).context("cannot list the store's work")? {
            let path = entry.context("cannot list the store's work")?.path();
            remove_tree(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

/// Waits for the lock, and says so when it takes long.
fn lock(root: &Path) -> Result<Flock<File>> {
    let path = root.join("lock");
    let open = || {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))
    };
    match Flock::lock(open()?, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => return Ok(lock),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => {}
        Err((_, error)) => bail!("cannot lock {}: {error}", path.display()),
    }
    eprintln!("waiting for the process that holds {}", root.display());
    Flock::lock(open()?, FlockArg::LockExclusive)
        .map_err(|(_, error)| anyhow::anyhow!("cannot lock {}: {error}", path.display()))
}

/// Removes a tree whose folders may be read-only.
///
/// # Errors
/// When something can't be removed.
pub fn remove_tree(path: &Path) -> std::io::Result<()> {
    let meta = path.symlink_metadata()?;
    if !meta.is_dir() {
        return fs::remove_file(path);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        remove_tree(&entry?.path())?;
    }
    fs::remove_dir(path)
}
