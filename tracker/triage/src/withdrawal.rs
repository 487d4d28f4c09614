//! Issues that should not have been published.

use serde::{Deserialize, Serialize};

use crate::command::Refusal;
use crate::issue::{Issue, Stage};
use crate::text;

/// That an issue does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Since when, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Why, in a line.
    pub reason: String,
}

impl Issue {
    /// The issue as one that should not have been published. It stays where it is, so that whoever has read it learns of
    /// that; its suggestions are free for another issue, and come back when it is reopened.
    ///
    /// # Errors
    /// [`Refusal::State`] for one that is not public or is withdrawn already, and as [`text::line`].
    pub fn withdraw(&self, reason: &str, at: i64) -> Result<Self, Refusal> {
        if self.stage == Stage::Draft || self.withdrawn.is_some() {
            return Err(Refusal::State {
                state: self.stage.state(),
                word: "withdraw",
            });
        }
        Ok(Self {
            stage: Stage::Resolved,
            withdrawn: Some(Withdrawn {
                at,
                reason: text::line("reason", reason)?,
            }),
            ..self.clone()
        })
    }

    /// The draft as one that nobody goes on with. It stays for whoever wrote it, its number is not given again, and its
    /// suggestions are free for another issue; [`Issue::staged`] takes it up again.
    ///
    /// # Errors
    /// [`Refusal::State`] for one that is public or is dropped already.
    pub fn dropped(&self, at: i64) -> Result<Self, Refusal> {
        if self.stage != Stage::Draft || self.withdrawn.is_some() {
            return Err(Refusal::State {
                state: self.stage.state(),
                word: "drop",
            });
        }
        Ok(Self {
            withdrawn: Some(Withdrawn {
                at,
                reason: "the draft was dropped".to_owned(),
            }),
            ..self.clone()
        })
    }

    /// The advisories whose suggestions it holds; one that is withdrawn holds none.
    #[must_use]
    pub fn holds(&self) -> &[String] {
        match &self.withdrawn {
            None => &self.advisories,
            Some(_) => &[],
        }
    }

    /// How far it has come, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (&self.withdrawn, self.stage) {
            (None, stage) => stage.as_str(),
            (Some(_), Stage::Draft) => "dropped",
            (Some(_), Stage::Published | Stage::Resolved) => "withdrawn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_withdrawn_holds_nothing_until_it_is_reopened() {
        let draft = Issue {
            advisories: vec!["CVE-2026-1".to_owned()],
            ..Issue::default()
        };
        assert!(
            draft.withdraw("wrong package", 5).is_err(),
            "it is not public"
        );
        let dropped = draft.dropped(5).unwrap();
        assert_eq!((dropped.word(), dropped.holds().len()), ("dropped", 0));
        assert!(dropped.dropped(6).is_err() && dropped.staged(Stage::Published).is_err());
        assert_eq!(dropped.staged(Stage::Draft).unwrap(), draft);
        assert!(draft.staged(Stage::Draft).is_err());
        let published = draft.staged(Stage::Published).unwrap();
        assert!(published.dropped(5).is_err(), "it is public");
        assert!(published.withdraw(" ", 5).is_err(), "without a reason");
        let withdrawn = published.withdraw("wrong package", 5).unwrap();
        assert_eq!(
            (withdrawn.word(), withdrawn.holds().len()),
            ("withdrawn", 0)
        );
        assert!(withdrawn.withdraw("again", 6).is_err());
        let reopened = withdrawn.staged(Stage::Published).unwrap();
        assert_eq!((reopened.word(), reopened.holds().len()), ("published", 1));
    }
}
