//! Each role's day in a real browser.

use snowguard_tracker_db::{Db, Millis};
use snowguard_tracker_triage::role::{Role, Roles};
use snowguard_tracker_triage::state::State;
use snowguard_tracker_web::hash_password;

use crate::browser::with_sample;
use crate::sample::{NOW, Sample};
use crate::webdriver::{Browser, Setup};

const PASSWORD: &str = "a long enough password";

const DESKTOP: Setup = Setup {
    width: 1200,
    dark: false,
    javascript: true,
};

/// Runs `day` with a browser, the server's address and its database, with somebody of each role.
fn with_browser(setup: Setup, day: impl FnOnce(&Browser, &str, &Db) + Send + 'static) {
    let furnished = || {
        let sample = Sample::new();
        let hash = hash_password(PASSWORD).unwrap();
        let roles = [
            ("triager", Role::Triager),
            ("team", Role::SecurityTeam),
            ("root", Role::Administrator),
        ];
        for (name, role) in roles {
            let given = Roles::new([role]);
            sample
                .db
                .put_local_person(name, &hash, given, Millis::new(NOW))
                .unwrap();
        }
        sample
    };
    with_sample(furnished, setup, day);
}

fn sign_in(browser: &Browser, base: &str, name: &str, back: &str) {
    browser.open(&format!("{base}/sign-in?back={back}"));
    browser.write("input[name=name]", name);
    browser.write("input[name=password]", PASSWORD);
    browser.follow("main .first");
    assert!(browser.address().ends_with(back), "{}", browser.address());
}

fn state(db: &Db, id: &str) -> State {
    db.suggestion(id).unwrap().unwrap().suggestion.state
}

#[test]
fn a_triagers_day_with_the_keyboard_alone() {
    with_browser(DESKTOP, |browser, base, db| {
        sign_in(browser, base, "triager", "/queue");
        // The exploited one stands first; the second is dismissed by key, and that undone.
        browser.type_keys("jj");
        browser.run("window.staysOnThisPage = true;");
        browser.follow_key("d");
        assert_eq!(state(db, "CVE-2024-66666"), State::Dismissed);
        assert!(browser.text(".done").contains("1 decided."));
        browser.follow_key("u");
        assert_eq!(state(db, "CVE-2024-66666"), State::New);
        // The page was never left, and the row at hand has the focus still.
        browser.follow_key("a");
        assert_eq!(state(db, "CVE-2024-6387"), State::Accepted);
        assert_eq!(browser.run("return window.staysOnThisPage;"), true);
        browser.follow(".facets a[href*='status=all']");
        assert!(browser.address().contains("status=all"));
        assert_eq!(browser.run("return window.staysOnThisPage;"), true);
        browser.type_keys("?");
        assert!(browser.visible("dialog"));
        browser.click("dialog button");
        browser.type_keys("/");
        assert_eq!(browser.focused_name(), "q");
        assert!(browser.console().is_empty());
    });
}

#[test]
fn the_same_decisions_without_javascript() {
    with_browser(
        Setup {
            javascript: false,
            ..DESKTOP
        },
        |browser, base, db| {
            sign_in(browser, base, "triager", "/queue");
            browser.click(".suggestions li:first-child [name=pick]");
            browser.follow("button[value=accept]");
            assert_eq!(state(db, "CVE-2024-6387"), State::Accepted);
            browser.follow(".done button");
            assert_eq!(state(db, "CVE-2024-6387"), State::New);
        },
    );
}

#[test]
fn the_security_teams_day_from_decision_to_publication() {
    with_browser(DESKTOP, |browser, base, db| {
        sign_in(browser, base, "team", "/advisory/CVE-2024-6387");
        browser.follow(".decide button[value=accept]");
        browser.follow("a[href='/issues/new?advisory=CVE-2024-6387']");
        browser.write("textarea[name=notes]", "Update *now*.");
        browser.follow("main .first");
        assert_eq!(browser.text("h1"), "NIXPKGS-2024-0001");
        browser.follow("button[value=publish]");
        assert!(browser.text(".head").contains("published"));
        assert_eq!(state(db, "CVE-2024-6387"), State::Published);
        assert!(browser.text(".notes").contains("Update now."));
        browser.follow(".top nav form button");
        browser.open(&format!("{base}/issues"));
        assert!(browser.text("main").contains("NIXPKGS-2024-0001"));
    });
}

#[test]
fn an_administrators_day() {
    with_browser(DESKTOP, |browser, base, db| {
        sign_in(browser, base, "root", "/people");
        // Names are in order: root, team, triager.
        browser.click("tbody tr:nth-child(3) input[value=security_team], table tr:nth-child(4) input[value=security_team]");
        browser.follow("table tr:last-child td .buttons button");
        let triager = db.local_person("triager").unwrap().unwrap().0;
        assert!(
            triager.roles().has(Role::SecurityTeam),
            "{:?}",
            triager.roles()
        );
    });
}

/// With a script and without: the field is an ordinary one.
#[test]
fn a_list_of_packages_is_uploaded() {
    for javascript in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let [list, large] = ["list.txt", "large.txt"].map(|name| folder.path().join(name));
        std::fs::write(&list, "openssh\n# no package\nzlib\n").unwrap();
        std::fs::write(&large, vec![b'a'; 10 << 20]).unwrap();
        let setup = Setup {
            javascript,
            ..DESKTOP
        };
        with_browser(setup, move |browser, base, db| {
            sign_in(browser, base, "triager", "/subscriptions");
            let fill = |file: &std::path::Path| {
                browser.click("[name=subject] option[value=list]");
                browser.write("input[name=what]", "our servers");
                browser.write("input[name=file]", file.to_str().unwrap());
            };
            fill(&large);
            match javascript {
                true => {
                    browser.click("#new ~ form .first");
                    let fits = "return document.querySelector('[name=file]').validity.valid;";
                    assert_eq!(browser.run(fits), false, "it is not even sent");
                }
                false => {
                    browser.follow("#new ~ form .first");
                    assert_eq!(browser.text("h1"), "Too large");
                }
            }
            browser.open(&format!("{base}/subscriptions"));
            fill(&list);
            browser.follow("#new ~ form .first");
            assert!(browser.text("main").contains("our servers (2 packages)"));
            let triager = db.local_person("triager").unwrap().unwrap().0;
            assert_eq!(db.subscriptions(triager.id).unwrap().len(), 1);
        });
    }
}

/// Pages of those who are signed in.
const PAGES: [&str; 9] = [
    "/queue",
    "/queue?status=all&tier=low",
    "/advisory/CVE-2024-6387",
    "/issues?stage=draft",
    "/issues/new?advisory=CVE-2024-6387",
    "/rules",
    "/log",
    "/account",
    "/sign-in",
];

#[test]
fn no_page_of_the_team_is_wider_than_a_phone() {
    let phone = Setup {
        width: 360,
        dark: true,
        javascript: true,
    };
    with_browser(phone, |browser, base, _| {
        sign_in(browser, base, "team", "/queue");
        for page in PAGES {
            browser.open(&format!("{base}{page}"));
            let (content, window) = browser.widths();
            assert!(
                window <= 360 && content <= window,
                "{page}: {content} in {window} pixels"
            );
        }
    });
}

/// Writes pictures to the folder that `SNOWGUARD_PICTURES` names, to look at.
#[test]
fn pictures_for_people() {
    let Some(folder) = std::env::var_os("SNOWGUARD_PICTURES").map(std::path::PathBuf::from) else {
        eprintln!("left out: SNOWGUARD_PICTURES names no folder");
        return;
    };
    let dark_phone = Setup {
        width: 360,
        dark: true,
        javascript: true,
    };
    for (name, setup) in [("light", DESKTOP), ("phone-dark", dark_phone)] {
        let folder = folder.clone();
        with_browser(setup, move |browser, base, _| {
            sign_in(browser, base, "team", "/advisory/CVE-2024-6387");
            browser.follow(".decide button[value=accept]");
            for (number, page) in PAGES.iter().enumerate() {
                browser.open(&format!("{base}{page}"));
                std::fs::write(
                    folder.join(format!("team-{number}-{name}.png")),
                    browser.screenshot(),
                )
                .unwrap();
            }
            browser.open(&format!("{base}/issues/new?advisory=CVE-2024-6387"));
            browser.follow("main .first");
            std::fs::write(
                folder.join(format!("team-issue-{name}.png")),
                browser.screenshot(),
            )
            .unwrap();
        });
    }
}
