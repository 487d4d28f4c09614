//! Search text: the same words for both databases, cut and folded here.

/// Longest word that is indexed or searched for, in characters.
const MAX_WORD: usize = 40;
/// Words of a document that are indexed at most.
const MAX_WORDS: usize = 400;

/// Words so common in advisories that they tell nothing. Sorted.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "has", "have", "in",
    "is", "it", "may", "of", "on", "or", "that", "the", "this", "to", "via", "was", "which",
    "with",
];

/// Cuts text into lower-case words of letters and digits, each once, in the order of their first
/// place, and joins them by spaces.
pub(crate) fn words<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut joined = String::new();
    for text in texts {
        for word in text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            if seen.len() == MAX_WORDS {
                return joined;
            }
            let word = fold(word);
            if COMMON.binary_search(&word.as_str()).is_err() && seen.insert(word.clone()) {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                joined.push_str(&word);
            }
        }
    }
    joined
}

/// An id as one word: `GHSA-abcd-1234` becomes `ghsaabcd1234`, so that it is found whole.
pub(crate) fn id_word(id: &str) -> String {
    fold(
        &id.chars()
            .filter(|letter| letter.is_alphanumeric())
            .collect::<String>(),
    )
}

/// What a person searches for: words, the last of which may be unfinished.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) words: Vec<String>,
}

impl Query {
    /// Never fails: what is not a letter or digit separates words. Common words are dropped unless
    /// there is nothing else.
    pub(crate) fn parse(text: &str) -> Self {
        const MAX_QUERY_WORDS: usize = 8;
        let mut words: Vec<String> = Vec::new();
        for chunk in text.split_whitespace().take(4 * MAX_QUERY_WORDS) {
            if looks_like_id(chunk) {
                words.push(id_word(chunk));
                continue;
            }
            words.extend(
                chunk
                    .split(|letter: char| !letter.is_alphanumeric())
                    .filter(|word| !word.is_empty())
                    .map(fold),
            );
        }
        words.dedup();
        let telling: Vec<String> = words
            .iter()
            .filter(|word| COMMON.binary_search(&word.as_str()).is_err())
            .cloned()
            .collect();
        let mut words = if telling.is_empty() { words } else { telling };
        words.truncate(MAX_QUERY_WORDS);
        Self { words }
    }

    /// As an FTS5 expression: all of the quoted words, the last as a prefix.
    pub(crate) fn fts5(&self, column: Option<&str>) -> String {
        let mut all: Vec<String> = self
            .words
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect();
        if let Some(last) = all.last_mut() {
            last.push('*');
        }
        match column {
            Some(column) => format!("{{{column}}} : ({})", all.join(" AND ")),
            None => all.join(" AND "),
        }
    }

    /// As the text of a PostgreSQL `tsquery`.
    pub(crate) fn tsquery(&self) -> String {
        let mut all: Vec<String> = self.words.iter().map(|word| format!("'{word}'")).collect();
        if let Some(last) = all.last_mut() {
            last.push_str(":*");
        }
        all.join(" & ")
    }
}

/// `CVE-2024-1234`, `GHSA-xxxx-xxxx-xxxx`, `RUSTSEC-2024-0001`: letters, then parts with hyphens.
fn looks_like_id(chunk: &str) -> bool {
    let mut parts = chunk.split('-');
    let prefix = parts.next().is_some_and(|part| {
        (2..=10).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let rest: Vec<&str> = parts.collect();
    prefix
        && rest.len() >= 2
        && rest
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && rest
            .iter()
            .any(|part| part.bytes().any(|byte| byte.is_ascii_digit()))
}

fn fold(word: &str) -> String {
    // Cut first: a hostile word may be megabytes long.
    let word: String = word.chars().take(MAX_WORD).collect();
    word.to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_sorted() {
        assert!(COMMON.is_sorted());
    }

    #[test]
    fn words_are_folded_and_unique() {
        assert_eq!(
            words(["A heap-based Overflow in the Überflow heap", "OpenSSL_3"]),
            "heap based overflow überflow openssl 3"
        );
    }

    #[test]
    fn hostile_queries_become_plain() {
        for text in [
            "\"",
            "'; DROP TABLE x; --",
            "AND OR NOT NEAR(",
            "a:b*",
            "\0\u{202e}",
            "{head}:x",
            "'\\'':*",
            "^",
            "",
        ] {
            let query = Query::parse(text);
            assert!(
                query
                    .words
                    .iter()
                    .all(|word| word.chars().all(char::is_alphanumeric)),
                "{query:?}"
            );
        }
    }

    #[test]
    fn ids_stay_whole() {
        assert_eq!(
            Query::parse("GHSA-jfh8-c2jp-5v3q").words,
            ["ghsajfh8c2jp5v3q"]
        );
        assert_eq!(
            Query::parse("use-after-free").words,
            ["use", "after", "free"]
        );
        assert_eq!(Query::parse("the").words, ["the"]);
    }
}
