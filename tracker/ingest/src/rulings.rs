//! What people decided, in the form in which a scanner takes it: rulings that set findings aside.
//!
//! A ruling only ever takes away, so one is made only where the decision holds for whoever scans:
//! - a dismissal whose reason is about the advisory as a whole (another product, a hosted service …) holds for every
//!   package; one about the code of packages holds for those it was made for;
//! - "already fixed" makes none: who has an older version is affected, and the versions say so;
//! - nor does a decision that something new has come up against since, until somebody has looked at it;
//! - an issue's "won't fix" or "not affected", set by hand, holds where all channels with the package say the like.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use snowguard_advisory_file::Ruling;
use snowguard_tracker_db::{Db, DbError, StoredIssue, StoredSuggestion, place};
use snowguard_tracker_triage::dismissal::{Dismissal, Reason};
use snowguard_tracker_triage::edits::{Choice, Range};
use snowguard_tracker_triage::issue::Status;
use snowguard_tracker_triage::standing::Standing;
use snowguard_tracker_triage::state::State;

/// By whom decisions are, where no issue tells of them. People's names stay in the tracker.
const BY: &str = "the tracker's triage";

/// All rulings that follow from what people decided, in a stable order.
///
/// # Errors
/// As every read of the database.
pub fn rulings(db: &Db) -> Result<Vec<Ruling>, DbError> {
    let mut all = Vec::new();
    db.for_each_touched(&mut |stored| {
        of_suggestion(&stored, &mut all);
        ControlFlow::Continue(())
    })?;
    let mut after = None;
    loop {
        let issues = db.public_issues(after, 500)?;
        let Some(last) = issues.last() else {
            return Ok(all);
        };
        after = Some(place(last));
        for issue in issues.iter().filter(|one| one.issue.withdrawn.is_none()) {
            of_issue(issue, &mut all);
        }
    }
}

fn of_suggestion(stored: &StoredSuggestion, all: &mut Vec<Ruling>) {
    let suggestion = &stored.suggestion;
    let ruling = |package: Option<&String>, reason: String| Ruling {
        advisories: vec![stored.advisory.clone()],
        package: package.cloned(),
        reason,
        by: BY.to_owned(),
        ..Ruling::default()
    };
    let dismissed = suggestion.dismissal.as_ref();
    let is_settled = suggestion.state == State::Dismissed && suggestion.returned.is_empty();
    if let Some(dismissal) = dismissed.filter(|_| is_settled) {
        match Reach::of(dismissal) {
            Reach::Nothing => {}
            Reach::Advisory => all.push(ruling(None, words(dismissal))),
            Reach::Packages => {
                let affected = suggestion.basis.iter().flat_map(|basis| &basis.affected);
                all.extend(affected.map(|attr| ruling(Some(attr), words(dismissal))));
            }
        }
    }
    for (attr, choice) in &suggestion.edits.packages {
        if *choice == Choice::Dropped {
            let reason = "it does not concern this package".to_owned();
            all.push(ruling(Some(attr), reason));
        }
    }
    for (attr, range) in &suggestion.edits.ranges {
        let Range { from, before } = range;
        let reason = format!("the affected range was corrected by hand: {range}");
        // What lies before the range, and what lies behind it.
        if from.is_some() {
            all.push(Ruling {
                before: from.clone(),
                ..ruling(Some(attr), reason.clone())
            });
        }
        if before.is_some() {
            all.push(Ruling {
                from: before.clone(),
                ..ruling(Some(attr), reason)
            });
        }
    }
}

/// What a dismissal is about.
enum Reach {
    /// Versions; they speak for themselves.
    Nothing,
    /// The advisory, whatever the package.
    Advisory,
    /// The packages that were affected when it was made.
    Packages,
}

impl Reach {
    fn of(dismissal: &Dismissal) -> Self {
        match dismissal.reason {
            Some(Reason::AlreadyFixed) => Self::Nothing,
            Some(
                Reason::NotInNixpkgs
                | Reason::HostedService
                | Reason::HardwareOnly
                | Reason::OtherProduct,
            ) => Self::Advisory,
            Some(
                Reason::ComponentNotPresent
                | Reason::VulnerableCodeNotPresent
                | Reason::VulnerableCodeNotInExecutePath
                | Reason::VulnerableCodeCannotBeControlledByAdversary
                | Reason::InlineMitigationsAlreadyExist,
            )
            | None => Self::Packages,
        }
    }
}

fn words(dismissal: &Dismissal) -> String {
    match (dismissal.reason, dismissal.comment.as_str()) {
        (Some(reason), "") => reason.title().to_owned(),
        (Some(reason), comment) => format!("{}: {comment}", reason.title()),
        (None, comment) => comment.to_owned(),
    }
}

fn of_issue(stored: &StoredIssue, all: &mut Vec<Ruling>) {
    let mut by_attr: BTreeMap<&str, Vec<&Standing>> = BTreeMap::new();
    for of_channel in stored.issue.standings.values() {
        for (attr, standing) in of_channel {
            by_attr.entry(attr).or_default().push(standing);
        }
    }
    for (attr, standings) in by_attr {
        let is_accepted = standings
            .iter()
            .any(|standing| matches!(standing.status, Status::WontFix { .. }));
        let reasons: Option<Vec<String>> = standings.into_iter().map(set_aside).collect();
        let Some(mut reasons) = reasons else {
            continue;
        };
        reasons.dedup();
        all.push(Ruling {
            advisories: stored.issue.advisories.clone(),
            package: Some(attr.to_owned()),
            reason: reasons.join("; "),
            by: stored.id.to_string(),
            is_accepted,
            ..Ruling::default()
        });
    }
}

/// Why a standing sets findings aside, where it does.
fn set_aside(standing: &Standing) -> Option<String> {
    if !standing.by_hand {
        return None;
    }
    match &standing.status {
        Status::WontFix { why } => Some(format!("won't fix: {why}")),
        Status::NotAffected { .. } => Some(match standing.evidence.as_str() {
            "" => standing.status.title(),
            evidence => format!("{}: {evidence}", standing.status.title()),
        }),
        _ => None,
    }
}
