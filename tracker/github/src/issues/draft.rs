//! What an issue should say.

use serde_json::{Map, Value, json};

use super::{Issue, IssueState};
use crate::error::GitHubError;
use crate::names::IssueKey;

/// GitHub's limit on a body, in characters.
const LONGEST_BODY: usize = 65_536;
/// GitHub's limit on a title, in characters.
const LONGEST_TITLE: usize = 256;

/// What an issue should say. The marker is added to the body as its last line, an HTML comment that
/// isn't shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueDraft {
    key: IssueKey,
    title: String,
    body: String,
    labels: Vec<String>,
    state: Option<IssueState>,
}

impl IssueDraft {
    /// `title`: one line. `body`: markdown; what comes from outside in it is the caller's to escape
    /// ([`IssueDraft::inert`]).
    ///
    /// # Errors
    /// [`GitHubError::Invalid`] when one of them is empty or longer than GitHub takes.
    pub fn new(key: IssueKey, title: &str, body: &str) -> Result<Self, GitHubError> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(GitHubError::invalid("title of an issue", &title));
        }
        let body = lines(body).trim_end().to_owned();
        let draft = Self {
            key,
            title,
            body,
            labels: Vec::new(),
            state: None,
        };
        if draft.body.is_empty() || draft.whole_body().chars().count() > LONGEST_BODY {
            return Err(GitHubError::invalid("body of an issue", &draft.body));
        }
        Ok(draft)
    }

    /// With labels, which are set when the issue is made and then left to people.
    #[must_use]
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = String>) -> Self {
        self.labels = labels.into_iter().collect();
        self
    }

    /// Open or closed; without this, what people did at GitHub stays.
    #[must_use]
    pub fn with_state(mut self, state: IssueState) -> Self {
        self.state = Some(state);
        self
    }

    /// The tracker's id of the issue.
    #[must_use]
    pub fn key(&self) -> &IssueKey {
        &self.key
    }

    /// Text from outside, such that in markdown it neither mentions anyone, nor refers to another issue,
    /// nor brings HTML, links or a marker.
    #[must_use]
    pub fn inert(text: &str) -> String {
        let mut inert = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            match c {
                '\n' => inert.push('\n'),
                c if c.is_control() => inert.push(' '),
                '&' => inert.push_str("&amp;"),
                '<' => inert.push_str("&lt;"),
                '>' => inert.push_str("&gt;"),
                // A comment ends the word, after which GitHub finds neither name, number nor address.
                '@' | '#' => {
                    inert.push(c);
                    inert.push_str("<!-- -->");
                }
                ':' => inert.push_str(":<!-- -->"),
                c if c.is_ascii_punctuation() && !",.;'\"%?/=".contains(c) => {
                    inert.push('\\');
                    inert.push(c);
                }
                c => inert.push(c),
            }
        }
        inert
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(super) fn whole_body(&self) -> String {
        format!("{}\n\n{}", self.body, marker(&self.key))
    }

    /// What has to change of an issue, as GitHub is told.
    pub(super) fn change_of(&self, issue: &Issue) -> Map<String, Value> {
        let mut change = Map::new();
        if issue.title != self.title {
            change.insert("title".to_owned(), json!(self.title));
        }
        let body = self.whole_body();
        if lines(&issue.body).trim_end() != body {
            change.insert("body".to_owned(), json!(body));
        }
        if let Some(state) = self.state.filter(|state| *state != issue.state) {
            let (state, reason) = match state {
                IssueState::Open => ("open", "reopened"),
                IssueState::Completed => ("closed", "completed"),
                IssueState::NotPlanned => ("closed", "not_planned"),
            };
            change.insert("state".to_owned(), json!(state));
            change.insert("state_reason".to_owned(), json!(reason));
        }
        change
    }
}

/// The line by which an issue is found again.
pub(super) fn marker(key: &IssueKey) -> String {
    format!("<!-- snowguard: {key} -->")
}

/// Whether the marker is the last line: one in the midst may be of a text from outside.
pub(super) fn ends_with(body: &str, marker: &str) -> bool {
    body.trim_end().lines().next_back() == Some(marker)
}

/// GitHub gives lines back as a browser sent them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> IssueKey {
        IssueKey::new("NIXPKGS-2026-0042").unwrap()
    }

    #[test]
    fn the_marker_counts_only_as_the_last_line() {
        let marker = marker(&key());
        assert!(ends_with(&format!("a\r\n\r\n{marker}\r\n"), &marker));
        assert!(!ends_with(&format!("{marker}\nand more"), &marker));
        assert!(!ends_with(&format!("quoted {marker}"), &marker));
        assert!(!ends_with("", &marker));
    }

    #[test]
    fn what_github_would_refuse_is_refused_before() {
        assert!(IssueDraft::new(key(), " \n", "b").is_err());
        assert!(IssueDraft::new(key(), "t", " ").is_err());
        assert!(IssueDraft::new(key(), &"t".repeat(257), "b").is_err());
        assert!(IssueDraft::new(key(), "t", &"b".repeat(65_536)).is_err());
        let draft = IssueDraft::new(key(), "a\r\ntitle", "b\r\nc").unwrap();
        assert_eq!(draft.title(), "a title");
        assert_eq!(
            draft.whole_body(),
            "b\nc\n\n<!-- snowguard: NIXPKGS-2026-0042 -->"
        );
    }

    #[test]
    fn text_from_an_advisory_mentions_nobody() {
        let text =
            "@NixOS/all see #1, <img src=x> [a](https://x.org/) `b` <!-- snowguard: X -->\u{7}";
        let inert = IssueDraft::inert(text);
        assert!(!inert.contains("@N") && !inert.contains("#1") && !inert.contains("https:/"));
        assert!(!inert.contains("<img") && !inert.contains("<!-- snow"));
        assert!(!inert.contains("[a]") && !inert.contains(" `b`"));
    }
}
