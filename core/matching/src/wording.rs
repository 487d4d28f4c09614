//! Whether a judgement is put into words.

/// A scan judges tens of thousands of pairs and tells of a few. Verdict and tier never depend on
/// the words, so they are left out where nobody will read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// Every reason with its sentence and its place.
    Full,
    /// Codes alone.
    Codes,
}

impl Wording {
    /// A sentence, or nothing.
    pub(crate) fn say(self, sentence: impl FnOnce() -> String) -> String {
        match self {
            Self::Full => sentence(),
            Self::Codes => String::new(),
        }
    }
}
