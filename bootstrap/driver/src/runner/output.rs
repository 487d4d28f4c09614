//! A folder as a Nix archive.

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use snowguard_nix_formats::nar::Writer;

use super::files::sorted;

/// A file is read in pieces of this size, or whole.
const BUFFER: usize = 256 << 10;
/// Set-user-id, set-group-id, sticky.
const SPECIAL: u32 = 0o7000;

/// Writes the archive of the tree at `root`.
pub fn pack(root: &Path, to: impl Write) -> Result<()> {
    let mut writer = Writer::new(to)?;
    node(root, &mut writer)?;
    writer.finish()?;
    Ok(())
}

fn node<W: Write>(path: &Path, writer: &mut Writer<W>) -> Result<()> {
    let look = || format!("cannot pack {}", path.display());
    let meta = path.symlink_metadata().with_context(look)?;
    let mode = meta.permissions().mode();
    if meta.is_symlink() {
        let target = fs::read_link(path).with_context(look)?;
        writer
            .symlink(target.as_os_str().as_bytes())
            .with_context(look)
    } else if meta.is_file() {
        if mode & SPECIAL != 0 {
            bail!("{} has the mode {:o}", path.display(), mode & 0o7777);
        }
        // A step may have taken its own right to read away.
        if mode & 0o400 == 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o400))
                .with_context(look)?;
        }
        let file = File::open(path).with_context(look)?;
        let buffer = usize::try_from(meta.len()).unwrap_or(BUFFER).min(BUFFER);
        let mut file = BufReader::with_capacity(buffer, file);
        writer
            .regular(mode & 0o111 != 0, meta.len(), &mut file)
            .with_context(look)
    } else if meta.is_dir() {
        if mode & 0o500 != 0o500 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o500))
                .with_context(look)?;
        }
        writer.open_directory().with_context(look)?;
        for entry in sorted(path).with_context(look)? {
            let Some(name) = entry.file_name() else {
                continue;
            };
            writer.entry(name.as_bytes()).with_context(look)?;
            node(&entry, writer)?;
            writer.close_entry()?;
        }
        writer.close_directory()?;
        Ok(())
    } else {
        bail!(
            "{} is neither file, folder nor symbolic link",
            path.display()
        )
    }
}
