//! Jobs and notifications: nothing lost, nothing twice.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::json;
use snowguard_advisory::model::Kev;
use snowguard_matching::verdict::{Match, Tier, Verdict};
use snowguard_tracker_db::{
    AdvisoryMatches, Db, DbError, GcPolicy, Location, MatchBatch, Millis, NewJob, Outgoing,
    PersonId,
};
use snowguard_tracker_triage::issue::Severity;
use snowguard_tracker_triage::subscription::{Cadence, Subject, Subscription};

use crate::backend::contract;
use crate::sample::{NOW, found, later, load, package, put, record};

const ID: &str = "CVE-2024-1001";
const DAY: i64 = 86_400;

fn job<'a>(name: &'a str, due: Millis, body: &'a serde_json::Value) -> NewJob<'a> {
    NewJob {
        kind: "publish",
        name,
        body,
        due,
    }
}

fn everything() -> Subscription {
    Subscription {
        subject: Subject::Everything,
        severity: None,
        kev_at_once: false,
        cadence: Cadence::AtOnce,
        mail: true,
        hook: None,
        muted: false,
        feed: 0,
    }
}

fn setting(db: &Db) -> PersonId {
    let mut git = package("git", "2.1");
    git.maintainers = vec!["ada".to_owned()];
    load(db, "c", "a", vec![git.clone(), package("curl", "8")]).unwrap();
    load(db, "d", "a", vec![git, package("curl", "8")]).unwrap();
    put(db, [record(ID, "git", "A flaw in git")]);
    db.github_person(7, "ada", NOW).unwrap().id
}

/// Channel and its matches: attribute, verdict, tier.
type InChannel<'a> = (&'a str, &'a [(&'a str, Verdict, Tier)]);

fn kev() -> Kev {
    Kev {
        date_added: "2026-01-01".to_owned(),
        due_date: None,
        vendor: "v".to_owned(),
        product: "p".to_owned(),
        name: "n".to_owned(),
        ransomware: false,
    }
}

/// The messages of a kind that wait, each taken and done.
fn waiting(db: &Db, kind: &str) -> Vec<Outgoing> {
    let end = later(1000 * DAY);
    let mut found = Vec::new();
    let mut others = Vec::new();
    while let Some(job) = db.claim_job("w", end, 1000).unwrap() {
        if job.kind == kind {
            found.extend(db.message(&job).unwrap());
            assert!(db.finish_job(&job, end).unwrap());
        } else {
            others.push(job);
        }
    }
    for job in others {
        db.fail_job(&job, "not asked for", Some(end), end).unwrap();
    }
    found
}

fn matched(db: &Db, now: Millis, channels: &[InChannel<'_>]) {
    let seen = db.dirty_advisories(0).unwrap().seen;
    let channels = channels.iter().map(|(channel, matches)| {
        let matches: Vec<Match> = matches
            .iter()
            .map(|(attr, verdict, tier)| found(ID, attr, *verdict, *tier))
            .collect();
        ((*channel).to_owned(), matches)
    });
    let advisories = [AdvisoryMatches {
        advisory: ID.to_owned(),
        channels: channels.collect(),
        keys: vec![],
    }];
    db.put_matches(&MatchBatch {
        now,
        seen,
        advisories: &advisories,
    })
    .unwrap();
}

const HIT: (&str, Verdict, Tier) = ("git", Verdict::Affected, Tier::High);

contract! {
    fn a_job_is_claimed_by_one_and_freed_when_its_worker_dies(fresh) {
        let db = &fresh.db;
        db.put_job(&job("a", NOW, &json!({"n": 1}))).unwrap();
        db.put_job(&job("b", later(60), &json!({}))).unwrap();
        assert_eq!(db.claim_job("one", Millis::new(NOW.get() - 1), 1000).unwrap(), None, "not due");
        let mine = db.claim_job("one", NOW, 10_000).unwrap().unwrap();
        assert_eq!((mine.name.as_str(), mine.attempts, &mine.body), ("a", 1, &json!({"n": 1})));
        assert_eq!(db.claim_job("two", later(9), 10_000).unwrap(), None);
        // The first worker is gone: its lease passes.
        // It lives, and says so.
        assert!(db.keep_job(&mine, later(9), 10_000).unwrap());
        assert_eq!(db.claim_job("two", later(18), 10_000).unwrap(), None);
        let again = db.claim_job("two", later(19), 10_000).unwrap().unwrap();
        assert_eq!((again.name.as_str(), again.attempts), ("a", 2));
        assert!(!db.keep_job(&mine, later(20), 10_000).unwrap(), "the claim was lost");
        assert!(!db.finish_job(&mine, later(20)).unwrap(), "the claim was lost");
        assert!(db.finish_job(&again, later(21)).unwrap());
        assert!(!db.keep_job(&again, later(22), 10_000).unwrap(), "it is done");
        assert_eq!(db.claim_job("two", later(30), 10_000).unwrap(), None);
        assert_eq!(db.claim_job("two", later(60), 10_000).unwrap().unwrap().name, "b");
    }

    fn a_job_put_again_while_it_runs_is_done_once_more(fresh) {
        let db = &fresh.db;
        db.put_job(&job("a", NOW, &json!({}))).unwrap();
        db.put_job(&job("a", NOW, &json!({}))).unwrap();
        let first = db.claim_job("one", later(1), 10_000).unwrap().unwrap();
        db.put_job(&job("a", later(1), &json!({}))).unwrap();
        assert!(!db.finish_job(&first, later(2)).unwrap());
        let second = db.claim_job("one", later(3), 10_000).unwrap().unwrap();
        assert_eq!((second.id, second.attempts), (first.id, 1));
        assert!(db.finish_job(&second, later(4)).unwrap());
        assert_eq!(db.claim_job("one", later(5), 10_000).unwrap(), None);
    }

    fn a_job_that_fails_waits_and_is_given_up_in_the_end(fresh) {
        let db = &fresh.db;
        db.put_job(&job("a", NOW, &json!({}))).unwrap();
        let mine = db.claim_job("one", NOW, 10_000).unwrap().unwrap();
        db.fail_job(&mine, "no answer", Some(later(60)), later(1)).unwrap();
        assert_eq!(db.claim_job("one", later(59), 10_000).unwrap(), None);
        let mine = db.claim_job("one", later(60), 10_000).unwrap().unwrap();
        db.fail_job(&mine, "still none", None, later(61)).unwrap();
        let jobs = db.jobs(10).unwrap();
        assert_eq!((jobs[0].failed.as_deref(), jobs[0].ended, jobs[0].attempts), (Some("still none"), Some(later(61)), 2));
        assert_eq!(db.claim_job("one", later(999), 10_000).unwrap(), None);
        assert_eq!(db.forget_jobs(later(61)).unwrap(), 0);
        assert_eq!(db.forget_jobs(later(62)).unwrap(), 1);
    }

    fn workers_at_once_do_each_job_once(fresh) {
        for number in 0..40 {
            fresh.db.put_job(&job(&format!("{number}"), NOW, &json!({}))).unwrap();
        }
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (db, done) = (fresh.db.clone(), &done);
                scope.spawn(move || {
                    while let Some(mine) = db.claim_job(&format!("w{worker}"), later(1), 60_000).unwrap() {
                        assert!(db.finish_job(&mine, later(2)).unwrap());
                        done.lock().unwrap().push(mine.name);
                    }
                });
            }
        });
        let done = done.into_inner().unwrap();
        assert_eq!((done.len(), done.iter().collect::<BTreeSet<_>>().len()), (40, 40));
    }

    fn news_reach_who_subscribed_before_once(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let bob = db.github_person(8, "bob", NOW).unwrap().id;
        matched(db, NOW, &[("c", &[])]);
        assert_eq!(db.notify().unwrap(), 0, "nobody listened");
        // These come first and send nothing, or later: the ones above count.
        let silent = Subscription { mail: false, ..everything() };
        let weekly = Subscription { cadence: Cadence::Weekly, ..everything() };
        for other in [silent, weekly] {
            db.put_subscription(ada, &other, &[5], NOW).unwrap();
        }
        let mine = Subscription { subject: Subject::Maintainer { handle: "ada".to_owned() }, ..everything() };
        db.put_subscription(ada, &mine, &[1], NOW).unwrap();
        db.put_subscription(ada, &everything(), &[2], NOW).unwrap();
        let grave = Subscription { severity: Some(Severity::Critical), cadence: Cadence::Daily, ..everything() };
        db.put_subscription(bob, &grave, &[3], NOW).unwrap();
        matched(db, later(5), &[("c", &[HIT])]);
        // The same in another channel is no news; nor is the same again.
        matched(db, later(6), &[("c", &[HIT]), ("d", &[HIT])]);
        db.put_subscription(db.github_person(9, "late", NOW).unwrap().id, &everything(), &[4], later(7)).unwrap();
        assert_eq!(db.claim_job("w", later(8), 1000).unwrap().unwrap().kind, "notify");
        assert_eq!(db.notify().unwrap(), 1);
        assert_eq!(db.notify().unwrap(), 0);
        let told = db.notifications(ada, None, 10).unwrap();
        assert_eq!((told.len(), told[0].event.subject.as_str(), told[0].event.body.attrs.clone()), (1, ID, vec!["git".to_owned()]));
        assert_eq!((db.unread(ada).unwrap(), db.unread(bob).unwrap()), (1, 1), "9.8 is critical");
        // At once for one, tomorrow for the other.
        assert_eq!(db.make_messages(later(9)).unwrap(), 1);
        let out = waiting(db, "mail");
        assert_eq!((out.len(), out[0].subscription.person, &out[0].mail), (1, ada, &None));
        assert_eq!(db.make_messages(later(11)).unwrap(), 0);
        db.mark_read(ada, told[0].id, later(12)).unwrap();
        assert_eq!(db.unread(ada).unwrap(), 0);
        // Tidying takes what went out, and leaves what is still to go.
        let old = GcPolicy { forget_news_before: Some(later(2 * DAY)), ..GcPolicy::default() };
        assert_eq!(db.gc(&old).unwrap().news, 0, "no digest has gone out");
        assert_eq!((db.notifications(ada, None, 10).unwrap().len(), db.notifications(bob, None, 10).unwrap().len()), (1, 1));
        assert_eq!(db.make_messages(later(DAY)).unwrap(), 1);
        assert_eq!(waiting(db, "mail")[0].subscription.person, bob);
        assert_eq!(db.make_messages(later(7 * DAY)).unwrap(), 0, "ada had the mail at once");
        assert_eq!(db.gc(&old).unwrap().news, 0, "numbers go on from the last");
        assert_eq!((db.notifications(ada, None, 10).unwrap().len(), db.notifications(bob, None, 10).unwrap().len()), (0, 0));
        for _ in 0..2 {
            matched(db, later(3 * DAY), &[("c", &[])]);
            matched(db, later(3 * DAY), &[("c", &[HIT])]);
        }
        let all = GcPolicy { forget_news_before: Some(later(9 * DAY)), ..GcPolicy::default() };
        assert_eq!(db.gc(&all).unwrap().news, 0, "nobody was told yet");
        assert_eq!(db.notify().unwrap(), 2);
        assert_eq!(db.gc(&old).unwrap().news, 1);
    }

    fn a_message_is_made_once_and_what_comes_at_once_puts_no_digest_off(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        matched(db, NOW, &[("c", &[])]);
        let weekly = Subscription { cadence: Cadence::Weekly, kev_at_once: true, hook: Some("https://example.org/".to_owned()), ..everything() };
        let id = db.put_subscription(ada, &weekly, &[1], NOW).unwrap();
        let news = |at: i64| {
            matched(db, later(at), &[("c", &[])]);
            matched(db, later(at), &[("c", &[HIT])]);
            db.notify().unwrap();
        };
        news(1);
        assert_eq!(db.make_messages(later(2)).unwrap(), 0, "a week has not passed");
        db.put_kev(&[(ID.to_owned(), kev())]).unwrap();
        news(3 * DAY);
        assert_eq!(db.make_messages(later(3 * DAY)).unwrap(), 2, "by mail and by web hook");
        let (mail, hook) = (waiting(db, "mail"), waiting(db, "hook"));
        assert_eq!((mail.len(), hook.len(), mail[0].news.len()), (1, 1, 1));
        assert!(mail[0].news[0].event.body.kev);
        // The digest comes a week after the subscription, with what has not gone out.
        assert_eq!(db.make_messages(later(7 * DAY - 1)).unwrap(), 0);
        assert_eq!(db.make_messages(later(7 * DAY)).unwrap(), 2);
        let digest = waiting(db, "mail").remove(0);
        assert_eq!((digest.news.len(), digest.news[0].event.body.kev), (1, false));
        assert_eq!(db.make_messages(later(7 * DAY)).unwrap(), 0);
        // Whoever mutes it wants none of what waits.
        news(15 * DAY);
        assert_eq!(db.make_messages(later(15 * DAY)).unwrap(), 2);
        db.change_subscription(ada, id, |now| Subscription { muted: true, ..now }).unwrap();
        assert!(waiting(db, "hook").is_empty());
    }

    fn several_subscriptions_tell_once_mail_once_and_post_once_to_each_address(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        matched(db, NOW, &[("c", &[])]);
        let to = |hook: &str| Subscription { mail: true, hook: Some(format!("https://{hook}.example.org/")), ..everything() };
        let first = db.put_subscription(ada, &to("one"), &[1], NOW).unwrap();
        let same = db.put_subscription(ada, &to("one"), &[2], NOW).unwrap();
        db.put_subscription(ada, &to("two"), &[3], NOW).unwrap();
        let weekly = Subscription { cadence: Cadence::Weekly, ..to("three") };
        db.put_subscription(ada, &weekly, &[4], NOW).unwrap();
        matched(db, later(1), &[("c", &[HIT])]);
        db.notify().unwrap();
        assert_eq!((db.notifications(ada, None, 10).unwrap().len(), db.unread(ada).unwrap()), (1, 1));
        assert_eq!(db.make_messages(later(2)).unwrap(), 3);
        assert_eq!(db.make_messages(later(3)).unwrap(), 0);
        let hooks = |out: &[Outgoing]| {
            let hooks = out.iter().map(|one| one.hook.clone().unwrap());
            let mut hooks: Vec<String> = hooks.map(|hook| hook["https://".len()..].split('.').next().unwrap().to_owned()).collect();
            hooks.sort();
            hooks
        };
        // A worker takes the job of the first address, and dies: it is that message's again, and only that one's.
        let mut ended = BTreeSet::new();
        let lost = loop {
            let job = db.claim_job("dies", later(3), 10_000).unwrap().unwrap();
            let out = (job.kind == "hook").then(|| db.message(&job).unwrap().unwrap());
            match out {
                Some(out) if out.subscription.id == first => break (job, out),
                Some(out) => ended.extend(hooks(&[out])),
                None => {}
            }
            assert!(db.finish_job(&job, later(3)).unwrap());
        };
        let secrets: Vec<&[u8]> = lost.1.senders().map(|one| one.secret.as_slice()).collect();
        assert_eq!(secrets, [[1], [2]], "signed for both that lead there");
        let again = waiting(db, "hook");
        assert!(!db.finish_job(&lost.0, later(99)).unwrap(), "its claim is lost");
        ended.extend(hooks(&again));
        assert_eq!((again.iter().filter(|out| out.subscription.id == first).count(), again.iter().all(|out| out.news == lost.1.news)), (1, true));
        assert_eq!(ended.into_iter().collect::<Vec<_>>(), ["one", "two"]);
        assert!(waiting(db, "mail").is_empty(), "one mail, which was taken above");
        // A week later: the address that was not told; no mail again.
        assert_eq!(db.make_messages(later(7 * DAY)).unwrap(), 1);
        assert_eq!(hooks(&waiting(db, "hook")), ["three"]);
        // Of the two that lead to one place either may go before the post is out.
        matched(db, later(8 * DAY), &[("c", &[])]);
        matched(db, later(8 * DAY), &[("c", &[HIT])]);
        db.notify().unwrap();
        assert_eq!(db.make_messages(later(8 * DAY)).unwrap(), 3);
        assert!(db.remove_subscription(ada, first, later(8 * DAY)).unwrap());
        let left = waiting(db, "hook");
        assert_eq!(hooks(&left), ["one", "two"]);
        assert_eq!(left.iter().filter(|out| out.subscription.id == same).count(), 1);
    }

    fn a_message_follows_its_web_hook_to_a_new_address(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        matched(db, NOW, &[("c", &[])]);
        let to = |hook: &str| Subscription { mail: false, hook: Some(hook.to_owned()), ..everything() };
        let one = db.put_subscription(ada, &to("https://typo/"), &[1], NOW).unwrap();
        db.put_subscription(ada, &to("https://other/"), &[2], NOW).unwrap();
        matched(db, later(1), &[("c", &[HIT])]);
        db.notify().unwrap();
        assert_eq!(db.make_messages(later(2)).unwrap(), 2);
        db.change_subscription(ada, one, |now| Subscription { hook: Some("https://right/".to_owned()), ..now }).unwrap();
        let mine = |out: Vec<Outgoing>| out.into_iter().filter(|out| out.subscription.id == one).filter_map(|out| out.hook).collect::<Vec<_>>();
        let mut jobs = Vec::new();
        while let Some(job) = db.claim_job("w", later(3), 60_000).unwrap() {
            jobs.extend((job.kind == "hook").then_some(job));
        }
        let told = || jobs.iter().filter_map(|job| db.message(job).unwrap()).collect::<Vec<_>>();
        assert_eq!(mine(told()), ["https://right/"]);
        assert_eq!(mine(told()), ["https://right/"], "also the next time");
        // To where the other one's went already: not twice.
        db.change_subscription(ada, one, |now| Subscription { hook: Some("https://other/".to_owned()), ..now }).unwrap();
        assert!(mine(told()).is_empty());
    }

    fn an_issue_that_is_published_is_news_and_a_job(fresh) {
        use snowguard_tracker_triage::command::Command;
        use snowguard_tracker_triage::issue::{Issue, Stage};
        let db = &fresh.db;
        let ada = setting(db);
        matched(db, NOW, &[("c", &[HIT])]);
        db.put_subscription(ada, &everything(), &[1], NOW).unwrap();
        let accept = snowguard_tracker_db::Decision { advisory: ID, revision: 0, command: &Command::Accept, person: ada, now: NOW };
        db.decide(&accept).unwrap();
        let content = Issue { title: "Git".to_owned(), advisories: vec![ID.to_owned()], ..Issue::default() };
        let issue = db.draft_issue(2026, &content, ada, NOW).unwrap();
        assert!(db.jobs(10).unwrap().is_empty(), "a draft is nobody's business");
        let next = issue.issue.staged(Stage::Published).unwrap();
        let change = snowguard_tracker_db::IssueChange { id: issue.id, revision: issue.revision, next: &next, action: "publish", person: ada, now: later(1) };
        db.change_issue(&change).unwrap();
        let kinds: BTreeSet<String> = db.jobs(10).unwrap().into_iter().map(|job| format!("{} {}", job.kind, job.name)).collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["notify events", "publish NIXPKGS-2026-0001"]);
        db.notify().unwrap();
        assert_eq!(db.notifications(ada, None, 10).unwrap()[0].event.subject, "NIXPKGS-2026-0001");
        // A bump settles it: changed, by the matcher.
        matched(db, later(9), &[("c", &[("git", Verdict::Fixed, Tier::High)])]);
        db.notify().unwrap();
        assert_eq!(db.notifications(ada, None, 10).unwrap().len(), 2);
    }

    fn a_subscription_is_its_owners(fresh) {
        let db = &fresh.db;
        let ada = setting(db);
        let bob = db.github_person(8, "bob", NOW).unwrap().id;
        let id = db.put_subscription(ada, &everything(), &[1], NOW).unwrap();
        let muted = |now| Subscription { muted: true, ..now };
        assert!(!db.change_subscription(bob, id, muted).unwrap());
        assert!(!db.remove_subscription(bob, id, NOW).unwrap());
        assert!(db.change_subscription(ada, id, muted).unwrap());
        assert!(db.subscriptions(ada).unwrap()[0].subscription.muted);
        assert!(db.remove_subscription(ada, id, NOW).unwrap());
        for _ in 0..100 {
            db.put_subscription(ada, &everything(), &[1], NOW).unwrap();
        }
        assert!(matches!(db.put_subscription(ada, &everything(), &[1], NOW), Err(DbError::TooMany { .. })));
    }

    fn a_replayed_delivery_is_taken_once(fresh) {
        let db = &fresh.db;
        assert!(db.take_hook_delivery("x", NOW).unwrap());
        assert!(!db.take_hook_delivery("x", later(5)).unwrap());
        assert!(db.take_hook_delivery("y", later(31 * DAY)).unwrap());
    }
}

#[test]
fn another_process_sees_the_same_jobs() {
    let fresh = crate::backend::Fresh::sqlite().unwrap();
    let other = Db::open(&Location::Sqlite(match &fresh.location {
        Location::Sqlite(path) => path.clone(),
        Location::Postgres(_) => unreachable!(),
    }))
    .unwrap();
    fresh.db.put_job(&job("a", NOW, &json!({}))).unwrap();
    assert!(other.claim_job("one", NOW, 1000).unwrap().is_some());
    assert!(fresh.db.claim_job("two", NOW, 1000).unwrap().is_none());
}
