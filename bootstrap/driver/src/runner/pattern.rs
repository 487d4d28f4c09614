//! Patterns of paths, and the sorted list of what they match.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::graph::schema::Patterns;

/// No list is longer.
const MAX_MATCHES: usize = 200_000;

/// A pattern: `*`, `?` and `[a-z]` within one part of a path, `**` for any number of folders.
/// A `*`, `?` or `**` doesn't match a name that starts with a dot.
#[derive(Debug, Clone)]
pub struct Pattern(Vec<String>);

impl Pattern {
    /// A pattern for relative paths.
    pub fn new(text: &str) -> Self {
        let parts = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        Self(parts.map(str::to_owned).collect())
    }

    /// Whether `path` matches as a whole, or lies below a match.
    pub fn covers(&self, path: &str) -> bool {
        let parts: Vec<&[u8]> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::as_bytes)
            .collect();
        (1..=parts.len()).any(|length| matches_parts(&self.0, &parts[..length]))
    }
}

/// Whether a text has a character that makes it a pattern.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What `patterns` match from `folder`, as paths from `folder` (or absolute where the pattern is),
/// sorted within each pattern, without what `except` covers. A plain path has to exist.
pub fn find(folder: &Path, patterns: &Patterns, except: &[String]) -> Result<Vec<String>> {
    let except: Vec<Pattern> = except.iter().map(|text| Pattern::new(text)).collect();
    let mut all: Vec<String> = Vec::new();
    for text in patterns.as_slice() {
        let mut found = Vec::new();
        let start = super::paths::resolve(folder, text)?;
        if is_pattern(text) {
            let (base, shown, parts) = split(folder, text);
            walk(&base, &shown, &parts, &mut found)?;
            found.sort();
            if found.is_empty() {
                bail!("nothing matches `{text}` in {}", folder.display());
            }
        } else if start.symlink_metadata().is_ok() {
            found.push(text.clone());
        } else {
            bail!("there is no `{text}` in {}", folder.display());
        }
        found.retain(|path| !except.iter().any(|pattern| pattern.covers(path)));
        found.retain(|path| !all.contains(path) || patterns.as_slice().len() == 1);
        all.extend(found);
        if all.len() > MAX_MATCHES {
            bail!("`{text}` matches more than {MAX_MATCHES} paths");
        }
    }
    Ok(all)
}

/// The folder to start in, how it is shown, and the parts to match below it.
fn split(folder: &Path, text: &str) -> (PathBuf, String, Vec<String>) {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let plain = parts.iter().take_while(|part| !is_pattern(part)).count();
    let mut shown = if text.starts_with('/') { "/" } else { "" }.to_owned();
    shown.push_str(&parts[..plain].join("/"));
    let base = folder.join(&shown);
    let rest = parts[plain..].iter().map(|part| (*part).to_owned());
    (base, shown, rest.collect())
}

fn walk(folder: &Path, shown: &str, parts: &[String], found: &mut Vec<String>) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(());
    };
    if first == "**" {
        walk(folder, shown, rest, found)?;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // A part that is no folder, or not there, matches nothing below it.
        Err(_) => return Ok(()),
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let Ok(name) = entry.file_name().into_string() else {
            bail!("a name in {} is not UTF-8", folder.display());
        };
        let path = match shown {
            "" => name.clone(),
            "/" => format!("/{name}"),
            shown => format!("{shown}/{name}"),
        };
        let is_folder = entry
            .file_type()
            .with_context(|| format!("cannot look at {path}"))?
            .is_dir();
        if first == "**" {
            if is_folder && !name.starts_with('.') {
                walk(&entry.path(), &path, parts, found)?;
            }
        } else if matches_part(first.as_bytes(), name.as_bytes()) {
            if rest.is_empty() {
                found.push(path);
            } else if is_folder {
                walk(&entry.path(), &path, rest, found)?;
            }
        }
        if found.len() > MAX_MATCHES {
            bail!("a pattern matches more than {MAX_MATCHES} paths");
        }
    }
    Ok(())
}

fn matches_parts(pattern: &[String], path: &[&[u8]]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=path.len()).any(|skipped| matches_parts(rest, &path[skipped..]))
        }
        Some((first, rest)) => path.split_first().is_some_and(|(part, left)| {
            matches_part(first.as_bytes(), part) && matches_parts(rest, left)
        }),
    }
}

/// One part of a path against one part of a pattern, without backtracking further than to the last
/// `*`, so that no pattern takes exponential time.
fn matches_part(pattern: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b".") && !pattern.starts_with(b".") {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(length) = one(&pattern[p..], name[n]) {
            p += length;
            n += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How many bytes of the pattern match this one byte of a name.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => {
            let end = pattern.iter().skip(2).position(|b| *b == b']')? + 2;
            let (negated, set) = match pattern[1] {
                b'!' => (true, &pattern[2..end]),
                _ => (false, &pattern[1..end]),
            };
            (in_set(set, byte) != negated).then_some(end + 1)
        }
        plain => (plain == byte).then_some(1),
    }
}

fn in_set(mut set: &[u8], byte: u8) -> bool {
    while let Some(first) = set.first() {
        if set.len() >= 3 && set[1] == b'-' {
            if (*first..=set[2]).contains(&byte) {
                return true;
            }
            set = &set[3..];
        } else {
            if *first == byte {
                return true;
            }
            set = &set[1..];
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_match_as_in_a_shell() {
        let matches = |pattern: &str, name: &str| matches_part(pattern.as_bytes(), name.as_bytes());
        assert!(matches("*.c", "a.c") && matches("*", "x") && matches("a*b*c", "axxbyybzc"));
        assert!(matches("[a-c]?", "bz") && matches("[!a]x", "bx") && !matches("[!a]x", "ax"));
        assert!(!matches("*.c", "a.h") && !matches("*", ".hidden") && matches(".*", ".hidden"));
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
    }

    #[test]
    fn what_lies_below_a_match_is_covered() {
        let covers = |pattern: &str, path: &str| Pattern::new(pattern).covers(path);
        assert!(covers("src/complex", "src/complex/a.c") && covers("**/x.c", "a/b/x.c"));
        assert!(
            covers("**/x.c", "x.c") && covers("./a", "a") && !covers("src/comp", "src/complex")
        );
    }

    #[test]
    fn matches_are_sorted_and_a_miss_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["b/2.c", "a/1.c", "b/.x.c", "a/1.h", "c"] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("one")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let find = |text: &str, except: &[String]| {
            find(folder.path(), &Patterns::One(text.into()), except).map_err(|e| e.to_string())
        };
        assert_eq!(find("*/*.c", &[]).expect("two"), ["a/1.c", "b/2.c"]);
        assert_eq!(
            find("**/*.[ch]", &["b".into()]).expect("two"),
            ["a/1.c", "a/1.h"]
        );
        assert_eq!(find("c", &[]).expect("one"), ["c"]);
        assert!(
            find("*/*.x", &[]).is_err() && find("d", &[]).is_err() && find("../*", &[]).is_err()
        );
    }
}
