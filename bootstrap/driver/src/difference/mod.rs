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
    /// The member of an archive; in an archive within an archive, both, with `: ` between.
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

/// Archives within archives are looked into so deep.
const MAX_NESTED: usize = 4;

/// Where the contents of two files differ: in each member that differs, for two archives with the same members; in archives
/// within archives too.
pub fn contents(file: &Path, left: &[u8], right: &[u8]) -> Vec<Difference> {
    let mut differences = Vec::new();
    within(left, right, &mut Vec::new(), &mut |member, how| {
        differences.push(Difference {
            file: file.to_path_buf(),
            member,
            how,
        });
    });
    differences
}

fn within(
    left: &[u8],
    right: &[u8],
    members: &mut Vec<String>,
    tell: &mut dyn FnMut(Option<String>, How),
) {
    if left == right {
        return;
    }
    if members.len() < MAX_NESTED
        && let (Some(ours), Some(theirs)) = (archive::members(left), archive::members(right))
        && ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(a, b)| a.name == b.name)
    {
        let mut found = false;
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            found |= ours.content != theirs.content;
            members.push(ours.name);
            within(&ours.content, &theirs.content, members, tell);
            members.pop();
        }
        // Otherwise it is a header that differs, and the file as a whole shows it.
        if found {
            return;
        }
    }
    let member = (!members.is_empty()).then(|| members.join(": "));
    tell(member, how(left, right));
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = b"!<arch>\n".to_vec();
        for (name, content) in members {
            let size = content.len();
            archive
                .extend(format!("{name:16}{:12}{:6}{:6}{:8}{size:<10}`\n", 0, 0, 0, 644).bytes());
            archive.extend_from_slice(content);
            archive.resize(archive.len().next_multiple_of(2), b'\n');
        }
        archive
    }

    fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            builder
                .append_data(&mut header, name, *content)
                .expect("memory");
        }
        builder.into_inner().expect("memory")
    }

    fn gz(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(content).expect("memory");
        encoder.finish().expect("memory")
    }

    fn told(left: &[u8], right: &[u8]) -> Vec<(Option<String>, u64, u64)> {
        contents(Path::new("f"), left, right)
            .into_iter()
            .map(|difference| match difference.how {
                How::Content { offset, bytes, .. } => (difference.member, offset, bytes),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_member_and_its_first_byte_are_told() {
        let some = |member: &str| Some(member.to_owned());
        for archive in [ar, tar] {
            let left = archive(&[("a.o", b"same"), ("b.o", b"0123456"), ("c.o", b"x")]);
            let right = archive(&[("a.o", b"same"), ("b.o", b"0120456"), ("c.o", b"y")]);
            let expected = [(some("b.o"), 3, 1), (some("c.o"), 0, 1)];
            assert_eq!(told(&left, &right), expected);
            // Other members: the file as a whole.
            let other = archive(&[("a.o", b"same")]);
            assert_eq!(told(&left, &other)[0].0, None);
        }
        let long =
            |content: &[u8]| ar(&[("//", b"a_very_long_name_of_a_file.o/\n"), ("/0", content)]);
        assert_eq!(
            told(&long(b"1"), &long(b"2")),
            [(some("a_very_long_name_of_a_file.o"), 0, 1)]
        );
    }

    #[test]
    fn archives_within_archives_are_looked_into() {
        let make = |byte: &[u8]| gz(&tar(&[("lib/x.a", &ar(&[("m.o", byte)]))]), 6);
        assert_eq!(
            told(&make(b"1.2"), &make(b"1.3")),
            [(Some("unpacked: lib/x.a: m.o".to_owned()), 2, 1)]
        );
        // The same within: it is the packing that differs.
        let text = b"abcabcabcabcabcabc".repeat(50);
        let [(None, _, _)] = told(&gz(&text, 1), &gz(&text, 9)).as_slice() else {
            panic!("the packing");
        };
    }

    #[test]
    fn what_only_looks_like_an_archive_is_compared_whole() {
        let tar = tar(&[("a", &[7; 600])]);
        let gz = gz(&tar, 6);
        for broken in [
            &gz[..gz.len() / 2],
            &tar[..700],
            b"!<arch>\nxx",
            b"BZh9",
            b"\xfd7zXZ\0",
        ] {
            let mut other = broken.to_vec();
            *other.last_mut().expect("a byte") ^= 1;
            let [(None, offset, 1)] = told(broken, &other)[..] else {
                panic!("{broken:?}");
            };
            assert_eq!(offset as usize, broken.len() - 1);
        }
    }
}
