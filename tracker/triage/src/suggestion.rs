//! A suggestion: an advisory that may concern packages, and what people made of it.

use serde::{Deserialize, Serialize};

use crate::basis::{self, Basis, Change};
use crate::command::{Command, Decision, Refusal};
use crate::dismissal::Dismissal;
use crate::edits::Edits;
use crate::history::{self, Touched};
use crate::state::State;

/// A number of a person in the database.
pub type Person = i64;

/// A proposed decision that waits for a triager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who proposes.
    pub by: Person,
    /// What.
    #[serde(flatten)]
    pub decision: Decision,
}

/// What people made of an advisory. All that can be undone is in here; what the matcher says is
/// kept elsewhere and may change at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Suggestion {
    /// Where it stands.
    pub state: State,
    /// Who looks at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Person>,
    /// Why it was dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissal: Option<Dismissal>,
    /// What was proposed and waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// What was changed by hand.
    #[serde(skip_serializing_if = "Edits::is_empty")]
    pub edits: Edits,
    /// What the decision rested on; nothing while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What changed since, which nobody has acknowledged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<Change>,
}

impl Suggestion {
    /// The suggestion after a command of `by`, `now` being what the matcher says.
    ///
    /// # Errors
    /// [`Refusal`]: the state does not allow it, or its contents are no good.
    pub fn after(&self, command: &Command, by: Person, now: &Basis) -> Result<Self, Refusal> {
        let mut next = self.clone();
        match command {
            Command::Take => {
                if self.state == State::New {
                    next.state = State::UnderReview;
                } else if self.state != State::UnderReview {
                    return Err(self.refuse(command));
                }
                next.assignee = Some(by);
            }
            Command::Release => {
                if self.state != State::UnderReview {
                    return Err(self.refuse(command));
                }
                next.state = State::New;
                next.assignee = None;
            }
            Command::Accept => next.decide(
                &Decision::Accept {
                    comment: String::new(),
                },
                command,
                now,
            )?,
            Command::Dismiss(dismissal) => {
                next.decide(&Decision::Dismiss(dismissal.clone()), command, now)?;
            }
            Command::Reopen => {
                if self.state.is_bundled() || !self.state.is_decided() {
                    return Err(self.refuse(command));
                }
                next.state = State::New;
                next.forget_decision();
            }
            Command::Comment(_) => {}
            Command::Propose(decision) => {
                if self.state.is_bundled() {
                    return Err(self.refuse(command));
                }
                next.proposal = Some(Proposal {
                    by,
                    decision: decision.clone(),
                });
            }
            Command::Confirm => {
                let proposal = next.proposal.take().ok_or(Refusal::NoProposal)?;
                next.decide(&proposal.decision, command, now)?;
            }
            Command::TurnDown => {
                next.proposal.take().ok_or(Refusal::NoProposal)?;
            }
            Command::Acknowledge => {
                if self.returned.is_empty() {
                    return Err(self.refuse(command));
                }
                next.returned.clear();
                next.basis = Some(now.clone());
            }
            Command::Choose {
                list,
                entry,
                choice,
            } => next.edits.choose(*list, entry, *choice)?,
            Command::Correct { attr, range } => next.edits.correct(attr, range.clone())?,
        }
        Ok(next)
    }

    /// The suggestion moved by its issue.
    ///
    /// # Errors
    /// [`Refusal::State`] where that state cannot follow.
    pub fn moved(&self, state: State, now: &Basis) -> Result<Self, Refusal> {
        if !self.state.leads_to(state) {
            return Err(Refusal::State {
                state: self.state,
                word: "bundle",
            });
        }
        Ok(Self {
            state,
            basis: Some(self.basis.clone().unwrap_or_else(|| now.clone())),
            ..self.clone()
        })
    }

    /// The suggestion after the matcher spoke again: a decision stays, and what truly changed is noted.
    #[must_use]
    pub fn rematched(&self, now: &Basis) -> Self {
        let mut next = self.clone();
        next.returned = match &self.basis {
            Some(decided) if self.state.is_decided() => basis::difference(decided, now),
            _ => Vec::new(),
        };
        next
    }

    /// The suggestion without a change of the past.
    ///
    /// # Errors
    /// As [`history::without`]. What the matcher brought back since does not stand in the way.
    pub fn without(&self, touched: &Touched) -> Result<Self, Refusal> {
        history::without(self, touched, &["returned"])
    }

    fn decide(
        &mut self,
        decision: &Decision,
        command: &Command,
        now: &Basis,
    ) -> Result<(), Refusal> {
        let (state, dismissal) = match decision {
            Decision::Accept { .. } => (State::Accepted, None),
            Decision::Dismiss(dismissal) => (State::Dismissed, Some(dismissal.clone())),
        };
        // What an issue holds is decided there. Dismissing again may change the reason.
        let again = self.state == State::Dismissed && state == State::Dismissed;
        if self.state.is_bundled() || !(self.state.leads_to(state) || again) {
            return Err(self.refuse(command));
        }
        self.forget_decision();
        self.state = state;
        self.dismissal = dismissal;
        self.basis = Some(now.clone());
        Ok(())
    }

    fn forget_decision(&mut self) {
        self.assignee = None;
        self.dismissal = None;
        self.proposal = None;
        self.basis = None;
        self.returned.clear();
    }

    fn refuse(&self, command: &Command) -> Refusal {
        Refusal::State {
            state: self.state,
            word: command.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dismissal::Reason;
    use crate::edits::{Choice, List};

    fn basis(affected: &[&str]) -> Basis {
        Basis {
            affected: affected.iter().map(ToString::to_string).collect(),
            ..Basis::default()
        }
    }

    fn dismiss() -> Command {
        Command::Dismiss(Dismissal::new(Some(Reason::HostedService), "").unwrap())
    }

    #[test]
    fn a_decision_is_kept_and_only_what_truly_changed_comes_back() {
        let dismissed = Suggestion::default()
            .after(&dismiss(), 1, &basis(&["git"]))
            .unwrap();
        assert_eq!(dismissed.rematched(&basis(&["git"])), dismissed);
        assert_eq!(dismissed.rematched(&basis(&[])), dismissed);
        let back = dismissed.rematched(&basis(&["curl", "git"]));
        assert_eq!(back.state, State::Dismissed);
        assert_eq!(back.returned, [Change::NowAffected("curl".to_owned())]);
        // It goes away by itself when the matcher takes it back, and by acknowledging.
        assert_eq!(back.rematched(&basis(&["git"])), dismissed);
        let seen = back
            .after(&Command::Acknowledge, 2, &basis(&["curl", "git"]))
            .unwrap();
        assert_eq!(seen.rematched(&basis(&["curl", "git"])).returned, []);
        assert_eq!(seen.state, State::Dismissed);
    }

    #[test]
    fn every_decision_can_be_undone() {
        let start = Suggestion::default();
        let edit = Command::Choose {
            list: List::Packages,
            entry: "git".to_owned(),
            choice: Some(Choice::Dropped),
        };
        let propose = Command::Propose(Decision::Accept {
            comment: "mine".to_owned(),
        });
        let mut all = vec![start];
        for command in [
            propose,
            Command::Take,
            edit,
            Command::Confirm,
            dismiss(),
            Command::Reopen,
        ] {
            let last = &all[all.len() - 1];
            all.push(last.after(&command, 7, &basis(&["git"])).unwrap());
        }
        for pair in all.windows(2).rev() {
            let touched = history::touched(&pair[0], &pair[1]);
            assert_eq!(pair[1].without(&touched).unwrap(), pair[0]);
        }
    }

    #[test]
    fn an_undo_does_not_overwrite_what_came_after() {
        let first = Suggestion::default()
            .after(&Command::Accept, 1, &basis(&[]))
            .unwrap();
        let touched = history::touched(&Suggestion::default(), &first);
        let second = first.after(&dismiss(), 2, &basis(&[])).unwrap();
        assert_eq!(second.without(&touched), Err(Refusal::Overtaken));
    }

    #[test]
    fn what_an_issue_holds_is_not_decided_beside_it() {
        let accepted = Suggestion::default()
            .after(&Command::Accept, 1, &basis(&[]))
            .unwrap();
        let drafted = accepted.moved(State::Drafted, &basis(&[])).unwrap();
        for command in [dismiss(), Command::Accept, Command::Reopen, Command::Take] {
            assert!(matches!(
                drafted.after(&command, 1, &basis(&[])),
                Err(Refusal::State { .. })
            ));
        }
        assert!(
            Suggestion::default()
                .moved(State::Published, &basis(&[]))
                .is_err()
        );
    }

    #[test]
    fn a_proposal_waits_for_somebody_who_decides() {
        let proposal = Command::Propose(Decision::Dismiss(Dismissal::new(None, "no").unwrap()));
        let proposed = Suggestion::default()
            .after(&proposal, 5, &basis(&[]))
            .unwrap();
        assert_eq!(proposed.state, State::New);
        let json = serde_json::to_value(&proposed).unwrap();
        assert_eq!(
            serde_json::from_value::<Suggestion>(json).unwrap(),
            proposed
        );
        let confirmed = proposed.after(&Command::Confirm, 6, &basis(&[])).unwrap();
        assert_eq!(confirmed.state, State::Dismissed);
        assert_eq!(confirmed.dismissal.unwrap().comment, "no");
        let turned = proposed.after(&Command::TurnDown, 6, &basis(&[])).unwrap();
        assert_eq!(turned, Suggestion::default());
    }
}
