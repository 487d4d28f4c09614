//! Answers that can be asked for by their entity tag: "not modified" costs nothing of the limit.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use url::Url;

use super::answer::Answer;

/// An answer from before.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) etag: String,
    pub(super) body: Arc<[u8]>,
    pub(super) next: Option<String>,
}

/// Holds at most so many bytes of bodies; the oldest go first.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    held: usize,
    known: HashMap<String, Known>,
    order: VecDeque<String>,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            held: 0,
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn get(&self, url: &Url) -> Option<Known> {
        self.known.get(url.as_str()).cloned()
    }

    pub(super) fn put(&mut self, url: &Url, answer: &Answer) {
        self.remove(url.as_str());
        let size = answer.body.len();
        let Some(etag) = answer.etag.clone().filter(|_| size <= self.limit) else {
            return;
        };
        self.held += size;
        self.order.push_back(url.as_str().to_owned());
        let known = Known {
            etag,
            body: Arc::clone(&answer.body),
            next: answer.next.clone(),
        };
        self.known.insert(url.as_str().to_owned(), known);
        while self.held > self.limit {
            let Some(oldest) = self.order.front().cloned() else {
                return;
            };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, url: &str) {
        if let Some(gone) = self.known.remove(url) {
            self.held -= gone.body.len();
            self.order.retain(|held| held != url);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::Told;
    use super::*;

    fn answer(size: usize, etag: Option<&str>) -> Answer {
        Answer {
            status: 200,
            body: vec![0; size].into(),
            etag: etag.map(str::to_owned),
            next: None,
            location: None,
            told: Told::default(),
        }
    }

    #[test]
    fn it_stays_within_its_limit_and_drops_the_oldest() {
        let url = |n: u32| Url::parse(&format!("https://x/{n}")).unwrap();
        let mut cache = Cache::new(100);
        for n in 0..5 {
            cache.put(&url(n), &answer(40, Some("\"a\"")));
        }
        assert_eq!(
            (cache.held, cache.known.len(), cache.order.len()),
            (80, 2, 2)
        );
        assert!(cache.get(&url(2)).is_none() && cache.get(&url(4)).is_some());
        cache.put(&url(4), &answer(10, Some("\"b\"")));
        assert_eq!(cache.held, 50);
        cache.put(&url(4), &answer(10, None));
        assert!(cache.get(&url(4)).is_none(), "no tag, nothing to ask with");
        cache.put(&url(9), &answer(101, Some("\"c\"")));
        assert!(cache.get(&url(9)).is_none(), "larger than all");
    }
}
