//! What words were found to mean, kept until a record changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::dirty::Stamp;

/// Texts kept; with [`super::queue::WORDS`] advisories each, at most 2.5 MB.
const TEXTS: usize = 64;

/// Texts and the advisories that they come to, all as of one stamp.
#[derive(Debug, Default)]
pub(crate) struct WordCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    stamp: Option<Stamp>,
    texts: HashMap<String, Vec<i64>>,
}

impl WordCache {
    /// What a text came to at this stamp, if it is known.
    pub(crate) fn get(&self, text: &str, stamp: Stamp) -> Option<Vec<i64>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.texts.get(text)?;
        (kept.stamp == Some(stamp)).then(|| known.clone())
    }

    /// Keeps what a text came to. What is known of another stamp goes, and everything when there is too much.
    pub(crate) fn put(&self, text: &str, stamp: Stamp, advisories: &[i64]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.stamp.is_some_and(|known| known > stamp) {
            return;
        }
        if kept.stamp != Some(stamp) || kept.texts.len() >= TEXTS {
            kept.texts.clear();
            kept.stamp = Some(stamp);
        }
        kept.texts.insert(text.to_owned(), advisories.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_goes_with_the_stamp_and_stays_small() {
        let cache = WordCache::default();
        cache.put("a", Stamp(3), &[1, 2]);
        assert_eq!(cache.get("a", Stamp(3)), Some(vec![1, 2]));
        assert_eq!(cache.get("a", Stamp(4)), None, "a record has changed");
        assert_eq!(cache.get("b", Stamp(3)), None);
        cache.put("b", Stamp(2), &[9]);
        assert_eq!(cache.get("b", Stamp(2)), None, "read before the change");
        cache.put("b", Stamp(4), &[5]);
        assert_eq!(cache.get("a", Stamp(3)), None);
        for text in 0..TEXTS {
            cache.put(&text.to_string(), Stamp(4), &[]);
        }
        assert_eq!(cache.get("b", Stamp(4)), None);
        assert_eq!(cache.get("63", Stamp(4)), Some(vec![]));
    }
}
