//! Unpacking a tar stream that may be hostile: nothing is written outside of the folder, by no path and
//! through no link, and what is no file, folder or link is refused.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use ::tar::{Archive, Entry, EntryType};
use anyhow::{Context, Result, bail};

use super::files::set_fixed_time;
use super::pattern::Pattern;

/// No archive has more entries.
const MAX_ENTRIES: usize = 1 << 20;
/// No archive unpacks to more; the limit of the step's files is usually lower.
const MAX_BYTES: u64 = 16 << 30;
/// No path is longer.
const MAX_PATH: usize = 4096;

/// What of the archive is wanted.
pub struct Options<'a> {
    /// Leading parts of each path to leave away.
    pub strip: usize,
    /// Only these, after stripping; all when empty.
    pub only: &'a [String],
    /// Not these, after stripping.
    pub except: &'a [String],
}

/// Unpacks into `folder`, which is made when missing.
pub fn unpack(stream: impl Read, folder: &Path, options: &Options<'_>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let only: Vec<Pattern> = options.only.iter().map(|text| Pattern::new(text)).collect();
    let except: Vec<Pattern> = options
        .except
        .iter()
        .map(|text| Pattern::new(text))
        .collect();
    let mut archive = Archive::new(stream);
    let mut folders = BTreeSet::new();
    let mut bytes = 0_u64;
    let mut written = 0;
    for (index, entry) in archive.entries()?.enumerate() {
        if index >= MAX_ENTRIES {
            bail!("more than {MAX_ENTRIES} entries");
        }
        let mut entry = entry.with_context(|| format!("entry {index}"))?;
        bytes = bytes.saturating_add(entry.size());
        if bytes > MAX_BYTES {
            bail!("unpacks to more than {MAX_BYTES} bytes");
        }
        let full = PathBuf::from(std::ffi::OsStr::from_bytes(&entry.path_bytes()));
        let told = || format!("entry {index}, {:?}", full.display().to_string());
        let inside = inside(&full).with_context(told)?;
        let path: PathBuf = inside.components().skip(options.strip).collect();
        let Some(text) = path.to_str() else {
            bail!("{}: not UTF-8", told());
        };
        let wanted = !text.is_empty()
            && (only.is_empty() || only.iter().any(|pattern| pattern.covers(text)))
            && !except.iter().any(|pattern| pattern.covers(text));
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            continue;
        }
        // Refused even where it is not wanted: an archive with a device in it is not one to trust.
        kind_is_plain(kind).with_context(told)?;
        if wanted {
            write(&mut entry, folder, &path, options.strip, &mut folders).with_context(told)?;
            written += 1;
        }
    }
    if written == 0 {
        bail!("nothing of it was unpacked");
    }
    // Folders last: writing into them changes their times.
    folders.insert(PathBuf::new());
    for path in folders.iter().rev() {
        File::open(folder.join(path))
            .and_then(|file| set_fixed_time(&file))
            .with_context(|| format!("cannot set the time of {}", path.display()))?;
    }
    Ok(())
}

/// The path as its parts, none of which leads out.
fn inside(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().len() > MAX_PATH {
        bail!("a path of more than {MAX_PATH} bytes");
    }
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => bail!("an absolute path"),
            Component::ParentDir => bail!("a path that goes up"),
        }
    }
    Ok(inside)
}

fn kind_is_plain(kind: EntryType) -> Result<()> {
    match kind {
        EntryType::Regular
        | EntryType::Continuous
        | EntryType::Directory
        | EntryType::Symlink
        | EntryType::Link => Ok(()),
        EntryType::Block | EntryType::Char => bail!("a device"),
        EntryType::Fifo => bail!("a named pipe"),
        other => bail!("an entry of the unknown kind {other:?}"),
    }
}

fn write<R: Read>(
    entry: &mut Entry<'_, R>,
    folder: &Path,
    path: &Path,
    strip: usize,
    folders: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    make_folders(folder, path.parent().unwrap_or(Path::new("")), folders)?;
    let target = folder.join(path);
    match entry.header().entry_type() {
        EntryType::Directory => return make_folders(folder, path, folders),
        EntryType::Symlink => {
            let link = link_name(entry)?;
            stays_inside(path, &link)?;
            clear(&target)?;
            return symlink(&link, &target).context("cannot make the link");
        }
        EntryType::Link => {
            let other: PathBuf = inside(&link_name(entry)?)?
                .components()
                .skip(strip)
                .collect();
            no_links(folder, &other)?;
            let source = folder.join(&other);
            if !source.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
                bail!(
                    "a hard link to {}, which is no file of the archive",
                    other.display()
                );
            }
            clear(&target)?;
            fs::hard_link(&source, &target).context("cannot make the hard link")?;
            return Ok(());
        }
        _ => {}
    }
    clear(&target)?;
    let executable = entry.header().mode().unwrap_or(0) & 0o111 != 0;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(if executable { 0o755 } else { 0o644 })
        .open(&target)
        .context("cannot make the file")?;
    let size = entry.size();
    let copied = std::io::copy(entry, &mut file).context("cannot write the file")?;
    if copied != size {
        bail!("{copied} bytes of {size}: the archive is cut off");
    }
    set_fixed_time(&file).context("cannot set the time")
}

/// Makes the folders of `path` below `root`; a link in place of one is refused.
fn make_folders(root: &Path, path: &Path, folders: &mut BTreeSet<PathBuf>) -> Result<()> {
    let mut walked = PathBuf::new();
    for part in path.components() {
        walked.push(part);
        if folders.contains(&walked) {
            continue;
        }
        let folder = root.join(&walked);
        match folder.symlink_metadata() {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => bail!("{} is a file or link, and a folder too", walked.display()),
            Err(_) => fs::create_dir(&folder).context("cannot make the folder")?,
        }
        folders.insert(walked.clone());
    }
    Ok(())
}

/// A later entry replaces an earlier one, as in every tar; a folder is not replaced.
fn clear(target: &Path) -> Result<()> {
    match target.symlink_metadata() {
        Ok(meta) if meta.is_dir() => bail!("a folder, and a file or link too"),
        Ok(_) => fs::remove_file(target).context("cannot replace the file"),
        Err(_) => Ok(()),
    }
}

fn link_name<R: Read>(entry: &Entry<'_, R>) -> Result<PathBuf> {
    let name = entry.link_name_bytes().context("a link without target")?;
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(&name)))
}

/// A symbolic link's target, taken as text, stays in the folder.
fn stays_inside(path: &Path, target: &Path) -> Result<()> {
    let mut depth = path.components().count().saturating_sub(1);
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => bail!(
                "a link to {:?}, which leads out",
                target.display().to_string()
            ),
        }
    }
    Ok(())
}

fn no_links(root: &Path, path: &Path) -> Result<()> {
    let mut walked = root.to_path_buf();
    for part in path.components() {
        walked.push(part);
        if walked
            .symlink_metadata()
            .is_ok_and(|meta| meta.is_symlink())
        {
            bail!("a hard link through the link {}", walked.display());
        }
    }
    Ok(())
}
