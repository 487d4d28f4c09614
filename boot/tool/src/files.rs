//! Reading files with limits, and replacing them whole.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::outcome::Failure;

/// The largest image that is read; the format's own limit is 4 GiB.
pub const MAX_IMAGE: u64 = 2 << 30;
/// The largest of everything else.
pub const MAX_SMALL: u64 = 64 << 20;
/// Room behind an image for a signature, so that adding one copies nothing.
const ROOM: usize = 64 << 10;

/// A whole file.
///
/// # Errors
/// When it cannot be read or is larger than `limit`.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let length = file
        .metadata()
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    if length > limit {
        bail!("{shown} has {length} bytes, more than the {limit} that are read");
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + ROOM);
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {shown}"))?;
    if bytes.len() as u64 > limit {
        bail!("{shown} grows beyond the {limit} bytes that are read");
    }
    Ok(bytes)
}

/// A text from the command line: as it is, or, as `@FILE`, from a file.
///
/// # Errors
/// As [`read`].
pub fn read_text(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some(path) => read(Path::new(path), MAX_SMALL),
        None => Ok(text.as_bytes().to_vec()),
    }
}

/// Writes a file beside its place, makes it durable, and puts it there. Either the old content or
/// the new is there, whatever happens.
///
/// # Errors
/// With [`Failure::Effect`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let shown = path.display();
    let write = || -> Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let name = path.file_name().context("it has no file name")?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.new", std::process::id()));
        let beside = folder.join(hidden);
        let result = write_new(&beside, bytes, mode)
            .and_then(|()| std::fs::rename(&beside, path))
            .and_then(|()| File::open(folder)?.sync_all());
        if result.is_err() {
            // What could not be finished is not left behind; if that fails too, the first
            // error says more.
            let _gone = std::fs::remove_file(&beside);
        }
        Ok(result?)
    };
    write()
        .with_context(|| format!("cannot write {shown}"))
        .context(Failure::Effect)
}

/// Returns when the names in a folder last.
///
/// # Errors
/// With [`Failure::Effect`].
pub fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot synchronise {}", path.display()))
        .context(Failure::Effect)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
