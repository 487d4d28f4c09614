//! Long lists, cut so that no record can make a page of many megabytes.

/// A list in three parts: shown at once, shown on demand, and only counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capped<T> {
    /// Shown at once.
    pub shown: Vec<T>,
    /// Shown when the reader asks for it.
    pub more: Vec<T>,
    /// How many entries the page leaves out; the JSON form has them.
    pub omitted: usize,
}

impl<T> Capped<T> {
    /// Splits `items` after `show` entries, and leaves out what is past `limit`.
    pub fn new(items: impl IntoIterator<Item = T>, show: usize, limit: usize) -> Self {
        let mut items = items.into_iter();
        let shown = items.by_ref().take(show).collect();
        let more = items.by_ref().take(limit.saturating_sub(show)).collect();
        Self {
            shown,
            more,
            omitted: items.count(),
        }
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.more.is_empty() && self.omitted == 0
    }

    /// How many entries there are in all.
    pub fn total(&self) -> usize {
        self.shown.len() + self.more.len() + self.omitted
    }
}

/// Bytes of a text that a page holds at most; the JSON form has the whole.
const LONGEST: usize = 32 * 1024;

/// Text cut into what is shown at once and the rest, at a line or word end where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutText {
    /// Shown at once.
    pub lead: String,
    /// Shown when the reader asks for it.
    pub rest: String,
}

impl CutText {
    /// Cuts `text` near `length` bytes; text that is only a little longer stays whole.
    pub fn new(text: &str, length: usize) -> Self {
        let text = text.trim();
        if text.len() <= length + length / 4 {
            return Self {
                lead: text.to_owned(),
                rest: String::new(),
            };
        }
        let end = text.floor_char_boundary(length);
        let head = &text[..end];
        let cut = head
            .rfind("\n")
            .filter(|at| *at > length / 2)
            .or_else(|| head.rfind(char::is_whitespace))
            .filter(|at| *at > length / 2)
            .unwrap_or(end);
        let rest = text[cut..].trim();
        let (held, mark) = match rest.len() > LONGEST {
            true => (&rest[..rest.floor_char_boundary(LONGEST)], "…"),
            false => (rest, ""),
        };
        Self {
            lead: text[..cut].trim_end().to_owned(),
            rest: format!("{held}{mark}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_shown_folded_and_counted() {
        let list = Capped::new(0..10, 3, 7);
        assert_eq!((list.shown.len(), list.more.len(), list.omitted), (3, 4, 3));
        assert_eq!(list.total(), 10);
        assert!(Capped::<u8>::new([], 3, 7).is_empty());
    }

    #[test]
    fn text_is_cut_at_a_word_and_loses_nothing_but_space() {
        let cut = CutText::new(&"snow falls ".repeat(40), 100);
        assert!(cut.lead.len() <= 100 && cut.lead.ends_with(['w', 's']));
        assert_eq!(
            format!("{} {}", cut.lead, cut.rest),
            "snow falls ".repeat(40).trim()
        );
    }

    #[test]
    fn text_without_a_space_is_cut_at_a_character() {
        let cut = CutText::new(&"é".repeat(500), 101);
        assert_eq!(cut.lead.chars().count(), 50);
        assert_eq!(cut.rest.chars().count(), 450);
    }

    #[test]
    fn a_text_of_megabytes_does_not_make_a_page_of_megabytes() {
        let cut = CutText::new(&"é ".repeat(1 << 20), 100);
        assert!(cut.rest.len() <= LONGEST + 3 && cut.rest.ends_with('…'));
    }

    #[test]
    fn short_text_stays_whole() {
        assert_eq!(CutText::new(" hello ", 100).lead, "hello");
        assert_eq!(CutText::new(&"x".repeat(120), 100).rest, "");
    }
}
