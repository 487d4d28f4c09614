//! Accounts, sessions, tokens, and whose packages are whose.

use snowguard_tracker_db::{
    Db, DbError, Digest, Lock, Maintainer, NewSession, NewToken, PendingSignIn, Team,
};
use snowguard_tracker_triage::role::{Role, Roles};

use crate::backend::contract;
use crate::sample::{NOW, later, load, package};

const COOKIE: Digest = [7; 32];
const DAY: i64 = 86_400;

fn begin(db: &Db, person: snowguard_tracker_db::PersonId, digest: &Digest) {
    let new = NewSession {
        digest,
        person,
        expires: later(30 * DAY),
        agent: "Browser",
    };
    db.begin_session(&new, NOW).unwrap();
}

contract! {
    fn a_session_ends_in_time_and_by_hand(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap();
        begin(db, ada.id, &COOKIE);
        let who = |now, idle| db.session_person(&COOKIE, now, idle).unwrap().map(|person| person.id);
        assert_eq!(who(later(60), NOW), Some(ada.id));
        assert_eq!(db.session_person(&[8; 32], NOW, NOW).unwrap(), None);
        // Used a minute ago, so it was noted.
        assert_eq!(who(later(7 * DAY), later(30)), None);
        assert_eq!(who(later(31 * DAY), NOW), None);
        assert_eq!(db.sessions(ada.id, NOW).unwrap().len(), 1);
        assert_eq!(db.end_sessions(ada.id).unwrap(), 1);
        assert_eq!(who(NOW, NOW), None);
    }

    fn a_locked_account_has_neither_session_nor_token(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap();
        begin(db, ada.id, &COOKIE);
        let token = NewToken { person: ada.id, name: "ci", digest: &[9; 32], scopes: &["read", "triage"], expires: later(DAY) };
        db.put_token(&token, NOW).unwrap();
        let (found, scopes) = db.token_person(&[9; 32], later(5)).unwrap().unwrap();
        assert_eq!((found.id, scopes), (ada.id, vec!["read".to_owned(), "triage".to_owned()]));
        assert_eq!(db.token_person(&[9; 32], later(2 * DAY)).unwrap(), None);
        db.lock_person(None, ada.id, Lock::Lock, NOW).unwrap();
        assert_eq!(db.session_person(&COOKIE, NOW, NOW).unwrap(), None);
        assert_eq!(db.token_person(&[9; 32], NOW).unwrap(), None);
        db.lock_person(None, ada.id, Lock::Unlock, NOW).unwrap();
        assert_eq!(db.session_person(&COOKIE, NOW, NOW).unwrap(), None, "what ended stays ended");
    }

    fn only_its_owner_revokes_a_token(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap();
        let bob = db.github_person(8, "bob", NOW).unwrap();
        let token = NewToken { person: ada.id, name: "ci", digest: &[9; 32], scopes: &[], expires: later(DAY) };
        db.put_token(&token, NOW).unwrap();
        let id = db.tokens(ada.id, NOW).unwrap()[0].id;
        assert!(!db.revoke_token(bob.id, id, NOW).unwrap());
        assert!(db.token_person(&[9; 32], NOW).unwrap().is_some());
        assert!(db.revoke_token(ada.id, id, NOW).unwrap());
        assert!(db.tokens(ada.id, NOW).unwrap().is_empty());
        for number in 0..50_u8 {
            let digest = [number + 10; 32];
            db.put_token(&NewToken { digest: &digest, ..token }, NOW).unwrap();
        }
        let refused = db.put_token(&NewToken { digest: &[255; 32], ..token }, NOW).unwrap_err();
        assert!(matches!(refused, DbError::TooMany { .. }), "{refused}");
    }

    fn a_login_that_changes_hands_keeps_to_its_number(fresh) {
        let db = &fresh.db;
        let first = db.github_person(7, "ada", NOW).unwrap();
        let renamed = db.github_person(7, "ada-l", later(1)).unwrap();
        let other = db.github_person(8, "ada", later(2)).unwrap();
        assert_eq!((renamed.id, renamed.name.as_str()), (first.id, "ada-l"));
        assert_ne!(other.id, first.id);
    }

    fn roles_come_by_hand_and_by_team(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap();
        let security = Roles::new([Role::SecurityTeam]);
        assert_eq!(db.put_team_roles(&[(7, security), (99, security)], NOW).unwrap(), 1);
        assert_eq!(db.put_team_roles(&[(7, security)], NOW).unwrap(), 0);
        db.give_roles(None, ada.id, Roles::new([Role::Administrator]), NOW).unwrap();
        let roles: Vec<Role> = db.person(ada.id).unwrap().unwrap().roles().iter().collect();
        assert_eq!(roles, [Role::Anonymous, Role::User, Role::SecurityTeam, Role::Administrator]);
        assert_eq!(db.put_team_roles(&[], NOW).unwrap(), 1);
        assert!(!db.person(ada.id).unwrap().unwrap().roles().has(Role::SecurityTeam));
        let actions: Vec<String> = db.activity(None, 10).unwrap().into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["team_roles", "give_roles", "team_roles"]);
    }

    fn a_new_password_ends_what_was_open(fresh) {
        let db = &fresh.db;
        let root = db.put_local_person("root", "$argon2id$1", Roles::new([Role::Administrator]), NOW).unwrap();
        begin(db, root.id, &COOKIE);
        assert_eq!(db.local_person("root").unwrap().unwrap().1, "$argon2id$1");
        assert_eq!(db.local_person("ROOT").unwrap(), None);
        let again = db.put_local_person("root", "$argon2id$2", Roles::new([Role::Administrator]), NOW).unwrap();
        assert_eq!(again.id, root.id);
        assert_eq!(db.session_person(&COOKIE, NOW, NOW).unwrap(), None);
    }

    fn a_sign_in_is_good_for_one_use(fresh) {
        let db = &fresh.db;
        let pending = PendingSignIn { verifier: "v".to_owned(), back: "/queue".to_owned() };
        db.begin_sign_in(&[1; 32], &pending, later(600), NOW).unwrap();
        db.begin_sign_in(&[2; 32], &pending, later(600), NOW).unwrap();
        assert_eq!(db.take_sign_in(&[1; 32], later(599)).unwrap(), Some(pending));
        assert_eq!(db.take_sign_in(&[1; 32], later(599)).unwrap(), None);
        assert_eq!(db.take_sign_in(&[2; 32], later(600)).unwrap(), None);
    }

    fn failures_add_up_until_a_success(fresh) {
        let db = &fresh.db;
        for second in 0..6 {
            db.note_failure("password:root", later(second)).unwrap();
        }
        assert_eq!(db.attempts("password:root").unwrap().failures, 6);
        assert_eq!(db.attempts("password:root").unwrap().next(), Some(later(7)));
        db.forget_failures("password:root").unwrap();
        assert_eq!(db.attempts("password:root").unwrap().next(), None);
        db.note_failure("a", NOW).unwrap();
        db.note_failure("b", later(2 * DAY)).unwrap();
        assert_eq!(db.attempts("a").unwrap().failures, 0, "forgotten after a day");
    }

    fn an_address_is_confirmed_with_its_key(fresh) {
        let db = &fresh.db;
        let ada = db.github_person(7, "ada", NOW).unwrap();
        db.set_mail(ada.id, Some("ada@example.org"), &[3; 32]).unwrap();
        assert!(!db.person(ada.id).unwrap().unwrap().mail_confirmed);
        assert!(!db.confirm_mail(ada.id, &[4; 32]).unwrap());
        assert!(db.confirm_mail(ada.id, &[3; 32]).unwrap());
        assert!(!db.confirm_mail(ada.id, &[3; 32]).unwrap());
        assert!(db.person(ada.id).unwrap().unwrap().mail_confirmed);
    }

    fn packages_belong_to_maintainers_and_teams(fresh) {
        let db = &fresh.db;
        let owned = |attr: &str, maintainers: &[&str], teams: &[&str]| {
            let mut one = package(attr, "1");
            one.maintainers = maintainers.iter().map(ToString::to_string).collect();
            one.teams = teams.iter().map(ToString::to_string).collect();
            one
        };
        load(db, "c", "a", vec![owned("git", &["ada", "bob"], &[]), owned("agda", &[], &["agda"]), owned("zlib", &["cy"], &[])]).unwrap();
        let ada = Maintainer { handle: "ada".into(), name: "Ada".into(), github: Some("ada-l".into()), github_id: Some(7) };
        let bob = Maintainer { handle: "bob".into(), name: "Bob".into(), github: None, github_id: None };
        db.put_maintainers(&[ada.clone(), bob]).unwrap();
        db.put_teams(&[Team { name: "agda".into(), members: vec!["ada".into()] }]).unwrap();
        assert_eq!(db.maintainer("ada").unwrap(), Some(ada));
        let names = db.owned_names(7).unwrap();
        assert_eq!(names, ["ada", "ada-l", "team:agda"]);
        assert!(db.owned_names(8).unwrap().is_empty());
        let owns = |attr: &str| db.owns_any(&names, &[attr.to_owned()]).unwrap();
        assert_eq!([owns("git"), owns("agda"), owns("zlib"), owns("none")], [true, true, false, false]);
        // A package that changes hands.
        load(db, "c", "b", vec![owned("git", &["bob"], &[]), owned("agda", &[], &["agda"]), owned("zlib", &["cy"], &[])]).unwrap();
        assert!(!owns("git"));
        let owners: Vec<String> = db.owners_of(&["git".to_owned(), "agda".to_owned()]).unwrap().into_iter().collect();
        assert_eq!(owners, ["bob", "team:agda"]);
    }

    fn who_is_named_by_login_owns_as_who_is_named_by_handle(fresh) {
        let db = &fresh.db;
        let one = |handle: &str, github: &str, id| Maintainer { handle: handle.into(), name: handle.into(), github: Some(github.into()), github_id: Some(id) };
        // Before the list is there, a channel's packages say who they are.
        db.fill_maintainers(&[one("Ada-L", "Ada-L", 7), one("old-timer", "old-timer", 9)]).unwrap();
        assert_eq!(db.owned_names(7).unwrap(), ["Ada-L"]);
        let list = [one("ada", "Ada-L", 7), one("bob", "cy", 8), one("cy", "Cy", 10)];
        let outcome = db.put_maintainers(&list).unwrap();
        assert_eq!((outcome.new, outcome.unchanged), (3, 0));
        assert_eq!(db.owned_names(7).unwrap(), ["Ada-L", "ada"]);
        // A login that is somebody else's handle is left to them.
        assert_eq!(db.owned_names(8).unwrap(), ["bob"]);
        assert_eq!(db.owned_names(10).unwrap(), ["cy", "Cy"]);
        // The list's word stays, and who is not in it stays as well.
        db.fill_maintainers(&[one("cy", "cy", 99), one("Ada-L", "Ada-L", 7)]).unwrap();
        assert_eq!(db.maintainer("cy").unwrap(), Some(list[2].clone()));
        let outcome = db.put_maintainers(&list[..2]).unwrap();
        assert_eq!((outcome.new, outcome.unchanged, outcome.removed), (0, 2, 1));
        assert_eq!(db.owned_names(9).unwrap(), ["old-timer"]);
        let team = |name: &str, members: &[&str]| Team { name: name.into(), members: members.iter().map(ToString::to_string).collect() };
        db.put_teams(&[team("a", &["ada"]), team("b", &["Ada-L", "bob"])]).unwrap();
        assert_eq!(db.owned_names(7).unwrap(), ["Ada-L", "ada", "team:a", "team:b"]);
        let outcome = db.put_teams(&[team("b", &["bob", "Ada-L"]), team("c", &["bob"])]).unwrap();
        assert_eq!((outcome.new, outcome.changed, outcome.unchanged, outcome.removed), (1, 0, 1, 1));
        assert_eq!(db.owned_names(8).unwrap(), ["bob", "cy", "team:b", "team:c"], "cy is nobody's handle any more");
    }
}

#[test]
fn whose_packages_are_whose_is_found_in_an_older_database() {
    let fresh = crate::backend::Fresh::sqlite().unwrap();
    let mut git = package("git", "1");
    git.maintainers = vec!["ada".to_owned()];
    load(&fresh.db, "c", "a", vec![git]).unwrap();
    snowguard_tracker_db::Db::migrate_to(&fresh.location, 2).unwrap();
    let snowguard_tracker_db::Location::Sqlite(path) = &fresh.location else {
        unreachable!()
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute("DELETE FROM setting WHERE name = 'owners_derived'", [])
        .unwrap();
    drop(connection);
    let db = Db::open(&fresh.location).unwrap();
    assert!(db.owners_of(&["git".to_owned()]).unwrap().is_empty());
    db.rekey().unwrap();
    assert_eq!(db.owners_of(&["git".to_owned()]).unwrap().len(), 1);
}
