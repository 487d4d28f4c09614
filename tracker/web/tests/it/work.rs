//! Subscribers hear of news by mail and webhook; several processes share the work.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::header;
use snowguard_tracker_db::{Db, Location, Millis};
use snowguard_tracker_deliver::mail::{Address, Mailer, Sender};
use snowguard_tracker_deliver::testing::{MailServer, Receiver, Reply, Security};
use snowguard_tracker_deliver::webhook::{Ports, Rules, Webhooks};
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_triage::subscription::{Cadence, Subject, Subscription};
use snowguard_tracker_web::{Clock, Doors, PublicAddress, Reach, Worker};

use crate::http::get;
use crate::sample::{NOW, Sample};
use crate::signed_in::{Signed, form, post};

fn mail_server() -> Option<MailServer> {
    match MailServer::start(Security::StartTls) {
        Ok(server) => Some(server),
        Err(why) => {
            eprintln!("left out: {why}");
            None
        }
    }
}

fn mailer(server: &MailServer) -> Mailer {
    let sender = Sender {
        name: "Snowguard".to_owned(),
        address: Address::new("tracker@example.org").unwrap(),
    };
    Mailer::new(server.settings(), sender).unwrap()
}

pub fn worker(db: &Db, name: &str, reach: Reach, at: i64) -> Worker {
    let public = PublicAddress::parse("https://tracker.example.org").unwrap();
    Worker::new(db.clone(), name.to_owned(), reach, public, Clock::Fixed(at))
}

pub async fn run(worker: Worker) {
    tokio::task::spawn_blocking(move || while worker.step().unwrap() {})
        .await
        .unwrap();
}

/// Publishes an issue about openssh: news.
async fn publish(sample: &Sample) {
    let team = Signed::new(sample, "team", &[Role::SecurityTeam]);
    team.post(
        "/advisory/CVE-2024-6387/decide",
        &[("command", "accept"), ("revision", "0")],
    )
    .await;
    let issue = [
        ("title", "A race\r\nBcc: x@example.org"),
        ("advisories", "CVE-2024-6387"),
    ];
    let place = team.post("/issues", &issue).await;
    let place = place.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(
        team.post(&place, &[("action", "publish"), ("revision", "0")])
            .await
            .status,
        303
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_subscribes_confirms_receives_mail_and_unsubscribes() {
    let Some(server) = mail_server() else { return };
    let sample = Sample::with_doors(Doors {
        mail: true,
        ..Doors::default()
    });
    let ada = Signed::new(&sample, "ada", &[]);
    let reach = || Reach {
        mailer: Some(mailer(&server)),
        ..Reach::default()
    };
    assert_eq!(
        ada.post("/account/mail", &[("mail", "not an address")])
            .await
            .status,
        400
    );
    assert_eq!(
        ada.post("/account/mail", &[("mail", "ada@example.net")])
            .await
            .status,
        303
    );
    let fields = [
        ("subject", "package"),
        ("what", "openssh"),
        ("cadence", "at_once"),
        ("mail", "1"),
    ];
    assert_eq!(ada.post("/subscriptions", &fields).await.status, 303);
    run(worker(&sample.db, "w", reach(), NOW)).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let link = text(&mails[0].content)
        .lines()
        .find(|line| line.starts_with("https://"))
        .unwrap()
        .to_owned();
    let key = link.split_once("key=").unwrap().1.to_owned();
    publish(&sample).await;
    // Not confirmed: nothing goes there.
    run(worker(&sample.db, "w", reach(), NOW + 1)).await;
    assert_eq!(server.mails().len(), 1);
    assert_eq!(
        sample.db.unread(ada.person).unwrap(),
        1,
        "the tracker itself tells"
    );
    assert!(
        ada.get("/notifications")
            .await
            .body
            .contains("NIXPKGS-2024-0001")
    );
    let mallory = Signed::new(&sample, "mallory", &[]);
    assert_eq!(
        mallory
            .post("/account/mail/confirm", &[("key", &key)])
            .await
            .status,
        400,
        "another's key"
    );
    assert_eq!(
        ada.post("/account/mail/confirm", &[("key", &key)])
            .await
            .status,
        303
    );
    assert_eq!(
        ada.post("/account/mail/confirm", &[("key", &key)])
            .await
            .status,
        400,
        "good for one use"
    );
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    team.post(
        "/issue/NIXPKGS-2024-0001",
        &[
            ("action", "edit"),
            ("revision", "1"),
            ("title", "Another title"),
        ],
    )
    .await;
    run(worker(&sample.db, "w", reach(), NOW + 2)).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    let text = text(&mails[1].content);
    assert!(
        text.contains("NIXPKGS-2024-0001 changed: Another title"),
        "{text}"
    );
    assert_eq!(mails[1].to, ["ada@example.net"]);
    // One click in the mail program, without a session.
    let path = text
        .lines()
        .find_map(|line| line.split_once("no more mail: https://tracker.example.org"))
        .unwrap()
        .1
        .to_owned();
    assert!(
        get(&sample.router, &path)
            .await
            .body
            .contains("package openssh")
    );
    let guessed = format!("{}A", &path[..path.len() - 1]);
    let send = |path: &str| {
        let body = form(&[("List-Unsubscribe", "One-Click")]);
        let request = post(path).body(axum::body::Body::from(body)).unwrap();
        async {
            crate::http::ask(&sample.router, request)
                .await
                .status
                .as_u16()
        }
    };
    assert!(guessed == path || send(&guessed).await == 404);
    assert_eq!(send(&path).await, 200);
    assert!(
        !sample.db.subscriptions(ada.person).unwrap()[0]
            .subscription
            .mail
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ssrf_through_webhooks_is_refused_and_signed_news_arrive() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    for hook in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://user@example.org/",
        "file:///etc/passwd",
        "https://example.org:22/",
        "javascript:alert(1)",
    ] {
        let fields = [
            ("subject", "everything"),
            ("cadence", "at_once"),
            ("hook", hook),
        ];
        assert_eq!(
            ada.post("/subscriptions", &fields).await.status,
            400,
            "{hook}"
        );
    }
    assert!(sample.db.subscriptions(ada.person).unwrap().is_empty());
    // What an operator allows: this machine, for the test.
    let receiver = Receiver::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, None).unwrap();
    let rules = Rules {
        http: true,
        ports: Ports::All,
        networks: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let reach = || Reach {
        webhooks: Some((Webhooks::new(rules.clone()), rules.clone())),
        ..Reach::default()
    };
    let subscription = Subscription {
        subject: Subject::Everything,
        severity: None,
        kev_at_once: false,
        cadence: Cadence::AtOnce,
        mail: false,
        hook: Some(format!("http://{}/news", receiver.address)),
        muted: false,
        feed: 0,
    };
    let secret = snowguard_tracker_deliver::webhook::SigningSecret::random().unwrap();
    sample
        .db
        .put_subscription(
            ada.person,
            &subscription,
            secret.expose().as_bytes(),
            Millis::new(NOW),
        )
        .unwrap();
    publish(&sample).await;
    receiver.reply(Reply::Status(503, vec![]));
    run(worker(&sample.db, "w", reach(), NOW)).await;
    assert_eq!(receiver.posts().len(), 1);
    receiver.reply(Reply::Status(204, vec![]));
    run(worker(&sample.db, "w", reach(), NOW + 60_000)).await;
    run(worker(&sample.db, "w", reach(), NOW + 120_000)).await;
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2, "tried again, and then left alone");
    assert_eq!(posts[0].header("webhook-id"), posts[1].header("webhook-id"));
    assert!(
        posts[1]
            .header("webhook-signature")
            .unwrap()
            .starts_with("v1,")
    );
    let news: serde_json::Value = serde_json::from_slice(&posts[1].body).unwrap();
    assert_eq!(news["news"][0]["subject"], "NIXPKGS-2024-0001");
    assert_eq!(news["news"][0]["exploited"], true);
    // 410: it wants no more.
    receiver.reply(Reply::Status(410, vec![]));
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    team.post(
        "/issue/NIXPKGS-2024-0001",
        &[("action", "resolve"), ("revision", "1")],
    )
    .await;
    run(worker(&sample.db, "w", reach(), NOW + 180_000)).await;
    assert_eq!(
        sample.db.subscriptions(ada.person).unwrap()[0]
            .subscription
            .hook,
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_by_the_clock_is_done_at_once_too_where_the_operator_allows_the_hook() {
    let receiver = Receiver::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, None).unwrap();
    let rules = Rules {
        http: true,
        ports: Ports::All,
        networks: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let sample = Sample::with_doors(Doors {
        hooks: rules.clone(),
        ..Doors::default()
    });
    let ada = Signed::new(&sample, "ada", &[]);
    let hook = format!("http://{}/news", receiver.address);
    let fields = [
        ("subject", "everything"),
        ("cadence", "daily"),
        ("hook", &hook),
    ];
    assert_eq!(ada.post("/subscriptions", &fields).await.status, 303);
    publish(&sample).await;
    run(worker(&sample.db, "w", Reach::default(), NOW)).await;
    let reach = Reach {
        webhooks: Some((Webhooks::new(rules.clone()), rules)),
        ..Reach::default()
    };
    let tomorrow = worker(&sample.db, "w", reach, NOW + 86_400_000);
    let done = tokio::task::spawn_blocking(move || tomorrow.once().unwrap());
    assert_eq!(done.await.unwrap(), 2, "making the digest, and posting it");
    let posts = receiver.posts();
    let document: serde_json::Value = serde_json::from_slice(&posts[0].body).unwrap();
    let news = &document["news"][0];
    assert_eq!(
        news["packages"],
        serde_json::json!(["openssh", "openssh_hpn"])
    );
    assert_eq!(news["packages_in_all"], 2);
}

#[tokio::test]
async fn subscriptions_and_notifications_are_their_owners() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let bob = Signed::new(&sample, "bob", &[]);
    assert_eq!(
        ada.post(
            "/subscriptions",
            &[
                ("subject", "package"),
                ("what", "openssh"),
                ("cadence", "daily")
            ]
        )
        .await
        .status,
        303
    );
    let id = sample.db.subscriptions(ada.person).unwrap()[0].id;
    for path in ["change", "remove"] {
        assert_eq!(
            bob.post(
                &format!("/subscriptions/{id}/{path}"),
                &[("cadence", "daily")]
            )
            .await
            .status,
            404
        );
    }
    assert_eq!(
        ada.post(
            &format!("/subscriptions/{id}/change"),
            &[("cadence", "weekly"), ("muted", "1")]
        )
        .await
        .status,
        303
    );
    let stored = &sample.db.subscriptions(ada.person).unwrap()[0];
    assert_eq!(
        (stored.subscription.cadence, stored.subscription.muted),
        (Cadence::Weekly, true)
    );
    assert_eq!(
        stored.subscription.subject,
        Subject::Package {
            attr: "openssh".to_owned()
        }
    );
    for (fields, told) in [
        (
            vec![("subject", "list"), ("what", "mine"), ("cadence", "daily")],
            "the list is empty",
        ),
        (
            vec![("subject", "none"), ("cadence", "daily")],
            "kind of subscription",
        ),
        (
            vec![("subject", "everything"), ("cadence", "hourly")],
            "no such cadence",
        ),
    ] {
        let answer = ada.post("/subscriptions", &fields).await;
        assert!(
            answer.status == 400 && answer.body.contains(told),
            "{told}: {}",
            answer.body
        );
    }
    assert_eq!(bob.get("/notifications").await.status, 200);
    assert_eq!(get(&sample.router, "/notifications").await.status, 401);
    assert_eq!(
        ada.post(&format!("/subscriptions/{id}/remove"), &[])
            .await
            .status,
        303
    );
}

/// Two servers and two workers on one PostgreSQL; one worker dies with a job in its hands.
#[test]
fn several_processes_share_one_postgresql_and_lose_nothing() {
    let database = match snowguard_tracker_db::testing::postgres() {
        Ok(database) => database,
        Err(why) => return eprintln!("left out on PostgreSQL: {why}"),
    };
    let open = || Db::open(&Location::parse(&database.url)).unwrap();
    let (one, two) = (open(), open());
    let ada = one.github_person(7, "ada", Millis::new(NOW)).unwrap();
    let digest = [5; 32];
    let session = snowguard_tracker_db::NewSession {
        digest: &digest,
        person: ada.id,
        expires: Millis::new(NOW + 1_000_000),
        agent: "a",
    };
    one.begin_session(&session, Millis::new(NOW)).unwrap();
    assert!(
        two.session_person(&digest, Millis::new(NOW), Millis::new(0))
            .unwrap()
            .is_some(),
        "no session is lost"
    );
    for number in 0..60 {
        let body = serde_json::json!({});
        let job = snowguard_tracker_db::NewJob {
            kind: "teams",
            name: &format!("{number}"),
            body: &body,
            due: Millis::new(NOW),
        };
        one.put_job(&job).unwrap();
    }
    let lost = one
        .claim_job("dies", Millis::new(NOW), 300_000)
        .unwrap()
        .unwrap();
    drop(one);
    let done: Vec<usize> = std::thread::scope(|scope| {
        let working = [(open(), "a"), (open(), "b")];
        let working = working.map(|(db, name)| {
            scope.spawn(move || steps(&worker(&db, name, Reach::default(), NOW)))
        });
        working.map(|one| one.join().unwrap()).into()
    });
    assert_eq!(done.iter().sum::<usize>(), 59);
    assert!(done.iter().all(|done| *done > 0), "both worked: {done:?}");
    // Its lease passes, and the job is done by another.
    let later = worker(&two, "c", Reach::default(), NOW + 300_000);
    assert_eq!(steps(&later), 1);
    assert!(!two.finish_job(&lost, Millis::new(NOW + 300_001)).unwrap());
    assert!(
        two.jobs(100)
            .unwrap()
            .iter()
            .all(|job| job.ended.is_some() && job.failed.is_none())
    );
}

/// A mail's text: quoted-printable (RFC 2045, 6.7) undone.
pub fn text(mail: &str) -> String {
    let joined = mail.replace("\r\n", "\n").replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        match part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part[2..].bytes());
            }
            None => bytes.extend(format!("={part}").bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn steps(worker: &Worker) -> usize {
    let mut done = 0;
    while worker.step().unwrap() {
        done += 1;
    }
    done
}
