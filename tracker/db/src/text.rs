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

/// The same as numbers, which compare faster than words; this is asked of every word.
const COMMON_NUMBERS: [u64; COMMON.len()] = {
    let mut numbers = [0; COMMON.len()];
    let mut at = 0;
    while at < COMMON.len() {
        numbers[at] = number(COMMON[at].as_bytes());
        at += 1;
    }
    numbers
};

/// The letters of a word of at most eight bytes as one number.
const fn number(word: &[u8]) -> u64 {
    let mut number = 0;
    let mut at = 0;
    while at < word.len() {
        number = number << 8 | word[at] as u64;
        at += 1;
    }
    number
}

/// Cuts text into lower-case words of letters and digits, each once, in the order of their first
/// place, and joins them by spaces.
pub(crate) fn words<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    // This runs over every description that comes in: a word is written in its place at once, and
    // taken back when it is there already, which its hash tells.
    let mut joined = String::with_capacity(256);
    let mut seen = rustc_hash::FxHashSet::with_capacity_and_hasher(128, rustc_hash::FxBuildHasher);
    for text in texts {
        let mut letters = text.chars();
        loop {
            let start = joined.len();
            if start > 0 {
                joined.push(' ');
            }
            let word_start = joined.len();
            let Some(word) = next_word(&mut letters, &mut joined) else {
                joined.truncate(start);
                break;
            };
            let is_new = !is_common(&joined[word_start..]) && seen.insert(word);
            if !is_new {
                joined.truncate(start);
            }
            if seen.len() >= MAX_WORDS {
                return joined;
            }
        }
    }
    joined
}

/// Appends the next word, in lower case and cut to the longest length, and gives its hash.
fn next_word(letters: &mut std::str::Chars<'_>, into: &mut String) -> Option<u64> {
    // FNV-1a. Who makes two words collide hides a word of their own text.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut length = 0;
    for letter in letters {
        if letter.is_ascii_alphanumeric() {
            if length < MAX_WORD {
                let letter = letter.to_ascii_lowercase();
                into.push(letter);
                hash = (hash ^ u64::from(letter)).wrapping_mul(0x0000_0100_0000_01b3);
                length += 1;
            }
        } else if !letter.is_ascii() && letter.is_alphanumeric() {
            // Cut while reading: a hostile word may be megabytes long.
            if length < MAX_WORD {
                for letter in letter
                    .to_lowercase()
                    .filter(|letter| letter.is_alphanumeric())
                {
                    into.push(letter);
                    hash = (hash ^ u64::from(letter)).wrapping_mul(0x0000_0100_0000_01b3);
                }
                length += 1;
            }
        } else if length > 0 {
            break;
        }
    }
    (length > 0).then_some(hash)
}

/// Visits the words of a text, as [`words`] cuts them.
fn each_word(text: &str, mut visit: impl FnMut(&str)) {
    let mut letters = text.chars();
    let mut word = String::new();
    while next_word(&mut letters, &mut word).is_some() {
        visit(&word);
        word.clear();
    }
}

fn is_common(word: &str) -> bool {
    // None begins with a digit or a letter from x on, which spares looking up most versions.
    word.len() <= 5
        && matches!(word.as_bytes()[0], b'a'..=b'w')
        && COMMON_NUMBERS.contains(&number(word.as_bytes()))
}

/// An id as one word: `GHSA-abcd-1234` becomes `ghsaabcd1234`, so that it is found whole.
pub(crate) fn id_word(id: &str) -> String {
    let whole: String = id
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let mut folded = String::new();
    each_word(&whole, |word| folded.push_str(word));
    folded
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
            each_word(chunk, |word| words.push(word.to_owned()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_sorted() {
        assert!(COMMON.is_sorted() && COMMON.iter().all(|word| is_common(word)));
    }

    #[test]
    fn words_are_folded_and_unique() {
        assert_eq!(
            words(["A heap-based Overflow in the Überflow heap", "OpenSSL_3"]),
            "heap based overflow überflow openssl 3"
        );
    }

    #[test]
    fn a_query_folds_as_the_text_did() {
        for text in [
            "ÜBERFLOW straße İstanbul ΣΑΣ",
            "K\u{212a}elvin",
            "ﬁne 日本語 x1e5",
            &"long".repeat(30),
        ] {
            let indexed = words([text]);
            for word in Query::parse(text).words {
                assert!(
                    indexed.split(' ').any(|indexed| indexed == word),
                    "{word} in {indexed}"
                );
            }
        }
        let many: String = (0..1000).map(|number| format!("w{number} ")).collect();
        assert_eq!(words([many.as_str(), "more"]).split(' ').count(), MAX_WORDS);
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
