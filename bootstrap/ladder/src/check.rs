//! Compares sources and programs with what they have to be, and locates what differs.

use std::collections::BTreeMap;
use std::fmt;

use crate::derive::{Artifact, Derived};
use crate::notation::{Place, Source};
use crate::{Ladder, sha256};

/// A byte that is not what it has to be, or a file that has another hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A source is not the one that this program was built with.
    Source {
        /// The first line that differs.
        place: Place,
        /// The first byte that differs, counted from 0.
        offset: usize,
        /// What it has to be; none after the end.
        expected: Option<u8>,
        /// What it is; none after the end.
        found: Option<u8>,
    },
    /// A program or text that a rung made is not what the checker makes of the same sources.
    Made {
        /// The rung.
        rung: String,
        /// The file.
        path: String,
        /// The first byte that differs, counted from 0.
        offset: usize,
        /// What it has to be; none after the end.
        expected: Option<u8>,
        /// What it is; none after the end.
        found: Option<u8>,
        /// The line of the source that the expected byte came from.
        origin: Option<Place>,
    },
    /// What the checker makes does not have the recorded hash.
    Recorded {
        /// The file.
        path: String,
        /// The hash in `SHA256SUMS`; none if there is none.
        expected: Option<String>,
        /// The hash of what the checker made; none if it made no such file.
        found: Option<String>,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source {
                place,
                offset,
                expected,
                found,
            } => write!(
                f,
                "source {place}: byte {offset} is {}, expected {}",
                Shown(*found),
                Shown(*expected)
            ),
            Self::Made {
                rung,
                path,
                offset,
                expected,
                found,
                origin,
            } => {
                write!(
                    f,
                    "rung {rung}, {path}: byte {offset} (0x{offset:x}) is {}, expected {}",
                    Shown(*found),
                    Shown(*expected)
                )?;
                match origin {
                    Some(place) => write!(f, " from {place}"),
                    None => Ok(()),
                }
            }
            Self::Recorded {
                path,
                expected,
                found,
            } => write!(
                f,
                "{path}: SHA-256 {}, recorded {}",
                found.as_deref().unwrap_or("none"),
                expected.as_deref().unwrap_or("none")
            ),
        }
    }
}

struct Shown(Option<u8>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(byte) => write!(f, "{byte:02X}"),
            None => f.write_str("the end"),
        }
    }
}

/// Compares the sources of a ladder with others, file by file.
pub fn sources(expected: &Ladder, found: &BTreeMap<String, Source>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, source) in &expected.sources {
        let other = found.get(name).map_or(&[][..], |other| &other.text);
        let Some(offset) = first_difference(&source.text, other) else {
            continue;
        };
        let before = &source.text[..offset.min(source.text.len())];
        findings.push(Finding::Source {
            place: Place {
                file: source.name.clone(),
                line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            },
            offset,
            expected: source.text.get(offset).copied(),
            found: other.get(offset).copied(),
        });
    }
    findings
}

/// Compares a file that a rung made with what the checker makes.
pub fn made(rung: &str, path: &str, expected: &Artifact, found: &[u8]) -> Option<Finding> {
    let offset = first_difference(expected.bytes(), found)?;
    Some(Finding::Made {
        rung: rung.to_owned(),
        path: path.to_owned(),
        offset,
        expected: expected.bytes().get(offset).copied(),
        found: found.get(offset).copied(),
        origin: expected
            .origin(offset.min(expected.bytes().len().saturating_sub(1)))
            .cloned(),
    })
}

/// Compares the programs that the checkers make with the recorded hashes.
pub fn recorded(ladder: &Ladder, derived: &Derived) -> Vec<Finding> {
    let found: BTreeMap<&str, String> = derived
        .iter()
        .filter(|(_, artifact)| matches!(artifact, Artifact::Image(_)))
        .map(|(path, artifact)| (path.as_str(), sha256(artifact.bytes())))
        .collect();
    let paths = ladder.recorded.keys().map(String::as_str);
    let mut paths: Vec<&str> = paths.chain(found.keys().copied()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| ladder.recorded.get(*path) != found.get(path))
        .map(|path| Finding::Recorded {
            path: path.to_owned(),
            expected: ladder.recorded.get(path).cloned(),
            found: found.get(path).cloned(),
        })
        .collect()
}

/// The first offset at which two files differ, or where the shorter ends.
fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let common = left
        .iter()
        .zip(right)
        .position(|(left, right)| left != right);
    common.or_else(|| (left.len() != right.len()).then(|| left.len().min(right.len())))
}
