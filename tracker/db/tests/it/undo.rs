//! Moves of issues, taken back from the log.

use snowguard_tracker_db::{DbError, IssueChange, Subject};
use snowguard_tracker_triage::command::Command;
use snowguard_tracker_triage::issue::{Issue, Stage};
use snowguard_tracker_triage::state::State;

use crate::backend::contract;
use crate::sample::later;
use crate::triage::{ONE, TWO, decide, draft, log, setting};

contract! {
    fn every_move_of_an_issue_is_undone_from_the_log_and_its_suggestions_with_it(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        for id in [ONE, TWO] {
            decide(db, ada, id, &Command::Accept).unwrap();
        }
        let issue = draft(db, ada, &[ONE]).unwrap().id;
        let subject = Subject::Issue(issue);
        let now = || db.issue(issue).unwrap().unwrap();
        let states = || [ONE, TWO].map(|id| db.suggestion(id).unwrap().unwrap().suggestion.state);
        let undo = || db.undo(log(db, &subject)[0].id, ada, later(9)).unwrap();
        let change = |action: &str, next: &Issue| {
            let change = IssueChange { id: issue, revision: now().revision, next, action, person: ada, now: later(8) };
            db.change_issue(&change).unwrap()
        };
        use State::{Accepted, Drafted, Published, Resolved};
        assert_eq!(states(), [Drafted, Accepted]);
        // The draft itself, and that.
        undo();
        assert_eq!((states(), now().issue.word()), ([Accepted, Accepted], "dropped"));
        assert_eq!(draft(db, ada, &[TWO]).unwrap().id.to_string(), "NIXPKGS-2026-0002", "its number is not given again");
        undo();
        assert_eq!((states(), now().issue.word()), ([Drafted, Drafted], "draft"));
        let other = db.issue("NIXPKGS-2026-0002".parse().unwrap()).unwrap().unwrap();
        db.undo(log(db, &Subject::Issue(other.id))[0].id, ada, later(9)).unwrap();
        change("publish", &now().issue.staged(Stage::Published).unwrap());
        // Each move, there and back.
        let both = Issue { advisories: vec![ONE.to_owned(), TWO.to_owned()], ..now().issue };
        let before = now().issue;
        change("bundle", &both);
        assert_eq!(states(), [Published, Published]);
        undo();
        assert_eq!((states(), now().issue), ([Published, Accepted], before.clone()));
        change("resolve", &before.staged(Stage::Resolved).unwrap());
        assert_eq!(states(), [Resolved, Accepted]);
        undo();
        assert_eq!((states(), now().issue), ([Published, Accepted], before.clone()));
        change("withdraw", &before.withdraw("wrong", 5).unwrap());
        assert_eq!(states(), [Accepted, Accepted]);
        let withdrawal = log(db, &subject)[0].id;
        undo();
        assert_eq!((states(), now().issue), ([Published, Accepted], before.clone()));
        // Not where somebody moved on since.
        assert!(matches!(db.undo(withdrawal, ada, later(9)), Err(DbError::Overtaken { .. })));
        change("resolve", &before.staged(Stage::Resolved).unwrap());
        let resolved = log(db, &subject)[0].id;
        change("withdraw", &now().issue.withdraw("wrong", 5).unwrap());
        undo();
        assert_eq!(states(), [Resolved, Accepted]);
        db.undo(resolved, ada, later(9)).unwrap();
        assert_eq!((states(), now().issue), ([Published, Accepted], before));
    }
}
