//! The queue, decisions and issues over HTTP.

use axum::http::header;
use snowguard_tracker_db::Millis;
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_triage::state::State;

use crate::http::get;
use crate::sample::{HOSTILE, NOW, Sample};
use crate::signed_in::Signed;

const SSH: &str = "CVE-2024-6387";
const ODD: &str = "CVE-2024-66666";

fn state(sample: &Sample, id: &str) -> State {
    sample.db.suggestion(id).unwrap().unwrap().suggestion.state
}

fn location(answer: &crate::http::Answer) -> String {
    answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_queue_is_public_and_filters_live_in_the_address() {
    let sample = Sample::new();
    let page = get(&sample.router, "/queue").await;
    assert_eq!(page.body.matches("data-row").count(), 2);
    assert!(
        !page.body.contains("name=\"pick\""),
        "nobody decides without signing in"
    );
    for (query, rows) in [
        ("kev=1", 1),
        ("severity=critical", 1),
        ("package=openssh", 1),
        ("maintainer=bob", 1),
        ("maintainer=nobody", 0),
        ("q=regresshion", 1),
        ("epss=0.5", 1),
        ("status=dismissed", 0),
        ("status=all&channel=nixos-24.11", 2),
        ("days=1&sort=newest", 2),
    ] {
        let page = get(&sample.router, &format!("/queue?{query}")).await;
        assert_eq!(page.body.matches("<li data-row").count(), rows, "{query}");
    }
    for (query, status) in [
        ("status=none", 400),
        ("after=x", 400),
        ("channel=none", 404),
        ("epss=9", 400),
    ] {
        assert_eq!(
            get(&sample.router, &format!("/queue?{query}")).await.status,
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn bulk_decisions_are_made_one_by_one_and_undone_at_once() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let bulk = [
        ("command", "dismiss"),
        ("reason", "hosted_service"),
        ("pick", "CVE-2024-6387 0"),
        ("pick", "CVE-2024-66666 7"),
        ("back", "sort=newest&done=1"),
    ];
    let answer = ada.post("/queue/decide", &bulk).await;
    let place = location(&answer);
    assert!(
        place.starts_with("/queue?sort=newest&done=") && place.ends_with("failed=CVE-2024-66666"),
        "{place}"
    );
    assert_eq!(
        (state(&sample, SSH), state(&sample, ODD)),
        (State::Dismissed, State::New)
    );
    let page = ada.get(&place).await.body;
    assert!(
        page.contains("1 decided.") && page.contains("Not decided"),
        "{page}"
    );
    let (_, rest) = page.split_once("action=\"/activity/").unwrap();
    let undo = format!("/activity/{}", rest.split('"').next().unwrap());
    assert_eq!(
        location(
            &ada.post(&undo, &[("to", "queue"), ("back", "sort=newest")])
                .await
        ),
        "/queue?sort=newest"
    );
    assert_eq!(state(&sample, SSH), State::New);
}

#[tokio::test]
async fn a_stale_form_overwrites_nothing() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let bob = Signed::new(&sample, "bob", &[Role::Triager]);
    let path = "/advisory/CVE-2024-6387/decide";
    assert_eq!(
        ada.post(path, &[("command", "accept"), ("revision", "0")])
            .await
            .status,
        303
    );
    let late = bob
        .post(
            path,
            &[
                ("command", "dismiss"),
                ("reason", "hardware_only"),
                ("revision", "0"),
            ],
        )
        .await;
    assert_eq!(late.status, 409);
    assert_eq!(state(&sample, SSH), State::Accepted);
    for (fields, told) in [
        (
            vec![("command", "dismiss"), ("revision", "1")],
            "the reason is empty",
        ),
        (
            vec![("command", "release"), ("revision", "1")],
            "it is accepted",
        ),
        (
            vec![("command", "explode"), ("revision", "1")],
            "no command",
        ),
        (vec![("command", "accept"), ("revision", "x")], "no number"),
        (
            vec![
                ("command", "choose"),
                ("list", "references"),
                ("entry", "javascript:alert(1)"),
                ("choice", "added"),
                ("revision", "1"),
            ],
            "not a web address",
        ),
    ] {
        let answer = ada.post(path, &fields).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains(told), "{told}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_maintainer_proposes_and_a_triager_confirms() {
    let sample = Sample::new();
    let alice = Signed::new(&sample, "alice-gh", &[Role::Maintainer]);
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let mine = alice.get("/my").await.body;
    assert!(mine.contains(SSH) && !mine.contains(ODD), "{mine}");
    for told in [
        "<code>9.7p1</code><span class=\"fixin\"> <span aria-hidden=\"true\">→</span><span class=\"hidden\">, leaves the range at</span> <code>",
        "<span class=\"quiet\">nixos-unstable</span> <span class=\"fixed\">fixed already</span> <div><span class=\"pkg\"><a href=\"/package/openssh\"><code>openssh</code></a> <code>9.9p1</code>",
        "Patch: <a href=\"https://",
    ] {
        assert!(mine.contains(told), "{told}: {mine}");
    }
    for (query, is_there) in [
        (
            "channel=nixos-24.11&package=openssh&severity=high&maintainer=alice",
            true,
        ),
        ("channel=nixos-unstable", false),
        ("package=zlib", false),
        ("severity=critical", false),
        ("maintainer=bob", false),
    ] {
        let part = alice.get(&format!("/my?{query}")).await;
        assert_eq!(part.status, 200);
        assert_eq!(part.body.contains(SSH), is_there, "{query}: {}", part.body);
    }
    for wrong in ["severity=9", "after=x", "sort=random"] {
        assert_eq!(
            alice.get(&format!("/my?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
    let propose = [
        ("command", "propose_dismiss"),
        ("reason", "already_fixed"),
        ("comment", "in staging"),
        ("revision", "0"),
    ];
    assert_eq!(
        alice
            .post(&format!("/advisory/{SSH}/decide"), &propose)
            .await
            .status,
        303
    );
    assert_eq!(
        alice
            .post(&format!("/advisory/{ODD}/decide"), &propose)
            .await
            .status,
        403,
        "not theirs"
    );
    assert_eq!(state(&sample, SSH), State::New);
    let queue = ada.get("/queue?proposed=1&status=all").await.body;
    assert!(queue.contains(SSH) && !queue.contains(ODD));
    let page = ada.get(&format!("/advisory/{SSH}")).await.body;
    assert!(
        page.contains("alice-gh</b> proposes to dismiss it: already fixed – in staging"),
        "{page}"
    );
    let confirm = [("command", "confirm"), ("revision", "1")];
    assert_eq!(
        ada.post(&format!("/advisory/{SSH}/decide"), &confirm)
            .await
            .status,
        303
    );
    assert_eq!(state(&sample, SSH), State::Dismissed);
    assert!(
        !alice.get("/my").await.body.contains(SSH),
        "it is done with"
    );
    let log = ada.get("/log").await.body;
    assert!(
        log.contains("<ins>already fixed – in staging</ins>"),
        "{log}"
    );
}

#[tokio::test]
async fn an_issue_is_drafted_published_and_resolved() {
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    for id in [SSH, ODD] {
        let accept = [("command", "accept"), ("revision", "0")];
        assert_eq!(
            team.post(&format!("/advisory/{id}/decide"), &accept)
                .await
                .status,
            303
        );
    }
    let fields = [
        ("title", "OpenSSH runs code before login"),
        ("advisories", "CVE-2024-6387 CVE-2024-66666"),
        ("severity", "critical"),
        (
            "notes",
            "See **this**.\n\n<script>alert(1)</script> [x](javascript:alert(1))",
        ),
        ("links", "https://github.com/NixOS/nixpkgs/pull/323753"),
    ];
    let place = location(&team.post("/issues", &fields).await);
    assert_eq!(place, "/issue/NIXPKGS-2024-0001");
    let page = team.get(&place).await.body;
    for text in [
        "<strong>this</strong>",
        "&lt;script&gt;",
        "affected (9.7p1)",
        "fixed in 9.9p1",
        "nixos-24.11",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("javascript:alert(1)\""));
    assert_eq!(
        get(&sample.router, &place).await.status,
        404,
        "not public yet"
    );
    assert_eq!(
        team.post(&place, &[("action", "publish"), ("revision", "0")])
            .await
            .status,
        303
    );
    let public = get(&sample.router, &place).await;
    assert!(public.status.is_success() && !public.body.contains("name=\"revision\""));
    assert!(
        get(&sample.router, "/issues")
            .await
            .body
            .contains("NIXPKGS-2024-0001")
    );
    assert!(
        get(&sample.router, &format!("/advisory/{SSH}"))
            .await
            .body
            .contains("NIXPKGS-2024-0001")
    );
    let settle = [
        ("action", "status"),
        ("revision", "1"),
        ("channel", "nixos-24.11"),
        ("attr", "openssh"),
        ("status", "wont_fix"),
        ("evidence", "end of life"),
    ];
    assert_eq!(team.post(&place, &settle).await.status, 303);
    assert!(
        get(&sample.router, &place).await.body.contains("won’t fix")
            || get(&sample.router, &place)
                .await
                .body
                .contains("won&#39;t fix")
    );
    assert_eq!(
        team.post(&place, &[("action", "resolve"), ("revision", "2")])
            .await
            .status,
        303
    );
    assert_eq!(state(&sample, SSH), State::Resolved);
    assert!(
        get(&sample.router, "/issues?stage=resolved")
            .await
            .body
            .contains("NIXPKGS-2024-0001")
    );
}

#[tokio::test]
async fn an_issue_that_should_not_have_been_published_is_withdrawn_and_stays() {
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let triager = Signed::new(&sample, "triager", &[Role::Triager]);
    let accept = [("command", "accept"), ("revision", "0")];
    team.post(&format!("/advisory/{SSH}/decide"), &accept).await;
    let fields = [("title", "A race"), ("advisories", SSH)];
    let place = location(&team.post("/issues", &fields).await);
    let withdraw = |revision, reason| {
        [
            ("action", "withdraw"),
            ("revision", revision),
            ("reason", reason),
        ]
    };
    let told = withdraw("0", "wrong package");
    assert_eq!(team.post(&place, &told).await.status, 400, "it is a draft");
    // A draft that nobody goes on with is dropped, and taken up again.
    let act = |action, revision| [("action", action), ("revision", revision)];
    assert_eq!(triager.post(&place, &act("drop", "0")).await.status, 303);
    assert_eq!(state(&sample, SSH), State::Accepted);
    assert!(triager.get(&place).await.body.contains("Take up again"));
    assert_eq!(team.post(&place, &act("publish", "1")).await.status, 400);
    assert_eq!(get(&sample.router, &place).await.status, 404);
    assert_eq!(triager.post(&place, &act("reopen", "1")).await.status, 303);
    assert_eq!(state(&sample, SSH), State::Drafted);
    let publish = [("action", "publish"), ("revision", "2")];
    assert_eq!(team.post(&place, &publish).await.status, 303);
    let told = withdraw("3", "wrong package");
    assert_eq!(triager.post(&place, &told).await.status, 403);
    assert_eq!(team.post(&place, &withdraw("3", " ")).await.status, 400);
    let gone = triager.post(&place, &act("drop", "3")).await.status;
    assert_eq!(gone, 400, "it is public");
    assert_eq!(team.post(&place, &told).await.status, 303);
    let page = get(&sample.router, &place).await.body;
    assert!(
        page.contains("wrong package") && page.contains(SSH),
        "{page}"
    );
    assert_eq!(state(&sample, SSH), State::Accepted, "free for another");
    let osv = get(&sample.router, "/data/osv/NIXPKGS-2024-0001.json").await;
    let osv: serde_json::Value = serde_json::from_str(&osv.body).unwrap();
    assert!(osv["withdrawn"].is_string(), "{osv}");
    let listed = get(&sample.router, "/api/v1/issues").await.body;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["issues"][0]["stage"], "withdrawn");
    let other = location(&team.post("/issues", &fields).await);
    assert_eq!(other, "/issue/NIXPKGS-2024-0002");
    let reopen = [("action", "reopen"), ("revision", "4")];
    assert_eq!(
        team.post(&place, &reopen).await.status,
        409,
        "another issue holds it"
    );
    let advisories = [("action", "edit"), ("revision", "0"), ("title", "Another")];
    assert_eq!(team.post(&other, &advisories).await.status, 303);
    assert_eq!(state(&sample, SSH), State::Drafted);
}

#[tokio::test]
async fn xss_in_every_field_of_a_person_is_inert() {
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam, Role::Administrator]);
    let evil = sample
        .db
        .github_person(666, HOSTILE, Millis::new(NOW))
        .unwrap();
    let digest = [6; 32];
    let session = snowguard_tracker_db::NewSession {
        digest: &digest,
        person: team.person,
        expires: Millis::new(NOW + 9),
        agent: HOSTILE,
    };
    sample.db.begin_session(&session, Millis::new(NOW)).unwrap();
    sample
        .db
        .give_roles(
            Some(evil.id),
            evil.id,
            snowguard_tracker_triage::role::Roles::default(),
            Millis::new(NOW),
        )
        .unwrap();
    let path = format!("/advisory/{SSH}/decide");
    for (revision, fields) in [
        vec![("command", "dismiss"), ("comment", HOSTILE)],
        vec![("command", "comment"), ("comment", HOSTILE)],
        vec![
            ("command", "choose"),
            ("list", "packages"),
            ("entry", HOSTILE),
            ("choice", "added"),
        ],
        vec![
            ("command", "correct"),
            ("entry", HOSTILE),
            ("from", HOSTILE),
        ],
        vec![("command", "accept")],
    ]
    .into_iter()
    .enumerate()
    {
        let revision = revision.to_string();
        let mut fields = fields;
        fields.push(("revision", &revision));
        let answer = team.post(&path, &fields).await;
        assert_eq!(answer.status, 303, "{fields:?}: {}", answer.body);
    }
    assert_eq!(
        team.post(
            "/queue/views",
            &[("name", HOSTILE), ("query", "q=%3Cscript%3Ealert(1)")]
        )
        .await
        .status,
        303
    );
    assert_eq!(
        team.post(
            "/rules",
            &[
                ("kind", "identity"),
                ("vendor", HOSTILE),
                ("product", HOSTILE),
                ("attr", HOSTILE)
            ]
        )
        .await
        .status,
        303
    );
    assert_eq!(
        team.post("/account/tokens", &[("name", HOSTILE), ("days", "30")])
            .await
            .status,
        200
    );
    let issue = [("title", HOSTILE), ("advisories", SSH), ("notes", HOSTILE)];
    let place = location(&team.post("/issues", &issue).await);
    for page in [
        format!("/advisory/{SSH}"),
        "/queue".into(),
        "/rules".into(),
        "/account".into(),
        "/people".into(),
        "/log".into(),
        "/issues?stage=draft".into(),
        place,
    ] {
        let body = team.get(&page).await.body;
        assert!(body.contains("alert(1)"), "{page} shows it");
        crate::hostile::inert(&page, &body);
    }
}
