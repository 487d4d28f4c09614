//! Mail through a real server.

use std::time::Duration;

use snowguard_tracker_deliver::mail::{Encryption, Login, SmtpServer};
use snowguard_tracker_deliver::testing::{Authority, MailServer, ReceivedMail, Security};
use snowguard_tracker_deliver::{DeliverError, Outcome, Secret};

use crate::{email, id, is_retry, mailer};

/// Says what is left out where a tool is missing.
fn server(security: Security) -> Option<MailServer> {
    match MailServer::start(security) {
        Ok(server) => Some(server),
        Err(missing) => {
            println!("left out: mail through a real server: {missing}");
            None
        }
    }
}

fn header<'a>(mail: &'a ReceivedMail, name: &str) -> Vec<&'a str> {
    let head = mail.content.split("\r\n\r\n").next().unwrap();
    let found = head.split("\r\n").filter_map(|line| line.split_once(": "));
    found
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn a_mail_arrives_over_each_kind_of_connection() {
    for security in [Security::Tls, Security::StartTls, Security::Plain] {
        let Some(server) = server(security) else {
            return;
        };
        let mailer = mailer(server.settings());
        mailer.check().unwrap();
        assert!(server.mails().is_empty(), "a check sends nothing");
        let sent = mailer.send(&email("alice@example.org"));
        assert!(matches!(sent, Outcome::Delivered), "{security:?}: {sent:?}");
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert_eq!(mail.from, "tracker@tracker.example.org");
        assert_eq!(mail.to, ["alice@example.org"]);
        assert_eq!(
            (mail.hello.as_str(), mail.user.as_str()),
            ("tracker.example.org", "tracker")
        );
        assert_eq!(mail.encrypted, security != Security::Plain);
        assert_eq!(header(mail, "Message-ID"), ["<n-42@tracker.example.org>"]);
        assert_eq!(header(mail, "Date"), ["Fri, 02 Jan 2026 03:04:05 +0000"]);
        assert_eq!(header(mail, "Subject"), ["openssl: a new advisory"]);
        assert_eq!(header(mail, "Auto-Submitted"), ["auto-generated"]);
        assert_eq!(
            header(mail, "List-Unsubscribe-Post"),
            ["List-Unsubscribe=One-Click"]
        );
        let unsubscribe = "<https://tracker.example.org/unsubscribe/t0k3n>,\r\n \
             <mailto:leave%2Blist@tracker.example.org?subject=unsubscribe>";
        assert!(
            mail.content
                .contains(&format!("List-Unsubscribe: {unsubscribe}\r\n"))
        );
        assert!(header(mail, "Content-Type")[0].starts_with("multipart/alternative"));
        assert!(
            mail.content
                .contains("openssl 3.5.4 is affected by CVE-2026-0001.")
        );
        assert!(
            mail.content
                .contains("<p>openssl 3.5.4 is <b>affected</b></p>")
        );
    }
}

#[test]
fn a_retry_is_the_same_message() {
    let Some(server) = server(Security::StartTls) else {
        return;
    };
    let mailer = mailer(SmtpServer {
        patience: Duration::from_secs(5),
        ..server.settings()
    });
    // Taken by the server, but its answer never came.
    for _ in 0..2 {
        let lost = mailer.send(&email("lost@example.org"));
        assert!(is_retry(&lost), "{lost:?}");
    }
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].content, mails[1].content);
}

#[test]
fn many_mails_go_over_one_connection_and_one_refusal_harms_no_other() {
    let Some(server) = server(Security::StartTls) else {
        return;
    };
    let mailer = mailer(server.settings());
    let to = ["a", "nobody", "b", "full", "lost", "c", "d"];
    let mails = to.map(|local| email(&format!("{local}@example.org")));
    let mut outcomes = Vec::new();
    mailer.send_all(&mails, |email, outcome| {
        let word = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Retry { .. } => "retry",
            Outcome::Refused { .. } => "refused",
            Outcome::Gone { .. } => "gone",
        };
        outcomes.push(format!(
            "{} {word}",
            email.to.as_str().split('@').next().unwrap()
        ));
    });
    assert_eq!(
        outcomes,
        [
            "a delivered",
            "nobody gone",
            "b delivered",
            "full retry",
            "lost retry",
            "c delivered",
            "d delivered"
        ]
    );
    let came = server.mails();
    let to: Vec<&str> = came.iter().map(|mail| mail.to[0].as_str()).collect();
    let expected = ["a", "b", "lost", "c", "d"].map(|local| format!("{local}@example.org"));
    assert_eq!(to, expected);
    // The connection broke once, so there were two.
    let connections: std::collections::BTreeSet<u64> =
        came.iter().map(|mail| mail.connection).collect();
    assert_eq!(connections.len(), 2);
    let settings = SmtpServer {
        port: 1,
        ..server.settings()
    };
    let mut whys = Vec::new();
    crate::mailer(settings).send_all(&mails, |_, outcome| {
        whys.push(outcome.error().unwrap().to_string());
    });
    assert_eq!(whys.len(), 7);
    assert!(
        whys[1..].iter().all(|why| why.contains("not tried")),
        "{whys:?}"
    );
}

#[test]
fn a_thread_is_kept_together() {
    let Some(server) = server(Security::Plain) else {
        return;
    };
    let mut follow_up = email("alice@example.org");
    follow_up.id = id("n-43");
    follow_up.thread = Some(id("n-42"));
    assert!(matches!(
        mailer(server.settings()).send(&follow_up),
        Outcome::Delivered
    ));
    let mails = server.mails();
    assert_eq!(
        header(&mails[0], "Message-ID"),
        ["<n-43@tracker.example.org>"]
    );
    assert_eq!(
        header(&mails[0], "In-Reply-To"),
        ["<n-42@tracker.example.org>"]
    );
    assert_eq!(
        header(&mails[0], "References"),
        ["<n-42@tracker.example.org>"]
    );
}

#[test]
fn refused_for_good_is_gone_and_refused_for_now_is_tried_again() {
    let Some(server) = server(Security::Plain) else {
        return;
    };
    let mailer = mailer(server.settings());
    let nobody = mailer.send(&email("nobody@example.org"));
    let Outcome::Gone { why } = &nobody else {
        panic!("{nobody:?}");
    };
    assert_eq!(
        why.to_string(),
        format!(
            "localhost:{}: RCPT TO: 550 5.1.1 There is no such mailbox",
            server.port
        )
    );
    let full = mailer.send(&email("full@example.org"));
    assert!(is_retry(&full), "{full:?}");
    let mut unwanted = email("alice@example.org");
    unwanted.subject = "unwanted".to_owned();
    let unwanted = mailer.send(&unwanted);
    assert!(matches!(unwanted, Outcome::Refused { .. }), "{unwanted:?}");
    assert!(server.mails().is_empty());
}

#[test]
fn a_wrong_password_is_the_operators_and_gives_up_nobody() {
    let Some(server) = server(Security::StartTls) else {
        return;
    };
    let settings = SmtpServer {
        login: Some(Login {
            user: "tracker".to_owned(),
            password: Secret::new("wr0ng").unwrap(),
        }),
        ..server.settings()
    };
    let refused = mailer(settings).send(&email("alice@example.org"));
    assert!(is_retry(&refused), "{refused:?}");
    let Some(DeliverError::Smtp {
        step: "AUTH", why, ..
    }) = refused.error()
    else {
        panic!("{refused:?}");
    };
    assert!(why.starts_with("535"), "{why}");
    assert!(!format!("{refused:?}").contains("wr0ng"));
}

#[test]
fn a_server_with_another_certificate_gets_nothing() {
    for security in [Security::Tls, Security::StartTls] {
        let Some(server) = server(security) else {
            return;
        };
        let Ok(other) = Authority::new() else { return };
        let settings = SmtpServer {
            authority: Some(other.certificate()),
            ..server.settings()
        };
        let refused = mailer(settings).send(&email("alice@example.org"));
        let why = refused.error().unwrap().to_string();
        assert!(is_retry(&refused) && why.contains("certificate"), "{why}");
        // The right authority, but a name that is not in the certificate.
        let settings = SmtpServer {
            host: "127.0.0.1".to_owned(),
            ..server.settings()
        };
        let refused = mailer(settings).send(&email("alice@example.org"));
        let why = refused.error().unwrap().to_string();
        assert!(is_retry(&refused) && why.contains("certificate"), "{why}");
        // The public authorities don't know it either.
        let settings = SmtpServer {
            authority: None,
            ..server.settings()
        };
        assert!(mailer(settings).check().is_err());
        assert!(server.mails().is_empty());
    }
}

#[test]
fn where_starttls_is_needed_plain_text_is_refused() {
    let Some(server) = server(Security::StartTls) else {
        return;
    };
    let settings = SmtpServer {
        encryption: Encryption::Plain,
        login: None,
        ..server.settings()
    };
    let refused = mailer(settings).send(&email("alice@example.org"));
    // It says so at MAIL FROM, which is about our settings.
    assert!(is_retry(&refused), "{refused:?}");
}
