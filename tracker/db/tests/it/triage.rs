//! Decisions: kept, undone, never overwritten; issues; rules; the queue.

use std::collections::BTreeMap;

use snowguard_advisory::model::{Affected, CveVersion, Epss, Kev, Status as RangeStatus, Versions};
use snowguard_matching::keys::Key;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{
    Activity, AdvisoryMatches, Db, DbError, Decided, Decision, IssueChange, MatchBatch, Millis,
    PersonId, Retire, RuleEffect, RuleTotals, SavedView, StoredIssue, Subject,
};
use snowguard_tracker_triage::basis::Change;
use snowguard_tracker_triage::command::{Command, Refusal};
use snowguard_tracker_triage::dismissal::{Dismissal, Reason};
use snowguard_tracker_triage::edits::{Choice, List, Range};
use snowguard_tracker_triage::filter::Filter;
use snowguard_tracker_triage::issue::{Issue, Severity, Stage, Status};
use snowguard_tracker_triage::queue::{Queue, Selection};
use snowguard_tracker_triage::rule::Rule;
use snowguard_tracker_triage::state::State;

use crate::backend::contract;
use crate::sample::{NOW, found, later, load, package, put, put_at, record};

pub const ONE: &str = "CVE-2024-1001";
pub const TWO: &str = "CVE-2024-1002";

/// Stores matches as the matcher would, in channel `c`.
fn matched(db: &Db, now: Millis, advisory: &str, matches: &[(&str, Verdict, Tier)]) {
    let seen = db.dirty_advisories(0).unwrap().seen;
    let matches = matches
        .iter()
        .map(|(attr, verdict, tier)| found(advisory, attr, *verdict, *tier))
        .collect();
    let advisories = [AdvisoryMatches {
        advisory: advisory.to_owned(),
        channels: vec![("c".to_owned(), matches)],
        keys: Vec::new(),
    }];
    db.put_matches(&MatchBatch {
        now,
        seen,
        advisories: &advisories,
    })
    .unwrap();
}

fn ranged(id: &str, before: &str) -> snowguard_advisory::model::Record {
    let mut record = record(id, "git", "A flaw in git");
    let entry = CveVersion {
        version: "0".to_owned(),
        status: RangeStatus::Affected,
        less_than: Some(before.to_owned()),
        less_than_or_equal: None,
        version_type: None,
        changes: Vec::new(),
    };
    record.affected = vec![Affected {
        by: "cna".to_owned(),
        product: Some("git".to_owned()),
        versions: Versions::Cve {
            default: RangeStatus::Unaffected,
            entries: vec![entry],
        },
        ..Affected::default()
    }];
    record
}

/// A channel, two advisories, both affecting git; somebody to decide.
pub fn setting(db: &Db) -> PersonId {
    let packages = vec![
        package("git", "2.1"),
        package("curl", "8"),
        package("zlib", "1"),
    ];
    load(db, "c", "a", packages).unwrap();
    put(db, [ranged(ONE, "2.2"), ranged(TWO, "2.3")]);
    for id in [ONE, TWO] {
        matched(db, NOW, id, &[("git", Verdict::Affected, Tier::High)]);
    }
    db.github_person(7, "ada", NOW).unwrap().id
}

pub fn decide(db: &Db, person: PersonId, id: &str, command: &Command) -> Result<Decided, DbError> {
    let revision = db.suggestion(id).unwrap().unwrap().revision;
    db.decide(&Decision {
        advisory: id,
        revision,
        command,
        person,
        now: later(1),
    })
}

fn dismiss() -> Command {
    Command::Dismiss(Dismissal::new(Some(Reason::OtherProduct), "not ours").unwrap())
}

pub fn log(db: &Db, subject: &Subject) -> Vec<Activity> {
    db.activity_of(subject, None, 100).unwrap()
}

fn about(id: &str) -> Subject {
    Subject::Suggestion(id.to_owned())
}

fn select(db: &Db, filter: &Filter) -> Selection {
    let mut queue = Queue::default();
    let changes = db.queue_changes(-1).unwrap();
    changes.rows.into_iter().for_each(|row| queue.put(row));
    let meaning = db.queue_meaning(filter, None, later(10)).unwrap();
    queue.select(filter, &meaning, None, 50)
}

pub fn draft(db: &Db, person: PersonId, ids: &[&str]) -> Result<StoredIssue, DbError> {
    let content = Issue {
        title: "Git runs what it should not".to_owned(),
        advisories: ids.iter().map(ToString::to_string).collect(),
        severity: Some(Severity::High),
        ..Issue::default()
    };
    db.draft_issue(2026, &content, person, later(2))
}

fn restage(
    db: &Db,
    person: PersonId,
    issue: &StoredIssue,
    stage: Stage,
) -> Result<StoredIssue, DbError> {
    let next = issue.issue.staged(stage)?;
    let change = IssueChange {
        id: issue.id,
        revision: issue.revision,
        next: &next,
        action: stage.as_str(),
        person,
        now: later(3),
    };
    db.change_issue(&change)
}

contract! {
    fn a_decision_is_written_logged_and_undone(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let decided = decide(db, ada, ONE, &dismiss()).unwrap();
        assert_eq!(decided.suggestion.suggestion.state, State::Dismissed);
        assert_eq!(decided.suggestion.revision, 1);
        let entry = &log(db, &about(ONE))[0];
        assert_eq!((entry.id, entry.action.as_str(), entry.name.as_deref()), (decided.activity, "dismiss", Some("ada")));
        assert_eq!(entry.body["before"]["state"], "new");
        assert_eq!(entry.body["after"]["state"], "dismissed");
        let undo = db.undo(decided.activity, ada, later(5)).unwrap();
        assert_eq!(db.suggestion(ONE).unwrap().unwrap().suggestion.state, State::New);
        let entries = log(db, &about(ONE));
        assert_eq!((entries[0].undoes, entries[1].undone_by), (Some(decided.activity), Some(undo)));
        // An undo is a change like others: it can be undone, the first one only once.
        assert!(matches!(db.undo(decided.activity, ada, later(6)), Err(DbError::Overtaken { .. })));
        db.undo(undo, ada, later(7)).unwrap();
        assert_eq!(db.suggestion(ONE).unwrap().unwrap().suggestion.state, State::Dismissed);
        assert!(matches!(db.undo(9999, ada, NOW), Err(DbError::Missing { .. })));
    }

    fn concurrent_edits_are_detected_and_never_overwritten(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        decide(db, ada, ONE, &Command::Accept).unwrap();
        let late = Decision { advisory: ONE, revision: 0, command: &dismiss(), person: ada, now: later(2) };
        assert!(matches!(db.decide(&late), Err(DbError::Overtaken { .. })));
        assert_eq!(db.suggestion(ONE).unwrap().unwrap().suggestion.state, State::Accepted);
        assert_eq!(log(db, &about(ONE)).len(), 1, "a refused decision leaves no trace");
        let refused = decide(db, ada, ONE, &Command::Release).unwrap_err();
        assert!(matches!(refused, DbError::Decision(Refusal::State { .. })), "{refused}");
        let unknown = Decision { advisory: "CVE-1999-0001", revision: 0, command: &Command::Accept, person: ada, now: NOW };
        assert!(matches!(db.decide(&unknown), Err(DbError::Missing { .. })));
    }

    fn decisions_stay_and_only_what_truly_changed_comes_back(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        decide(db, ada, ONE, &dismiss()).unwrap();
        // Another tier, another package that is fixed: nothing to look at.
        matched(db, later(10), ONE, &[("git", Verdict::Affected, Tier::Medium), ("curl", Verdict::Fixed, Tier::High)]);
        let stored = db.suggestion(ONE).unwrap().unwrap();
        assert_eq!((stored.suggestion.state, stored.suggestion.returned.len()), (State::Dismissed, 0));
        // The advisory's range is corrected.
        let mut corrected = ranged(ONE, "2.4");
        corrected.modified = Some(NOW.get());
        put_at(db, later(20), [corrected]);
        matched(db, later(21), ONE, &[("git", Verdict::Affected, Tier::High), ("curl", Verdict::Affected, Tier::High)]);
        let stored = db.suggestion(ONE).unwrap().unwrap();
        assert_eq!(stored.suggestion.state, State::Dismissed, "the decision is kept");
        let sentences: Vec<String> = stored.suggestion.returned.iter().map(Change::sentence).collect();
        assert_eq!(sentences, [
            "curl is affected now",
            "affected now includes git: ≥ 0, < 2.4",
            "affected no longer includes git: ≥ 0, < 2.2",
        ]);
        let entry = &log(db, &about(ONE))[0];
        assert_eq!((entry.action.as_str(), entry.person), ("returned", None));
        let returned = Filter { returned: true, states: vec![], ..Filter::default() };
        assert_eq!(select(db, &returned).advisories.len(), 1);
        decide(db, ada, ONE, &Command::Acknowledge).unwrap();
        assert_eq!(select(db, &returned).advisories.len(), 0);
    }

    fn the_log_cannot_be_rewritten(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        decide(db, ada, ONE, &dismiss()).unwrap();
        for sql in ["UPDATE activity SET action = 'accept'", "DELETE FROM activity"] {
            let refused = match &fresh.location {
                snowguard_tracker_db::Location::Sqlite(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap_err().to_string(),
                snowguard_tracker_db::Location::Postgres(url) => {
                    let failed = postgres::Client::connect(url, postgres::NoTls).unwrap().batch_execute(sql).unwrap_err();
                    failed.as_db_error().unwrap().message().to_owned()
                }
            };
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert_eq!(log(db, &about(ONE)).len(), 1);
    }

    fn the_queue_follows_every_change(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let first = db.queue_changes(-1).unwrap();
        assert_eq!(first.rows.len(), 2);
        let since = |stamp| db.queue_changes(stamp).unwrap();
        assert_eq!(since(first.stamp).rows.len(), 0);
        decide(db, ada, ONE, &Command::Take).unwrap();
        let second = since(first.stamp);
        assert_eq!((second.rows.len(), second.rows[0].state, second.rows[0].assignee), (1, State::UnderReview, ada.get()));
        let kev = Kev { date_added: "2024-01-01".into(), due_date: None, vendor: "v".into(), product: "p".into(), name: "n".into(), ransomware: false };
        db.put_kev(&[(TWO.to_owned(), kev)]).unwrap();
        let third = since(second.stamp);
        assert_eq!((third.rows.len(), third.rows[0].kev), (1, true));
        db.put_epss("2024-01-02", &[(TWO.to_owned(), Epss { score: 0.5, percentile: 0.9 })]).unwrap();
        assert_eq!(since(third.stamp).rows[0].epss, 5000);
        db.put_kev(&[]).unwrap();
        assert!(!since(third.stamp).rows[0].kev);
        // Nothing is affected any more: an untouched one goes, one that was decided stays.
        let stamp = since(-1).stamp;
        matched(db, later(30), ONE, &[("git", Verdict::Fixed, Tier::High)]);
        matched(db, later(30), TWO, &[]);
        assert_eq!(since(stamp).gone.len(), 2);
        matched(db, later(31), TWO, &[("git", Verdict::Affected, Tier::High)]);
        let back = since(stamp);
        assert_eq!((back.rows.len(), back.rows[0].first_seen), (1, later(31).get()));
    }

    fn names_in_a_filter_are_looked_up(fresh) {
        let db = &fresh.db;
        setting(db);
        let mut git = package("git", "2.1");
        git.maintainers = vec!["ada".to_owned()];
        load(db, "c", "b", vec![git, package("curl", "8"), package("zlib", "1")]).unwrap();
        let count = |filter: Filter| select(db, &filter).counts.all;
        let usual = Filter::default;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(count(usual()), 2);
        assert_eq!(count(Filter { package: some("git"), ..usual() }), 2);
        assert_eq!(count(Filter { package: some("zlib"), ..usual() }), 0);
        assert_eq!(count(Filter { maintainer: some("ada"), ..usual() }), 2);
        assert_eq!(count(Filter { maintainer: some("bob"), ..usual() }), 0);
        assert_eq!(count(Filter { text: some("flaw git"), ..usual() }), 2);
        assert_eq!(count(Filter { text: some(TWO), package: some("git"), ..usual() }), 1);
        assert_eq!(count(Filter { channel: some("c"), ..usual() }), 2);
        let unknown = db.queue_meaning(&Filter { channel: some("x"), ..usual() }, None, NOW);
        assert!(matches!(unknown, Err(DbError::Missing { .. })));
        let entries = db.queue_entries(&select(db, &usual()).advisories).unwrap();
        let ids: Vec<&str> = entries.iter().map(|entry| entry.advisory.id.as_str()).collect();
        assert_eq!(ids, [TWO, ONE]);
        assert_eq!((entries[0].attrs.as_slice(), entries[0].affected), (&["git".to_owned()][..], 1));
    }

    fn an_issue_bundles_moves_and_lets_go(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        assert!(matches!(draft(db, ada, &[ONE]), Err(DbError::Decision(_))), "only what is accepted");
        assert_eq!(db.issues(Stage::Draft, None, 10).unwrap().len(), 0);
        for id in [ONE, TWO] {
            decide(db, ada, id, &Command::Accept).unwrap();
        }
        let issue = draft(db, ada, &[TWO, ONE]).unwrap();
        assert_eq!(issue.id.to_string(), "NIXPKGS-2026-0001");
        assert_eq!(issue.issue.advisories, [ONE, TWO]);
        assert_eq!(issue.issue.standings["c"]["git"].status, Status::Affected { version: "2.1".to_owned() });
        let state = |id| db.suggestion(id).unwrap().unwrap().suggestion.state;
        assert_eq!((state(ONE), state(TWO)), (State::Drafted, State::Drafted));
        assert_eq!(db.suggestion(ONE).unwrap().unwrap().issue, Some(issue.id));
        assert!(matches!(draft(db, ada, &[ONE]), Err(DbError::Overtaken { .. })), "in one issue only");
        let published = restage(db, ada, &issue, Stage::Published).unwrap();
        assert_eq!((state(ONE), published.published), (State::Published, Some(later(3))));
        assert!(matches!(restage(db, ada, &issue, Stage::Published), Err(DbError::Overtaken { .. })));
        // One goes its own way, and may be decided anew.
        let next = Issue { advisories: vec![ONE.to_owned()], ..published.issue.clone() };
        let change = IssueChange { id: issue.id, revision: published.revision, next: &next, action: "unbundle", person: ada, now: later(4) };
        db.change_issue(&change).unwrap();
        assert_eq!((state(ONE), state(TWO)), (State::Published, State::Accepted));
        assert_eq!(db.suggestion(TWO).unwrap().unwrap().issue, None);
        assert_eq!(draft(db, ada, &[TWO]).unwrap().id.to_string(), "NIXPKGS-2026-0002");
        assert_eq!(db.public_issues(None, 500).unwrap().len(), 1);
    }

    fn a_bump_past_the_range_turns_the_channel_to_fixed_with_evidence(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        decide(db, ada, ONE, &Command::Accept).unwrap();
        let issue = restage(db, ada, &draft(db, ada, &[ONE]).unwrap(), Stage::Published).unwrap();
        load(db, "c", "b", vec![package("git", "2.2"), package("curl", "8"), package("zlib", "1")]).unwrap();
        let mut fixed = found(ONE, "git", Verdict::Fixed, Tier::High);
        fixed.reasons[0].weight = snowguard_matching::verdict::Weight::Decides;
        fixed.reasons[0].text = "2.2 is not before 2.2".to_owned();
        let entry = AdvisoryMatches { advisory: ONE.to_owned(), channels: vec![("c".to_owned(), vec![fixed])], keys: vec![] };
        let seen = db.dirty_advisories(0).unwrap().seen;
        db.put_matches(&MatchBatch { now: later(50), seen, advisories: &[entry] }).unwrap();
        let now = db.issue(issue.id).unwrap().unwrap();
        let standing = &now.issue.standings["c"]["git"];
        assert_eq!(standing.status, Status::FixedInVersion { version: "2.2".to_owned() });
        assert_eq!(standing.evidence, "2.2 is not before 2.2");
        assert!(now.issue.proposes_to_resolve());
        let entry = &log(db, &Subject::Issue(issue.id))[0];
        assert_eq!((entry.action.as_str(), entry.person), ("standings", None));
        assert!(entry.body["comment"].as_str().unwrap().contains("may be resolved"));
        let resolved = restage(db, ada, &now, Stage::Resolved).unwrap();
        assert_eq!(db.suggestion(ONE).unwrap().unwrap().suggestion.state, State::Resolved);
        assert!(resolved.changed > now.changed, "a clock that is behind brings nothing before what is known");
    }

    fn corrections_and_edits_show_in_the_issue_and_survive_matching(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        matched(db, later(1), ONE, &[("git", Verdict::Affected, Tier::High), ("curl", Verdict::Affected, Tier::High)]);
        let choose = |entry: &str, choice| Command::Choose { list: List::Packages, entry: entry.to_owned(), choice: Some(choice) };
        decide(db, ada, ONE, &choose("curl", Choice::Dropped)).unwrap();
        let range = Range::new("", "2.0").unwrap();
        decide(db, ada, ONE, &Command::Correct { attr: "git".to_owned(), range: Some(range) }).unwrap();
        decide(db, ada, ONE, &Command::Accept).unwrap();
        matched(db, later(5), ONE, &[("git", Verdict::Affected, Tier::Medium), ("curl", Verdict::Affected, Tier::High)]);
        let issue = draft(db, ada, &[ONE]).unwrap();
        let of_channel = &issue.issue.standings["c"];
        assert_eq!(of_channel.keys().collect::<Vec<_>>(), ["git"]);
        assert_eq!(of_channel["git"].status, Status::FixedInVersion { version: "2.1".to_owned() });
        assert_eq!(of_channel["git"].evidence, "corrected by hand: < 2.0");
    }

    fn an_edit_of_an_issue_is_undone_and_a_stage_is_moved(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        decide(db, ada, ONE, &Command::Accept).unwrap();
        let issue = draft(db, ada, &[ONE]).unwrap();
        let next = Issue { title: "Other words".to_owned(), ..issue.issue.clone() };
        let change = IssueChange { id: issue.id, revision: issue.revision, next: &next, action: "edit", person: ada, now: later(4) };
        db.change_issue(&change).unwrap();
        let subject = Subject::Issue(issue.id);
        db.undo(log(db, &subject)[0].id, ada, later(5)).unwrap();
        assert_eq!(db.issue(issue.id).unwrap().unwrap().issue, issue.issue);
        restage(db, ada, &db.issue(issue.id).unwrap().unwrap(), Stage::Published).unwrap();
        assert!(matches!(db.undo(log(db, &subject)[0].id, ada, later(6)), Err(DbError::Decision(_))), "what is public stays so");
    }

    fn a_rule_marks_what_it_touches(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let rule = Rule::new("never", "acme", "", "").unwrap();
        let before = db.dirty_count().unwrap();
        let id = db.put_rule(&rule, Some(ONE), ada, NOW).unwrap();
        assert!(db.dirty_count().unwrap() > before);
        assert_eq!(db.put_rule(&rule, None, ada, NOW).unwrap(), id, "the same again");
        assert_eq!(db.rules_in_force().unwrap(), [(id, rule)]);
        assert_eq!(db.rules().unwrap()[0].advisory.as_deref(), Some(ONE));
        db.retire_rule(id, Retire::Retire, ada, later(1)).unwrap();
        assert!(db.rules_in_force().unwrap().is_empty());
        db.retire_rule(id, Retire::Restore, ada, later(2)).unwrap();
        let actions: Vec<String> = log(db, &Subject::Rule(id)).into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["restore_rule", "retire_rule", "make_rule"]);
    }

    fn a_rule_marks_who_looked_for_its_product_however_it_is_written(fresh) {
        let db = &fresh.db;
        setting(db);
        let key = Key::new("cpe", "redhat:ansiblecore");
        let entry = |advisory: &str, keys| AdvisoryMatches { advisory: advisory.to_owned(), channels: vec![], keys };
        let settle = || {
            let seen = db.dirty_advisories(0).unwrap().seen;
            db.put_matches(&MatchBatch { now: NOW, seen, advisories: &[entry(ONE, vec![key]), entry(TWO, vec![])] }).unwrap();
            assert_eq!(db.dirty_count().unwrap(), 0);
        };
        settle();
        let rule = Rule::new("identity", "Red Hat", "ansible-core", "ansible").unwrap();
        let id = db.put_rule(&rule, None, None::<PersonId>, NOW).unwrap();
        assert_eq!(db.dirty_advisories(9).unwrap().advisories, [ONE]);
        assert_eq!(log(db, &Subject::Rule(id))[0].person, None, "the tracker itself");
        settle();
        db.retire_rule(id, Retire::Retire, None::<PersonId>, NOW).unwrap();
        assert_eq!(db.dirty_advisories(9).unwrap().advisories, [ONE]);
        settle();
        let other = Rule::new("never", "red_hat", "ansible", "").unwrap();
        db.put_rule(&other, None, None::<PersonId>, NOW).unwrap();
        assert_eq!(db.dirty_count().unwrap(), 0);
        let vendor = Rule::new("never", "red_hat", "", "").unwrap();
        db.put_rule(&vendor, None, None::<PersonId>, NOW).unwrap();
        assert_eq!(db.dirty_count().unwrap(), 2, "no key is the vendor's alone");
    }

    fn rules_show_what_they_changed(fresh) {
        let db = &fresh.db;
        setting(db);
        assert!(!db.has_rule_effects().unwrap());
        let effect = |rule, advisory: &str, made, prevented| RuleEffect { rule, advisory: advisory.to_owned(), made, prevented };
        db.put_rule_effects(&[ONE, TWO], &[effect(1, ONE, 2, 0), effect(1, TWO, 0, 3), effect(2, TWO, 1, 0)]).unwrap();
        assert_eq!(db.rule_effects(1, None, 10).unwrap(), [effect(1, TWO, 0, 3), effect(1, ONE, 2, 0)]);
        assert_eq!(db.rule_effects(1, Some(TWO), 10).unwrap(), [effect(1, ONE, 2, 0)]);
        assert_eq!(db.rule_effects(1, None, 1).unwrap().len(), 1);
        let totals = |rule, advisories, made, prevented| RuleTotals { rule, advisories, made, prevented };
        assert_eq!(db.rule_totals().unwrap(), [totals(1, 2, 2, 3), totals(2, 1, 1, 0)]);
        // What is not named keeps its effects; what is named has those that are given.
        db.put_rule_effects(&[TWO], &[]).unwrap();
        assert_eq!(db.rule_totals().unwrap(), [totals(1, 1, 2, 0)]);
        assert!(db.has_rule_effects().unwrap());
    }

    fn all_that_people_touched_is_handed_over(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let touched = |most: usize| {
            let mut all = Vec::new();
            db.for_each_touched(&mut |stored| {
                all.push((stored.advisory, stored.suggestion.state));
                if all.len() < most { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
            }).unwrap();
            all
        };
        assert!(touched(9).is_empty());
        decide(db, ada, TWO, &dismiss()).unwrap();
        assert_eq!(touched(9), [(TWO.to_owned(), State::Dismissed)]);
        decide(db, ada, ONE, &Command::Take).unwrap();
        let both = touched(9);
        assert_eq!(both.len(), 2);
        assert_eq!(touched(1), both[..1]);
        decide(db, ada, ONE, &Command::Release).unwrap();
        assert_eq!(touched(9).len(), 1, "as if nobody had touched it");
    }

    fn views_are_kept_by_name(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap().id;
        let bob = db.github_person(8, "bob", NOW).unwrap().id;
        let view = |query: &str| SavedView { name: "mine".to_owned(), query: query.to_owned() };
        db.put_view(ada, &view("kev=1")).unwrap();
        db.put_view(ada, &view("kev=1&mine=1")).unwrap();
        assert_eq!(db.views(ada).unwrap(), [view("kev=1&mine=1")]);
        assert!(db.views(bob).unwrap().is_empty());
        db.remove_view(bob, "mine").unwrap();
        db.remove_view(ada, "mine").unwrap();
        assert!(db.views(ada).unwrap().is_empty());
    }

    fn a_database_from_before_gets_its_queue(fresh) {
        let db = &fresh.db;
        setting(db);
        let before = db.queue_changes(-1).unwrap().rows;
        Db::migrate_to(&fresh.location, 2).unwrap();
        let again = Db::open(&fresh.location).unwrap();
        let after = again.queue_changes(-1).unwrap();
        let by_number = |rows: &[snowguard_tracker_triage::queue::Row]| -> BTreeMap<i64, _> { rows.iter().map(|row| (row.advisory, *row)).collect() };
        assert_eq!(by_number(&after.rows), by_number(&before));
    }
}
