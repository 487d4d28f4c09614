//! The triage part of an advisory's page: where it stands, what can be done, what was done.

use snowguard_tracker_db::{Activity, StoredSuggestion};
use snowguard_tracker_triage::command::Decision;
use snowguard_tracker_triage::dismissal::{Dismissal, Reason};
use snowguard_tracker_triage::edits::Choice;
use snowguard_tracker_triage::state::State;

use crate::pages::triage::log::Entry;
use crate::show::path;
use crate::show::time::Millis;

/// What the panel is made from.
#[derive(Debug)]
pub struct Input {
    /// The suggestion.
    pub stored: StoredSuggestion,
    /// Packages of the page's part, tied in tier high or medium.
    pub attrs: Vec<String>,
    /// Name of who looks at it.
    pub assignee: Option<String>,
    /// Name of who proposes.
    pub proposer: Option<String>,
    /// Its log, the newest first.
    pub activity: Vec<Activity>,
    /// First vendor and product that the advisory names.
    pub product: Option<(String, String)>,
    /// What the reader may do.
    pub powers: Powers,
}

/// What the reader may do with this suggestion.
#[derive(Debug, Clone, Copy)]
pub struct Powers {
    /// Decide and edit.
    pub triages: bool,
    /// Bundle into issues.
    pub drafts: bool,
    /// Keep a correction as a rule.
    pub makes_rules: bool,
    /// Propose, as a maintainer of one of the packages.
    pub proposes: bool,
}

/// The panel.
#[derive(Debug)]
pub struct Panel {
    /// Advisory's id.
    pub id: String,
    /// Where its forms go.
    pub action: String,
    /// Goes along with each form.
    pub revision: i64,
    /// Its state, as words and as the style's class.
    pub state: (&'static str, &'static str),
    /// Why it was dismissed.
    pub dismissal: Option<String>,
    /// Who looks at it.
    pub assignee: Option<String>,
    /// The issue that holds it: id and address.
    pub issue: Option<(String, String)>,
    /// What changed since the decision.
    pub returned: Vec<String>,
    /// Who proposes, and what.
    pub proposal: Option<(String, String)>,
    /// Commands that apply: word and title; dismissing stands apart.
    pub commands: Vec<(&'static str, &'static str)>,
    /// Whether dismissing applies.
    pub dismisses: bool,
    /// Structured reasons.
    pub reasons: Vec<(&'static str, &'static str)>,
    /// Packages, and whether each was added, dropped, or neither.
    pub packages: Vec<Edited>,
    /// Added and dropped references.
    pub references: Vec<Edited>,
    /// Corrected ranges: package and range.
    pub ranges: Vec<(String, String)>,
    /// Vendor and product for a rule.
    pub product: (String, String),
    /// Whether it can become an issue.
    pub can_draft: bool,
    /// What the reader may do.
    pub powers: Powers,
    /// Its log.
    pub log: Vec<Entry>,
}

/// An entry of an edited list.
#[derive(Debug)]
pub struct Edited {
    /// The entry.
    pub entry: String,
    /// `added`, `dropped`, or empty.
    pub choice: &'static str,
}

impl Panel {
    /// Builds it as seen at `now`.
    pub fn new(input: Input, now: Millis) -> Self {
        let Input {
            stored,
            attrs,
            assignee,
            proposer,
            activity,
            product,
            powers,
        } = input;
        let suggestion = &stored.suggestion;
        let packages = suggestion.edits.packages.keys().chain(&attrs);
        let packages: std::collections::BTreeSet<&String> = packages.collect();
        let choice = |choice: Option<&Choice>| choice.map_or("", |choice| choice.as_str());
        let packages = packages.into_iter().map(|attr| Edited {
            entry: attr.clone(),
            choice: choice(suggestion.edits.packages.get(attr)),
        });
        let references = suggestion.edits.references.iter();
        let ranges = suggestion.edits.ranges.iter();
        Self {
            action: format!("{}/decide", path::advisory(&stored.advisory)),
            revision: stored.revision,
            state: (suggestion.state.title(), suggestion.state.as_str()),
            dismissal: suggestion.dismissal.as_ref().map(sentence),
            assignee,
            issue: stored
                .issue
                .map(|id| (id.to_string(), format!("/issue/{id}"))),
            returned: suggestion
                .returned
                .iter()
                .map(|change| change.sentence())
                .collect(),
            proposal: suggestion.proposal.as_ref().map(|proposal| {
                let what = match &proposal.decision {
                    Decision::Accept { comment } if comment.is_empty() => "accept it".to_owned(),
                    Decision::Accept { comment } => format!("accept it: {comment}"),
                    Decision::Dismiss(dismissal) => format!("dismiss it: {}", sentence(dismissal)),
                };
                (proposer.unwrap_or_default(), what)
            }),
            commands: commands(&stored),
            dismisses: !suggestion.state.is_bundled(),
            reasons: Reason::ALL
                .map(|reason| (reason.as_str(), reason.title()))
                .to_vec(),
            packages: packages.collect(),
            references: references
                .map(|(entry, choice)| Edited {
                    entry: entry.clone(),
                    choice: choice.as_str(),
                })
                .collect(),
            ranges: ranges
                .map(|(attr, range)| (attr.clone(), range.to_string()))
                .collect(),
            product: product.unwrap_or_default(),
            can_draft: suggestion.state == State::Accepted,
            powers,
            log: activity
                .into_iter()
                .map(|entry| Entry::new(entry, now))
                .collect(),
            id: stored.advisory,
        }
    }
}

pub(super) fn sentence(dismissal: &Dismissal) -> String {
    match (dismissal.reason, dismissal.comment.as_str()) {
        (Some(reason), "") => reason.title().to_owned(),
        (Some(reason), comment) => format!("{} – {comment}", reason.title()),
        (None, comment) => comment.to_owned(),
    }
}

/// Commands that apply in this state.
fn commands(stored: &StoredSuggestion) -> Vec<(&'static str, &'static str)> {
    let suggestion = &stored.suggestion;
    let mut commands = Vec::new();
    let mut add = |applies: bool, word, title| {
        if applies {
            commands.push((word, title));
        }
    };
    add(suggestion.proposal.is_some(), "confirm", "Confirm proposal");
    add(suggestion.proposal.is_some(), "turn_down", "Turn down");
    add(
        !suggestion.returned.is_empty(),
        "acknowledge",
        "Seen, decision stays",
    );
    add(
        suggestion.state.leads_to(State::Accepted) && !suggestion.state.is_bundled(),
        "accept",
        "Accept",
    );
    add(suggestion.state == State::New, "take", "Take");
    add(suggestion.state == State::UnderReview, "release", "Release");
    add(
        matches!(suggestion.state, State::Accepted | State::Dismissed),
        "reopen",
        "Reopen",
    );
    commands
}
