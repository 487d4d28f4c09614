//! Actions on files: all of them leave the fixed time behind.

use std::fs::{self, File, FileTimes};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use super::paths::{BUILD, from_build};
use super::pattern::{find, is_pattern};
use crate::graph::schema;

/// No tree is deeper.
const MAX_DEPTH: usize = 256;

/// The time of every file that an action makes.
pub fn fixed_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(snowguard_sandbox::EPOCH.unsigned_abs())
}

/// Sets the fixed time on an open file or folder.
pub fn set_fixed_time(file: &File) -> std::io::Result<()> {
    let time = fixed_time();
    file.set_times(FileTimes::new().set_accessed(time).set_modified(time))
}

/// `write`
pub fn write(action: &schema::Write) -> Result<()> {
    let to = from_build(&action.to)?;
    put(&to, action.text.as_bytes(), action.executable)
}

/// Writes a file anew, whatever stood there; folders above are made.
pub fn put(to: &Path, content: &[u8], executable: bool) -> Result<()> {
    let failed = || format!("cannot write {}", to.display());
    make_parent(to)?;
    if to.symlink_metadata().is_ok() {
        fs::remove_file(to).with_context(failed)?;
    }
    fs::write(to, content).with_context(failed)?;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).with_context(failed)?;
    File::open(to)
        .and_then(|file| set_fixed_time(&file))
        .with_context(failed)
}

/// `copy`
pub fn copy(action: &schema::Copy) -> Result<()> {
    let from = find(Path::new(BUILD), &action.from, &[])?;
    let to = from_build(&action.to)?;
    let patterns = action.from.as_slice();
    let into_folder = action.to.ends_with('/')
        || patterns.len() > 1
        || patterns.iter().any(|pattern| is_pattern(pattern));
    for path in from {
        let source = from_build(&path)?;
        let target = match (into_folder, source.file_name()) {
            (true, Some(name)) => to.join(name),
            _ => to.clone(),
        };
        make_parent(&target)?;
        copy_tree(&source, &target, 0)
            .with_context(|| format!("cannot copy {path} to {}", target.display()))?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        bail!("more than {MAX_DEPTH} folders deep");
    }
    let meta = from.symlink_metadata()?;
    if meta.is_symlink() {
        if to.symlink_metadata().is_ok() {
            fs::remove_file(to)?;
        }
        symlink(fs::read_link(from)?, to)?;
    } else if meta.is_dir() {
        if !to.is_dir() {
            fs::create_dir(to)?;
        }
        for path in sorted(from)? {
            let Some(name) = path.file_name() else {
                continue;
            };
            copy_tree(&path, &to.join(name), depth + 1)?;
        }
    } else if meta.is_file() {
        if to.symlink_metadata().is_ok() {
            fs::remove_file(to)?;
        }
        fs::copy(from, to)?;
        let executable = meta.permissions().mode() & 0o111 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
        set_fixed_time(&File::open(to)?)?;
    } else {
        bail!("{} is neither file, folder nor link", from.display());
    }
    Ok(())
}

/// Entries of a folder, by the bytes of their names.
pub fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// `remove`
pub fn remove(action: &schema::Remove) -> Result<()> {
    for path in find(Path::new(BUILD), &action.paths, &[])? {
        let target = from_build(&path)?;
        let meta = target.symlink_metadata();
        let removed = match meta {
            // Removed with a folder that matched before.
            Err(_) => Ok(()),
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(&target),
            Ok(_) => fs::remove_file(&target),
        };
        removed.with_context(|| format!("cannot remove {path}"))?;
    }
    Ok(())
}

/// `folder`
pub fn folder(action: &schema::Folder) -> Result<()> {
    for path in action.paths.as_slice() {
        let folder = from_build(path)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {path}"))?;
    }
    Ok(())
}

/// `link`
pub fn link(action: &schema::Link) -> Result<()> {
    let at = from_build(&action.at)?;
    make_parent(&at)?;
    symlink(&action.target, &at).with_context(|| format!("cannot link {}", action.at))
}

/// `executable`
pub fn executable(action: &schema::Executable) -> Result<()> {
    for path in find(Path::new(BUILD), &action.paths, &[])? {
        let file = from_build(&path)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {path} executable"))?;
    }
    Ok(())
}

/// `patch`
pub fn patch(action: &schema::Patch) -> Result<()> {
    let text = fs::read(from_build(&action.from)?)
        .with_context(|| format!("cannot read {}", action.from))?;
    let folder = from_build(&action.dir)?;
    super::patch::apply(&text, &folder, action.strip as usize)
        .with_context(|| format!("patch {}", action.from))
}

/// `same`
pub fn same(action: &schema::Same) -> Result<()> {
    let left = from_build(&action.left)?;
    let right = from_build(&action.right)?;
    same_tree(&left, &right, 0)
}

fn same_tree(left: &Path, right: &Path, depth: usize) -> Result<()> {
    let differ = |how: String| {
        Err(anyhow::anyhow!(
            "{} and {} differ: {how}",
            left.display(),
            right.display()
        ))
    };
    if depth > MAX_DEPTH {
        bail!("more than {MAX_DEPTH} folders deep");
    }
    let look = |path: &Path| {
        path.symlink_metadata()
            .with_context(|| format!("cannot look at {}", path.display()))
    };
    let (left_meta, right_meta) = (look(left)?, look(right)?);
    if left_meta.file_type() != right_meta.file_type() {
        return differ("they are of different kinds".into());
    }
    if left_meta.is_symlink() {
        return match fs::read_link(left)? == fs::read_link(right)? {
            true => Ok(()),
            false => differ("the links have different targets".into()),
        };
    }
    if left_meta.is_dir() {
        let (left_names, right_names) = (names(left)?, names(right)?);
        if left_names != right_names {
            let odd = left_names
                .iter()
                .find(|name| !right_names.contains(name))
                .or_else(|| right_names.iter().find(|name| !left_names.contains(name)));
            return differ(format!("only one has {odd:?}"));
        }
        for name in left_names {
            same_tree(&left.join(&name), &right.join(&name), depth + 1)?;
        }
        return Ok(());
    }
    let executable = |meta: &fs::Metadata| meta.permissions().mode() & 0o111 != 0;
    if executable(&left_meta) != executable(&right_meta) {
        return differ("only one is executable".into());
    }
    match first_difference(left, right)? {
        None => Ok(()),
        Some(offset) => differ(format!(
            "at byte {offset}, of {} and {} bytes",
            left_meta.len(),
            right_meta.len()
        )),
    }
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let paths = sorted(folder)?;
    Ok(paths
        .iter()
        .filter_map(|path| path.file_name().map(ToOwned::to_owned))
        .collect())
}

fn first_difference(left: &Path, right: &Path) -> Result<Option<u64>> {
    let mut left = std::io::BufReader::new(File::open(left)?).bytes();
    let mut right = std::io::BufReader::new(File::open(right)?).bytes();
    let mut offset = 0;
    loop {
        match (left.next().transpose()?, right.next().transpose()?) {
            (None, None) => return Ok(None),
            (one, other) if one == other => offset += 1,
            _ => return Ok(Some(offset)),
        }
    }
}

fn make_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}
