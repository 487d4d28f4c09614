//! From a decision, and from a rule, to what a scanner reads in the signed file.

use std::collections::BTreeMap;

use snowguard_advisory_file::{AdvisoryFile, Ruling, SecretKey};
use snowguard_matching::keys::{Key, of_package_facts};
use snowguard_matching::package_facts::{PackageFacts, VendorProduct};
use snowguard_tracker_db::{Db, Decision, IssueChange, Millis, PersonId};
use snowguard_tracker_ingest::scan_db;
use snowguard_tracker_triage::command::Command;
use snowguard_tracker_triage::dismissal::{Dismissal, Reason};
use snowguard_tracker_triage::edits::{Choice, List, Range};
use snowguard_tracker_triage::issue::{Issue, Stage, Status};
use snowguard_tracker_triage::rule::Rule;

use crate::rematch::{Step, apply, fresh, now, rematch};

pub fn decide(db: &Db, person: PersonId, advisory: &str, command: &Command) {
    let decision = Decision {
        advisory,
        revision: db.suggestion(advisory).unwrap().unwrap().revision,
        command,
        person,
        now: now(50),
    };
    db.decide(&decision).unwrap();
}

pub fn dismiss(reason: Reason) -> Command {
    Command::Dismiss(Dismissal::new(Some(reason), "Seen.").unwrap())
}

/// git and openssl with seven advisories for git.
pub fn world(db: &Db) -> PersonId {
    let packages = vec![(3, 1, Some(3)), (0, 1, Some(0))];
    apply(
        db,
        &Step::Channel {
            channel: 0,
            packages,
        },
        0,
    );
    for cve in 0..7 {
        let record = Step::Record {
            cve,
            name: 3,
            vendor: 3,
            repository: Some(3),
            fixed: 9,
            rejected: false,
        };
        apply(db, &record, 1);
    }
    rematch(db, false, 2);
    db.github_person(7, "ada", Millis::new(0)).unwrap().id
}

/// Accepts an advisory, and publishes an issue of it that says of git in stable that nobody will mend it.
pub fn publish_unfixed(db: &Db, person: PersonId, advisory: &str) {
    decide(db, person, advisory, &Command::Accept);
    let draft = Issue {
        title: "T".to_owned(),
        advisories: vec![advisory.to_owned()],
        ..Issue::default()
    };
    let issue = db.draft_issue(2026, &draft, person, now(51)).unwrap();
    let why = Status::WontFix {
        why: "end of life".to_owned(),
    };
    let next = issue
        .issue
        .with_status("stable", "git", Some((why, "")))
        .and_then(|issue| issue.staged(Stage::Published))
        .unwrap();
    let publish = IssueChange {
        id: issue.id,
        revision: issue.revision,
        next: &next,
        action: "publish",
        person,
        now: now(52),
    };
    db.change_issue(&publish).unwrap();
}

pub fn exported(db: &Db) -> (Vec<u8>, u64, SecretKey) {
    let key = SecretKey::from_seed("test-1", &[1; 32]).unwrap();
    let (bytes, exported) = scan_db::export(db, &key, None, now(60), |_| {}).unwrap();
    (bytes, exported.rulings, key)
}

#[test]
fn decisions_become_rulings_and_never_more_than_was_decided() {
    let (_folder, db) = fresh();
    let ada = world(&db);
    let id = |cve: u32| format!("CVE-2024-{:04}", 1000 + cve);
    decide(&db, ada, &id(0), &dismiss(Reason::OtherProduct));
    decide(&db, ada, &id(1), &dismiss(Reason::AlreadyFixed));
    decide(&db, ada, &id(2), &dismiss(Reason::VulnerableCodeNotPresent));
    let drop = Command::Choose {
        list: List::Packages,
        entry: "git".to_owned(),
        choice: Some(Choice::Dropped),
    };
    decide(&db, ada, &id(3), &drop);
    let correct = Command::Correct {
        attr: "git".to_owned(),
        range: Some(Range::new("0.5", "0.9").unwrap()),
    };
    decide(&db, ada, &id(4), &correct);
    publish_unfixed(&db, ada, &id(5));

    let (bytes, count, key) = exported(&db);
    let file = AdvisoryFile::open(&bytes, &[key.public()]).unwrap();
    let ruling = |cve, package: Option<&str>, reason: &str| Ruling {
        advisories: vec![id(cve)],
        package: package.map(str::to_owned),
        reason: reason.to_owned(),
        by: "the tracker's triage".to_owned(),
        ..Ruling::default()
    };
    let git = Some("git");
    let corrected = "the affected range was corrected by hand: ≥ 0.5, < 0.9";
    let want = [
        ruling(0, None, "another product of that name: Seen."),
        ruling(2, git, "the vulnerable code is not in the package: Seen."),
        ruling(3, git, "it does not concern this package"),
        Ruling {
            before: Some("0.5".to_owned()),
            ..ruling(4, git, corrected)
        },
        Ruling {
            from: Some("0.9".to_owned()),
            ..ruling(4, git, corrected)
        },
        Ruling {
            by: "NIXPKGS-2026-0001".to_owned(),
            is_accepted: true,
            ..ruling(5, git, "won't fix: end of life")
        },
    ];
    assert_eq!(file.rulings().unwrap(), want);
    assert_eq!(count, 6);

    // Something new has come up against a dismissal: it sets nothing aside until somebody has looked.
    let packages = vec![(3, 1, Some(3)), (0, 1, Some(3))];
    apply(
        &db,
        &Step::Channel {
            channel: 0,
            packages,
        },
        70,
    );
    rematch(&db, false, 71);
    let returned = db.suggestion(&id(0)).unwrap().unwrap().suggestion.returned;
    let left = exported(&db).1;
    let expected = if returned.is_empty() { 6 } else { 4 };
    assert_eq!(left, expected, "{returned:?}");
}

#[test]
fn rules_come_along_with_the_products_that_they_name() {
    let (_folder, db) = fresh();
    world(&db);
    let rule = Rule::new("identity", "git_project", "git", "openssl").unwrap();
    db.put_rule(&rule, None, None::<PersonId>, now(53)).unwrap();
    rematch(&db, false, 54);
    let (bytes, ..) = exported(&db);
    let key = SecretKey::from_seed("test-1", &[1; 32]).unwrap();
    let file = AdvisoryFile::open(&bytes, &[key.public()]).unwrap();
    let hint = file
        .hint(&VendorProduct::new("git_project", "git"))
        .unwrap()
        .unwrap();
    assert_eq!(hint.rules.len(), 1);
    assert_eq!(hint.rules[0].sentence, rule.sentence());
    // The attribute that the rule names finds the advisories, as the tracker does.
    let openssl = db.package("stable", "openssl").unwrap().unwrap();
    let keys: Vec<Key> = of_package_facts(&PackageFacts::new(openssl));
    let mut found: BTreeMap<_, usize> = BTreeMap::new();
    for key in keys {
        for candidate in file.candidates(key).unwrap() {
            *found.entry(candidate).or_default() += 1;
        }
    }
    assert_eq!(found.len(), 7);
    let matches = db.matches_of_advisory("CVE-2024-1000").unwrap();
    let attrs: Vec<&str> = matches
        .iter()
        .flat_map(|(_, found)| found)
        .map(|stored| stored.found.attr.as_str())
        .collect();
    assert_eq!(attrs, ["openssl"]);
}
