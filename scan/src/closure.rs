//! Store paths and what they refer to.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use snowguard_matching::package::Package;
use snowguard_nix_formats::StorePath;

use crate::recipe::Recipe;

/// The index of a path in its closure.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct PathIndex(pub(crate) u32);

impl PathIndex {
    /// The index of the path at a place; `None` beyond 4,294,967,295.
    #[must_use]
    pub fn new(place: usize) -> Option<Self> {
        u32::try_from(place).ok().map(Self)
    }
}

/// One store path.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The path.
    pub path: StorePath,
    /// What its content names, itself left out.
    pub references: Vec<PathIndex>,
    /// The derivations that are known to build it; often one, sometimes none.
    pub derivers: Vec<StorePath>,
    /// Its path follows from its content alone, and it refers to nothing: it was fetched, or added
    /// from a file. Nothing else is known of it where its derivation is gone.
    ///
    /// Source: Nix manual, "Content-Addressing Store Objects", "Fixed-output derivation outputs":
    /// these may not refer to other store objects.
    pub is_fixed: bool,
    /// What a bill of materials says of it, beside its path.
    pub said: Option<Box<Said>>,
}

/// What a bill of materials says of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The software's name.
    pub pname: String,
    /// Its version.
    pub version: String,
    /// Patches that were applied; there may be others.
    pub patches: Vec<String>,
}

/// A piece of software that is known without a store path: from a bill of materials or a channel.
#[derive(Debug, Clone)]
pub struct Named {
    /// How its document names it.
    pub label: String,
    /// What the document says.
    pub package: Package,
}

/// A set of store paths with what was asked for.
#[derive(Debug, Default)]
pub struct Closure {
    /// Each path once.
    pub entries: Vec<Entry>,
    /// Software without paths.
    pub named: Vec<Named>,
    /// What was asked for.
    pub roots: Vec<PathIndex>,
    /// Derivations that came with the input, by path.
    pub recipes: FxHashMap<StorePath, Recipe>,
    by_path: FxHashMap<StorePath, PathIndex>,
}

impl Closure {
    /// Makes room for so many more paths.
    pub fn reserve(&mut self, paths: usize) {
        self.by_path.reserve(paths);
        self.entries.reserve(paths);
    }

    /// The index of a path, which is added when it is new.
    pub fn add(&mut self, path: StorePath) -> PathIndex {
        if let Some(known) = self.by_path.get(&path) {
            return *known;
        }
        let index = PathIndex(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.by_path.insert(path.clone(), index);
        self.entries.push(Entry {
            path,
            references: Vec::new(),
            derivers: Vec::new(),
            is_fixed: false,
            said: None,
        });
        index
    }

    /// The index of a path.
    #[must_use]
    pub fn find(&self, path: &StorePath) -> Option<PathIndex> {
        self.by_path.get(path).copied()
    }

    /// The entry at an index.
    #[must_use]
    pub fn entry(&self, index: PathIndex) -> Option<&Entry> {
        self.entries.get(index.0 as usize)
    }

    /// The entry at an index, to add to it.
    pub fn entry_mut(&mut self, index: PathIndex) -> Option<&mut Entry> {
        self.entries.get_mut(index.0 as usize)
    }

    /// For each path, the path through which a root reaches it first; breadth first, so that the
    /// way back is a shortest one. A root has none. Linear in paths and references.
    #[must_use]
    pub fn parents(&self) -> Vec<Option<PathIndex>> {
        let mut parents = vec![None; self.entries.len()];
        let mut seen = vec![false; self.entries.len()];
        let mut queue: VecDeque<PathIndex> = VecDeque::new();
        for root in &self.roots {
            if let Some(seen) = seen.get_mut(root.0 as usize)
                && !std::mem::replace(seen, true)
            {
                queue.push_back(*root);
            }
        }
        while let Some(at) = queue.pop_front() {
            for next in self.entry(at).into_iter().flat_map(|e| &e.references) {
                let place = next.0 as usize;
                if seen.get(place) == Some(&false) {
                    seen[place] = true;
                    parents[place] = Some(at);
                    queue.push_back(*next);
                }
            }
        }
        parents
    }

    /// A shortest way from a root to a path, both ends included.
    #[must_use]
    pub fn why(&self, parents: &[Option<PathIndex>], to: PathIndex) -> Vec<&StorePath> {
        let mut way = Vec::new();
        let mut at = Some(to);
        while let Some(index) = at {
            way.extend(self.entry(index).map(|entry| &entry.path));
            at = parents.get(index.0 as usize).copied().flatten();
            if way.len() > self.entries.len() {
                break;
            }
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(digit: char, name: &str) -> StorePath {
        let digits: String = std::iter::repeat_n(digit, 32).collect();
        StorePath::from_base_name(&format!("{digits}-{name}")).unwrap()
    }

    #[test]
    fn a_way_is_a_shortest_one_and_loops_do_no_harm() {
        let mut closure = Closure::default();
        let system = closure.add(path('0', "system"));
        let a = closure.add(path('1', "a"));
        let b = closure.add(path('2', "b"));
        let c = closure.add(path('3', "c"));
        for (from, to) in [(system, a), (a, b), (b, c), (c, a), (system, b)] {
            closure.entry_mut(from).unwrap().references.push(to);
        }
        closure.roots.push(system);
        let parents = closure.parents();
        let way: Vec<&str> = closure
            .why(&parents, c)
            .into_iter()
            .map(StorePath::name)
            .collect();
        assert_eq!(way, ["system", "b", "c"]);
        assert_eq!(closure.why(&parents, system).len(), 1);
        assert_eq!(closure.add(path('1', "a")), a, "each path once");
    }
}
