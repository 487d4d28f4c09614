//! What people changed about a suggestion: packages, maintainers, references, ranges. Kept apart
//! from what the matcher says, so that both can change without losing the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use snowguard_matching::order::Scheme;

use crate::command::Refusal;
use crate::text;

/// What somebody did with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Put in, though the matcher did not say so.
    Added,
    /// Taken out, though the matcher said so.
    Dropped,
}

impl Choice {
    /// As written in forms and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Dropped => "dropped",
        }
    }
}

/// Which list an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Attribute paths.
    Packages,
    /// Handles of maintainers.
    Maintainers,
    /// Addresses.
    References,
}

impl List {
    /// The list of a word, as forms and JSON write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "packages" => Some(Self::Packages),
            "maintainers" => Some(Self::Maintainers),
            "references" => Some(Self::References),
            _ => None,
        }
    }
}

/// A corrected affected range, half open: `from` ≤ version < `before`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// First affected version; nothing: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First version that is not affected any more; nothing: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl Range {
    /// Checks and takes it.
    ///
    /// # Errors
    /// [`Refusal::Empty`] without any bound, [`Refusal::Range`] where it holds no version,
    /// [`Refusal::TooLong`].
    pub fn new(from: &str, before: &str) -> Result<Self, Refusal> {
        let bound = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text::line("version", text).map(Some),
        };
        let range = Self {
            from: bound(from)?,
            before: bound(before)?,
        };
        match (&range.from, &range.before) {
            (None, None) => Err(Refusal::Empty { what: "range" }),
            (Some(from), Some(before)) if !is_before(from, before) => {
                Err(Refusal::Range(range.to_string()))
            }
            _ => Ok(range),
        }
    }

    /// Whether the version is in it, in Nixpkgs's order of versions.
    #[must_use]
    pub fn holds(&self, version: &str) -> bool {
        let after = self
            .from
            .as_deref()
            .is_none_or(|from| !is_before(version, from));
        let under = self
            .before
            .as_deref()
            .is_none_or(|before| is_before(version, before));
        after && under
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.from, &self.before) {
            (Some(from), Some(before)) => write!(f, "≥ {from}, < {before}"),
            (Some(from), None) => write!(f, "≥ {from}"),
            (None, Some(before)) => write!(f, "< {before}"),
            (None, None) => write!(f, "every version"),
        }
    }
}

fn is_before(a: &str, b: &str) -> bool {
    Scheme::Generic.compare(a, b) == Some(std::cmp::Ordering::Less)
}

/// All that was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edits {
    /// By attribute path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<String, Choice>,
    /// By handle.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub maintainers: BTreeMap<String, Choice>,
    /// By address.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, Choice>,
    /// By attribute path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, Range>,
}

impl Edits {
    /// Whether nothing was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts an entry in or takes it out; nothing takes the choice back.
    ///
    /// # Errors
    /// [`Refusal::TooMany`], and as [`text::line`] and [`text::address`].
    pub fn choose(
        &mut self,
        list: List,
        entry: &str,
        choice: Option<Choice>,
    ) -> Result<(), Refusal> {
        let (entries, entry) = match list {
            List::Packages => (&mut self.packages, text::line("attribute path", entry)?),
            List::Maintainers => (&mut self.maintainers, text::line("handle", entry)?),
            List::References => (&mut self.references, text::address(entry)?),
        };
        match choice {
            None => drop(entries.remove(&entry)),
            Some(choice) => {
                entries.insert(entry, choice);
            }
        }
        bounded(entries.len())
    }

    /// Corrects the affected range for a package; nothing takes the correction back.
    ///
    /// # Errors
    /// [`Refusal::TooMany`], and as [`text::line`].
    pub fn correct(&mut self, attr: &str, range: Option<Range>) -> Result<(), Refusal> {
        let attr = text::line("attribute path", attr)?;
        match range {
            None => drop(self.ranges.remove(&attr)),
            Some(range) => {
                self.ranges.insert(attr, range);
            }
        }
        bounded(self.ranges.len())
    }

    /// The packages: what the matcher says, without what was dropped, with what was added.
    pub fn packages<'a>(&'a self, matched: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        chosen(&self.packages, matched)
    }

    /// The maintainers, in the same way.
    pub fn maintainers<'a>(&'a self, of: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        chosen(&self.maintainers, of)
    }

    /// The references, in the same way.
    pub fn references<'a>(&'a self, of: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        chosen(&self.references, of)
    }
}

fn chosen<'a>(
    choices: &'a BTreeMap<String, Choice>,
    given: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let with = |wanted: Choice| {
        choices
            .iter()
            .filter(move |(_, choice)| **choice == wanted)
            .map(|(entry, _)| entry.as_str())
    };
    let mut all: BTreeSet<&str> = given.into_iter().collect();
    all.extend(with(Choice::Added));
    for dropped in with(Choice::Dropped) {
        all.remove(dropped);
    }
    all
}

fn bounded(entries: usize) -> Result<(), Refusal> {
    if entries > text::ENTRIES {
        return Err(Refusal::TooMany {
            most: text::ENTRIES,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_out_and_what_was_added_is_in() {
        let mut edits = Edits::default();
        edits
            .choose(List::Packages, "git", Some(Choice::Dropped))
            .unwrap();
        edits
            .choose(List::Packages, "gitFull", Some(Choice::Added))
            .unwrap();
        let packages: Vec<&str> = edits.packages(["git", "gitMinimal"]).into_iter().collect();
        assert_eq!(packages, ["gitFull", "gitMinimal"]);
        edits.choose(List::Packages, "git", None).unwrap();
        edits.choose(List::Packages, "gitFull", None).unwrap();
        assert!(edits.is_empty());
    }

    #[test]
    fn a_range_holds_its_first_version_and_not_its_end() {
        let range = Range::new("1.9", "1.10").unwrap();
        for (version, holds) in [
            ("1.8.9", false),
            ("1.9", true),
            ("1.9.9", true),
            ("1.10", false),
        ] {
            assert_eq!(range.holds(version), holds, "{version}");
        }
        assert!(Range::new("", "2").unwrap().holds("0"));
        assert!(matches!(Range::new("2", "1"), Err(Refusal::Range(_))));
        assert!(matches!(Range::new("1", "1"), Err(Refusal::Range(_))));
        assert!(matches!(Range::new(" ", ""), Err(Refusal::Empty { .. })));
    }

    #[test]
    fn too_many_entries_are_refused() {
        let mut edits = Edits::default();
        for number in 0..text::ENTRIES {
            edits
                .choose(List::Packages, &format!("p{number}"), Some(Choice::Added))
                .unwrap();
        }
        assert!(matches!(
            edits.choose(List::Packages, "one more", Some(Choice::Added)),
            Err(Refusal::TooMany { .. })
        ));
    }
}
