//! Where two outputs differ: down to the file, the member of an archive, the first byte, and what
//! stands there.

mod archive;
mod elf;
mod show;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

/// A place where two trees differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file, from the trees' root; empty for the root itself.
    pub file: PathBuf,
    /// The member of an `ar` archive.
    pub member: Option<String>,
    /// How.
    pub how: How,
}

/// How two things differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Only the first tree has it.
    OnlyFirst,
    /// Only the second tree has it.
    OnlySecond,
    /// A file here, a folder or link there.
    Kind,
    /// Only one may be run.
    Executable,
    /// Links to different targets.
    Target {
        /// The first.
        first: PathBuf,
        /// The second.
        second: PathBuf,
    },
    /// Different bytes.
    Content {
        /// The first that differs, from the start of the file or member.
        offset: u64,
        /// How many differ; those that only one has count too.
        bytes: u64,
        /// Both around that place, in hexadecimal, and as instructions where it is code.
        shown: String,
    },
}

/// All places where the trees at `first` and `second` differ, in the order of paths.
///
/// # Errors
/// When a file can't be read.
pub fn compare(first: &Path, second: &Path) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    trees(first, second, Path::new(""), &mut differences)?;
    Ok(differences)
}

fn trees(
    first: &Path,
    second: &Path,
    path: &Path,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let (left, right) = (first.join(path), second.join(path));
    let look = |path: &Path| {
        path.symlink_metadata()
            .with_context(|| format!("cannot look at {}", path.display()))
    };
    let (left_meta, right_meta) = (look(&left)?, look(&right)?);
    let mut tell = |how: How| {
        differences.push(Difference {
            file: path.to_path_buf(),
            member: None,
            how,
        });
    };
    if left_meta.file_type() != right_meta.file_type() {
        tell(How::Kind);
        return Ok(());
    }
    if left_meta.is_symlink() {
        let (one, other) = (fs::read_link(&left)?, fs::read_link(&right)?);
        if one != other {
            tell(How::Target {
                first: one,
                second: other,
            });
        }
        return Ok(());
    }
    if left_meta.is_dir() {
        let (ours, theirs) = (names(&left)?, names(&right)?);
        for name in ours.union(&theirs) {
            let below = path.join(name);
            match (ours.contains(name), theirs.contains(name)) {
                (true, true) => trees(first, second, &below, differences)?,
                (only_first, _) => differences.push(Difference {
                    file: below,
                    member: None,
                    how: if only_first {
                        How::OnlyFirst
                    } else {
                        How::OnlySecond
                    },
                }),
            }
        }
        return Ok(());
    }
    let executable = |meta: &fs::Metadata| meta.permissions().mode() & 0o111 != 0;
    if executable(&left_meta) != executable(&right_meta) {
        tell(How::Executable);
    }
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let (left, right) = (read(&left)?, read(&right)?);
    differences.extend(contents(path, &left, &right));
    Ok(())
}

fn names(folder: &Path) -> Result<BTreeSet<OsString>> {
    let failed = || format!("cannot list {}", folder.display());
    fs::read_dir(folder)
        .with_context(failed)?
        .map(|entry| Ok(entry.with_context(failed)?.file_name()))
        .collect()
}

/// Where two files differ: in each member that differs, for two archives with the same members.
fn contents(path: &Path, left: &[u8], right: &[u8]) -> Vec<Difference> {
    if left == right {
        return Vec::new();
    }
    let at = |member: Option<String>, how: How| Difference {
        file: path.to_path_buf(),
        member,
        how,
    };
    if let (Some(ours), Some(theirs)) = (archive::members(left), archive::members(right))
        && ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(a, b)| a.name == b.name)
    {
        let differing: Vec<Difference> = ours
            .iter()
            .zip(&theirs)
            .filter(|(a, b)| a.content != b.content)
            .map(|(a, b)| at(Some(a.name.clone()), how(a.content, b.content)))
            .collect();
        // Otherwise it is a header that differs, and the file as a whole shows it.
        if !differing.is_empty() {
            return differing;
        }
    }
    vec![at(None, how(left, right))]
}

fn how(left: &[u8], right: &[u8]) -> How {
    let common = left.len().min(right.len());
    let differing = |index: &usize| left[*index] != right[*index];
    let offset = (0..common).find(differing).unwrap_or(common);
    let bytes = (0..common).filter(differing).count() + left.len().abs_diff(right.len());
    How::Content {
        offset: offset as u64,
        bytes: bytes as u64,
        shown: show::both(left, right, offset),
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(member) = &self.member {
            write!(f, "({})", member.escape_debug())?;
        }
        match &self.how {
            How::OnlyFirst => write!(f, ": only in the first"),
            How::OnlySecond => write!(f, ": only in the second"),
            How::Kind => write!(f, ": of different kinds"),
            How::Executable => write!(f, ": only one may be run"),
            How::Target { first, second } => {
                write!(f, ": links to {} and {}", first.display(), second.display())
            }
            How::Content {
                offset,
                bytes,
                shown,
            } => write!(
                f,
                ": {bytes} bytes differ, the first at {offset} (0x{offset:x})\n{shown}"
            ),
        }
    }
}
