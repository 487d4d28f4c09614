//! Outputs: put in, looked at, checked, thrown out when damaged.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::hashing::HashingSink;
use super::look::look;
use super::restore::restore;
use super::{Store, remove_tree};
use crate::graph::Digest;
use crate::runner::pack;

/// What is known of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// SHA-256 of its Nix archive.
    pub hash: Digest,
    /// Bytes of that archive.
    pub size: u64,
    /// The hash of its tree, as git has it with SHA-256.
    pub tree: Digest,
    /// How its files looked when their content was last found right.
    look: Digest,
}

/// Objects whose whole content was found right since the process started.
static CHECKED: Mutex<Option<HashSet<(std::path::PathBuf, Digest)>>> = Mutex::new(None);

impl Store {
    /// Puts the output of an archive into the store.
    ///
    /// # Errors
    /// When the archive is broken, or there is no room.
    pub fn put_object(&self, archive: &Path) -> Result<Object> {
        let work = self.work()?;
        let tree = work.path().join("object");
        let file =
            File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
        let restored = restore(file, &tree)?;
        let to = self.object_path(restored.hash);
        if self.object(restored.hash)?.is_none() {
            // rename(2) doesn't move a folder that can't be written to.
            make_movable(&tree)?;
            fs::rename(&tree, &to)
                .with_context(|| format!("cannot move the output to {}", to.display()))?;
            freeze(&to)?;
            let object = Object {
                hash: restored.hash,
                size: restored.size,
                tree: restored.tree,
                look: look(&to).context("cannot look at the output")?,
            };
            self.write_object(&object)?;
        } else {
            remove_tree(&tree).context("cannot remove a second copy")?;
        }
        self.object(restored.hash)?
            .context("an output vanished from the store")
    }

    /// The output of this hash, when it is there and nobody touched it. One that was touched is
    /// checked, and thrown out when its content isn't right any more.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn object(&self, hash: Digest) -> Result<Option<Object>> {
        let path = self.object_path(hash);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let known = fs::read(self.object_file(hash))
            .ok()
            .and_then(|text| serde_json::from_slice::<Object>(&text).ok())
            .filter(|object| object.hash == hash);
        if let Some(object) = known
            && look(&path).is_ok_and(|now| now == object.look)
        {
            return Ok(Some(object));
        }
        self.recheck(hash)
    }

    /// The output of this hash, with its whole content hashed, once in a process.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn checked_object(&self, hash: Digest) -> Result<Option<Object>> {
        let Some(object) = self.object(hash)? else {
            return Ok(None);
        };
        let key = (self.root().to_path_buf(), object.look);
        let mut checked = CHECKED.lock().unwrap_or_else(|broken| broken.into_inner());
        let checked = checked.get_or_insert_default();
        if checked.contains(&key) {
            return Ok(Some(object));
        }
        if content_hash(&self.object_path(hash)).is_ok_and(|found| found == hash) {
            checked.insert(key);
            return Ok(Some(object));
        }
        self.throw_out(hash)?;
        Ok(None)
    }

    /// Hashes the content; records how it looks when it is right, throws it out when not.
    fn recheck(&self, hash: Digest) -> Result<Option<Object>> {
        let path = self.object_path(hash);
        let work = self.work()?;
        let archive = work.path().join("archive");
        let packed = File::create_new(&archive)
            .map_err(anyhow::Error::from)
            .and_then(|file| pack(&path, std::io::BufWriter::new(file)));
        let restored = packed.and_then(|()| {
            let copy = work.path().join("copy");
            let restored = restore(File::open(&archive)?, &copy)?;
            remove_tree(&copy)?;
            Ok(restored)
        });
        match restored {
            Ok(restored) if restored.hash == hash => {
                freeze(&path)?;
                let object = Object {
                    hash,
                    size: restored.size,
                    tree: restored.tree,
                    look: look(&path).context("cannot look at an output")?,
                };
                self.write_object(&object)?;
                Ok(Some(object))
            }
            _ => {
                self.throw_out(hash)?;
                Ok(None)
            }
        }
    }

    fn throw_out(&self, hash: Digest) -> Result<()> {
        eprintln!("output {hash} was damaged in the store; it is made again");
        self.remove_object(hash)
    }

    /// Removes an output.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn remove_object(&self, hash: Digest) -> Result<()> {
        let path = self.object_path(hash);
        // Out of its name first, so that a kill leaves no half of it under that name.
        let work = self.work()?;
        let away = work.path().join("away");
        make_movable(&path)?;
        fs::rename(&path, &away).with_context(|| format!("cannot move {} away", path.display()))?;
        remove_tree(&away).with_context(|| format!("cannot remove {}", away.display()))?;
        match fs::remove_file(self.object_file(hash)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("cannot remove what is known of an output")
            }
            _ => Ok(()),
        }
    }

    /// Every output that is there.
    ///
    /// # Errors
    /// When the store can't be listed.
    pub fn object_hashes(&self) -> Result<Vec<Digest>> {
        let mut hashes = Vec::new();
        for entry in fs::read_dir(self.root().join("objects")).context("cannot list outputs")? {
            let name = entry.context("cannot list outputs")?.file_name();
            if let Some(hash) = name
                .to_str()
                .and_then(|n| Digest::try_from(n.to_owned()).ok())
            {
                hashes.push(hash);
            }
        }
        hashes.sort();
        Ok(hashes)
    }

    fn object_file(&self, hash: Digest) -> std::path::PathBuf {
        self.root().join("objects").join(format!("{hash}.json"))
    }

    fn write_object(&self, object: &Object) -> Result<()> {
        let text = serde_json::to_vec(object)?;
        self.put_file(&self.object_file(object.hash), &text, 0o644)
    }
}

/// The hash of a tree's archive.
///
/// # Errors
/// When it can't be read.
pub fn content_hash(path: &Path) -> Result<Digest> {
    let mut sink = HashingSink::new().context("cannot start to hash")?;
    pack(path, &mut sink)?;
    Ok(sink.finish())
}

fn make_movable(tree: &Path) -> Result<()> {
    set_mode(tree, 0o755)
}

fn freeze(tree: &Path) -> Result<()> {
    set_mode(tree, 0o555)
}

/// Sets the mode of a tree's root when it is a folder.
fn set_mode(tree: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let meta = tree
        .symlink_metadata()
        .with_context(|| format!("cannot look at {}", tree.display()))?;
    if meta.is_dir() {
        fs::set_permissions(tree, fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot change {}", tree.display()))?;
    } else if !meta.is_file() && !meta.is_symlink() {
        bail!("{} is no output", tree.display());
    }
    Ok(())
}
