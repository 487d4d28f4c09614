//! Unified patches, applied exactly: a hunk has to match line by line, at its place or at another,
//! and never approximately.
//!
//! Source: POSIX `patch`, "unified context"; GNU diffutils manual, "Unified Format".

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::files::put;

/// No patched file is larger.
const MAX_FILE: u64 = 64 << 20;

/// Why a patch doesn't apply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch itself is broken.
    #[error("line {line}: {what}")]
    Syntax {
        /// In the patch, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A path that may not be patched.
    #[error("line {line}: `{path}` is no path within the folder")]
    Path {
        /// In the patch.
        line: usize,
        /// As written.
        path: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        error: String,
    },
    /// The lines of a hunk are nowhere, or at several places none of which is its own.
    #[error(
        "{path}: the hunk at line {line} of the patch matches {places} places, none of them at line {wanted}"
    )]
    Hunk {
        /// The file.
        path: PathBuf,
        /// In the patch.
        line: usize,
        /// Where the hunk says that it belongs.
        wanted: usize,
        /// How many places match.
        places: usize,
    },
    /// The patch holds no hunk.
    #[error("the patch changes nothing")]
    Empty,
}

/// Applies `patch` in `folder`, with `strip` leading parts of each path left away.
///
/// # Errors
/// When it doesn't apply. Files before the one that fails were changed already.
pub fn apply(patch: &[u8], folder: &Path, strip: usize) -> Result<(), PatchError> {
    let lines: Vec<&[u8]> = split(patch);
    let mut at = 0;
    let mut hunks = 0;
    while at < lines.len() {
        if !lines[at].starts_with(b"--- ")
            || !lines.get(at + 1).is_some_and(|l| l.starts_with(b"+++ "))
        {
            at += 1;
            continue;
        }
        let old = header(lines[at], at + 1, strip)?;
        let new = header(lines[at + 1], at + 2, strip)?;
        at += 2;
        hunks += file(&lines, &mut at, folder, old, new)?;
    }
    if hunks == 0 {
        return Err(PatchError::Empty);
    }
    Ok(())
}

/// Lines with their ends.
fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// The path of a `---` or `+++` line; none for `/dev/null`.
fn header(line: &[u8], number: usize, strip: usize) -> Result<Option<PathBuf>, PatchError> {
    let text = String::from_utf8_lossy(&line[4..]);
    let name = text.split('\t').next().unwrap_or_default().trim_end();
    if name == "/dev/null" {
        return Ok(None);
    }
    let path: PathBuf = Path::new(name).components().skip(strip).collect();
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if path.as_os_str().is_empty() || !plain {
        return Err(PatchError::Path {
            line: number,
            path: name.to_owned(),
        });
    }
    Ok(Some(path))
}

struct Hunk<'a> {
    line: usize,
    /// Where the old lines start, from 1.
    start: usize,
    old: Vec<&'a [u8]>,
    new: Vec<&'a [u8]>,
}

/// Applies the hunks of one file; their number.
fn file(
    lines: &[&[u8]],
    at: &mut usize,
    folder: &Path,
    old: Option<PathBuf>,
    new: Option<PathBuf>,
) -> Result<usize, PatchError> {
    let header_line = *at;
    let mut hunks = Vec::new();
    while lines.get(*at).is_some_and(|line| line.starts_with(b"@@ ")) {
        hunks.push(hunk(lines, at)?);
    }
    let Some(path) = new.as_ref().or(old.as_ref()) else {
        return Err(PatchError::Syntax {
            line: header_line,
            what: "both files are /dev/null",
        });
    };
    let path = folder.join(path);
    let failed = |error: String| PatchError::File {
        path: path.clone(),
        error,
    };
    no_links(folder, &path).map_err(failed)?;
    let mut executable = false;
    let content = match &old {
        None if path.symlink_metadata().is_ok() => {
            return Err(failed("is to be made, and is there already".into()));
        }
        None => Vec::new(),
        Some(_) => {
            let meta = path
                .symlink_metadata()
                .map_err(|error| failed(error.to_string()))?;
            if !meta.is_file() || meta.len() > MAX_FILE {
                return Err(failed("is no file, or too large".into()));
            }
            executable = meta.permissions().mode() & 0o111 != 0;
            fs::read(&path).map_err(|error| failed(error.to_string()))?
        }
    };
    let patched = patched(&content, &hunks, &path)?;
    if new.is_none() {
        if !patched.is_empty() {
            return Err(failed(
                "is to be removed, and is not empty after the patch".into(),
            ));
        }
        fs::remove_file(&path).map_err(|error| failed(error.to_string()))?;
    } else {
        put(&path, &patched, executable).map_err(|error| failed(format!("{error:#}")))?;
    }
    Ok(hunks.len())
}

/// A patch must not write through a link out of its folder.
fn no_links(folder: &Path, path: &Path) -> Result<(), String> {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let mut walked = folder.to_path_buf();
    for part in inside.components() {
        walked.push(part);
        if walked
            .symlink_metadata()
            .is_ok_and(|meta| meta.is_symlink())
        {
            return Err(format!("{} is a symbolic link", walked.display()));
        }
    }
    Ok(())
}

fn hunk<'a>(lines: &[&'a [u8]], at: &mut usize) -> Result<Hunk<'a>, PatchError> {
    let line = *at + 1;
    let wrong = |line: usize, what: &'static str| PatchError::Syntax { line, what };
    let text = String::from_utf8_lossy(lines[*at]).into_owned();
    let (start, old_count, new_count) =
        ranges(&text).ok_or_else(|| wrong(line, "a hunk's header is not `@@ -A,B +C,D @@`"))?;
    *at += 1;
    let mut hunk = Hunk {
        line,
        start,
        old: Vec::new(),
        new: Vec::new(),
    };
    while hunk.old.len() < old_count || hunk.new.len() < new_count {
        let Some(text) = lines.get(*at) else {
            return Err(wrong(*at, "the patch ends within a hunk"));
        };
        let (kind, rest) = match text.first() {
            // Some mailers cut the space of an empty line.
            Some(b'\n') | None => (b' ', *text),
            Some(kind) => (*kind, &text[1..]),
        };
        let rest = without_end(rest, lines.get(*at + 1));
        match kind {
            b' ' => {
                hunk.old.push(rest);
                hunk.new.push(rest);
            }
            b'-' => hunk.old.push(rest),
            b'+' => hunk.new.push(rest),
            b'\\' => {}
            _ => {
                return Err(wrong(
                    *at + 1,
                    "a line of a hunk starts with none of ` -+\\`",
                ));
            }
        }
        *at += 1;
    }
    if lines.get(*at).is_some_and(|line| line.starts_with(b"\\")) {
        *at += 1;
    }
    if hunk.old.len() != old_count || hunk.new.len() != new_count {
        return Err(wrong(line, "a hunk has other lines than its header counts"));
    }
    Ok(hunk)
}

/// Takes the line end away where the next line says that there is none.
fn without_end<'a>(line: &'a [u8], next: Option<&&[u8]>) -> &'a [u8] {
    if next.is_some_and(|next| next.starts_with(b"\\")) {
        line.strip_suffix(b"\n").unwrap_or(line)
    } else {
        line
    }
}

/// `@@ -A,B +C,D @@` as A, B, D.
fn ranges(text: &str) -> Option<(usize, usize, usize)> {
    let mut words = text.strip_prefix("@@ ")?.split(' ');
    let range = |word: &str| -> Option<(usize, usize)> {
        match word.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((word.parse().ok()?, 1)),
        }
    };
    let (start, old) = range(words.next()?.strip_prefix('-')?)?;
    let (_, new) = range(words.next()?.strip_prefix('+')?)?;
    (words.next()?.trim_end() == "@@").then_some((start, old, new))
}

fn patched(content: &[u8], hunks: &[Hunk<'_>], path: &Path) -> Result<Vec<u8>, PatchError> {
    let lines = split(content);
    let mut result: Vec<&[u8]> = Vec::new();
    let mut done = 0;
    let mut shift = 0_isize;
    for hunk in hunks {
        // A hunk without old lines names the line before it.
        let first = if hunk.old.is_empty() {
            hunk.start
        } else {
            hunk.start.saturating_sub(1)
        };
        let wanted = first.saturating_add_signed(shift);
        let at = place(&lines, &hunk.old, wanted, done).map_err(|places| PatchError::Hunk {
            path: path.to_path_buf(),
            line: hunk.line,
            wanted: hunk.start,
            places,
        })?;
        shift += at.cast_signed() - wanted.cast_signed();
        result.extend(&lines[done..at]);
        result.extend(&hunk.new);
        done = at + hunk.old.len();
    }
    result.extend(&lines[done..]);
    Ok(result.concat())
}

/// Where `old` stands: at `wanted`, or at the only other place after `from`. The error is the number
/// of places.
fn place(lines: &[&[u8]], old: &[&[u8]], wanted: usize, from: usize) -> Result<usize, usize> {
    let matches = |at: usize| {
        lines
            .get(at..at + old.len())
            .is_some_and(|there| there == old)
    };
    if wanted >= from && matches(wanted) {
        return Ok(wanted);
    }
    if old.is_empty() {
        return Err(0);
    }
    let places: Vec<usize> = (from..=lines.len().saturating_sub(old.len()))
        .filter(|at| matches(*at))
        .collect();
    match places.as_slice() {
        [only] => Ok(*only),
        several => Err(several.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply_to(content: &str, patch: &str) -> Result<String, PatchError> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("f"), content).expect("a file");
        apply(patch.as_bytes(), folder.path(), 1)?;
        Ok(fs::read_to_string(folder.path().join("f")).unwrap_or_default())
    }

    #[test]
    fn hunks_apply_at_their_place_or_at_the_only_other() {
        let patch = "--- a/f\n+++ b/f\n@@ -2,2 +2,2 @@\n b\n-c\n+C\n@@ -5 +5,2 @@\n-e\n+E\n+F\n";
        assert_eq!(
            apply_to("a\nb\nc\nd\ne\n", patch).expect("fits"),
            "a\nb\nC\nd\nE\nF\n"
        );
        assert_eq!(
            apply_to("x\na\nb\nc\nd\ne\n", patch).expect("shifted"),
            "x\na\nb\nC\nd\nE\nF\n"
        );
    }

    #[test]
    fn an_ambiguous_or_missing_place_is_an_error() {
        let patch = "--- a/f\n+++ b/f\n@@ -9 +9 @@\n-b\n+B\n";
        assert!(matches!(
            apply_to("b\nb\n", patch),
            Err(PatchError::Hunk { places: 2, .. })
        ));
        assert!(matches!(
            apply_to("a\n", patch),
            Err(PatchError::Hunk { places: 0, .. })
        ));
    }

    #[test]
    fn a_missing_last_line_end_is_kept_and_changed() {
        let patch = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n";
        assert_eq!(apply_to("a", patch).expect("fits"), "b\n");
        assert!(apply_to("a\n", patch).is_err());
    }

    #[test]
    fn files_are_made_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = "--- /dev/null\n+++ b/d/n\n@@ -0,0 +1 @@\n+x\n";
        apply(make.as_bytes(), folder.path(), 1).expect("made");
        assert_eq!(
            fs::read_to_string(folder.path().join("d/n")).expect("it"),
            "x\n"
        );
        assert!(
            apply(make.as_bytes(), folder.path(), 1).is_err(),
            "it is there"
        );
        let remove = "--- a/d/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        apply(remove.as_bytes(), folder.path(), 1).expect("removed");
        assert!(!folder.path().join("d/n").exists());
    }

    #[test]
    fn a_patch_can_not_lead_out_of_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("/tmp", folder.path().join("l")).expect("a link");
        for path in ["b/../../x", "b//etc/../../x", "b/l/x"] {
            let patch = format!("--- /dev/null\n+++ {path}\n@@ -0,0 +1 @@\n+x\n");
            assert!(apply(patch.as_bytes(), folder.path(), 1).is_err(), "{path}");
        }
        for broken in [
            "",
            "--- a\n+++ b\n@@ x\n",
            "--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n x\n",
        ] {
            assert!(
                apply(broken.as_bytes(), folder.path(), 1).is_err(),
                "{broken:?}"
            );
        }
    }
}
