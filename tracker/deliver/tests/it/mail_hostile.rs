//! Texts, addresses and servers that mean no good.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use snowguard_tracker_deliver::mail::{Address, Encryption, Login, Mailer, Sender, SmtpServer};
use snowguard_tracker_deliver::testing::{MailServer, Security};
use snowguard_tracker_deliver::{DeliverError, Outcome, Secret};
use url::Url;

use crate::{email, is_retry, mailer};

/// The head's lines, with folded ones joined.
fn headers(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    head.replace("\r\n ", " ")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

fn composed(email: &snowguard_tracker_deliver::mail::Email) -> String {
    let mailer = mailer(SmtpServer::new("localhost", 465));
    String::from_utf8(mailer.compose(email).unwrap()).unwrap()
}

#[test]
fn no_value_becomes_another_header() {
    let plain = headers(&composed(&email("alice@example.org"))).len();
    for hostile in [
        "x\r\nBcc: victim@example.org",
        "x\nBcc: victim@example.org",
        "x\rBcc: victim@example.org",
        "x\r\n\r\n<html>",
        "x\0y",
        "x\u{2028}Bcc: victim@example.org",
        "é\r\nBcc: victim@example.org",
        "=?utf-8?q?x=0D=0ABcc:_victim@example.org?=",
        &format!("{}\r\nBcc: victim@example.org", "long ".repeat(100)),
    ] {
        let mut mail = email("alice@example.org");
        mail.subject = hostile.to_owned();
        let mail = composed(&mail);
        let lines = headers(&mail);
        assert_eq!(lines.len(), plain, "{hostile:?}: {lines:#?}");
        assert!(
            !lines.iter().any(|line| line.starts_with("Bcc")),
            "{lines:#?}"
        );
        assert!(mail.is_ascii() && !mail.contains('\0'));
        assert!(
            mail.split("\r\n")
                .all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
        );
    }
}

#[test]
fn no_name_of_a_sender_becomes_another_header() {
    let sender = Sender {
        name: "Tracker\r\nBcc: victim@example.org\" <a@b.org>,".to_owned(),
        address: Address::new("tracker@tracker.example.org").unwrap(),
    };
    let mailer = Mailer::new(SmtpServer::new("localhost", 465), sender).unwrap();
    let mail = mailer.compose(&email("alice@example.org")).unwrap();
    let lines = headers(&String::from_utf8(mail).unwrap());
    let from: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("From: "))
        .collect();
    assert_eq!(from.len(), 1);
    assert!(
        from[0].ends_with(" <tracker@tracker.example.org>"),
        "{from:?}"
    );
    assert!(!lines.iter().any(|line| line.starts_with("Bcc")));
}

#[test]
fn an_address_for_unsubscribing_cannot_leave_its_header() {
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        &format!("https://x.org/{}", "a".repeat(1000)),
    ] {
        let mut mail = email("alice@example.org");
        mail.unsubscribe.as_mut().unwrap().url = Url::parse(bad).unwrap();
        let refused = mailer(SmtpServer::new("localhost", 465)).compose(&mail);
        assert!(
            matches!(refused, Err(DeliverError::Invalid { .. })),
            "{bad}"
        );
    }
    let mut mail = email("alice@example.org");
    mail.unsubscribe.as_mut().unwrap().url =
        Url::parse("https://x.org/?a=>,<mailto:b@c.org>\r\nBcc: d").unwrap();
    let lines = headers(&composed(&mail));
    let line = lines
        .iter()
        .find(|line| line.starts_with("List-Unsubscribe: "))
        .unwrap();
    assert_eq!(line.matches('<').count(), 2, "{line}");
}

#[test]
fn a_text_that_speaks_smtp_stays_a_text() {
    let smuggled =
        ".\nMAIL FROM:<x@example.org>\n.\r\nRSET\r\n\r.\r\n\n.\r\rDATA\n..\n--boundary--\n";
    let mut mail = email("alice@example.org");
    mail.text = smuggled.to_owned();
    let text = composed(&mail);
    assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
    let server = match MailServer::start(Security::Plain) {
        Ok(server) => server,
        Err(missing) => return println!("left out: smuggling through a real server: {missing}"),
    };
    assert!(matches!(
        mailer(server.settings()).send(&mail),
        Outcome::Delivered
    ));
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "one mail and no other");
    assert_eq!(mails[0].to, ["alice@example.org"]);
    assert_eq!(mails[0].content, text, "to the last byte");
}

#[test]
fn ten_megabytes_are_not_sent() {
    let mut mail = email("alice@example.org");
    mail.text = "x".repeat(10 << 20);
    let refused = mailer(SmtpServer::new("localhost", 465)).send(&mail);
    let Outcome::Refused { why } = refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(why, DeliverError::TooLarge { .. }), "{why}");
}

/// A server that says these lines, one for each line that it gets, beginning with the first.
fn scripted(lines: &'static [&'static str]) -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut got = Vec::new();
        let mut input = BufReader::new(stream.try_clone().unwrap());
        for line in lines {
            if stream.write_all(line.as_bytes()).is_err() {
                return got;
            }
            let mut bytes = Vec::new();
            if input.read_until(b'\n', &mut bytes).unwrap_or(0) == 0 {
                return got;
            }
            got.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        got
    });
    (port, served)
}

fn settings(port: u16, encryption: Encryption) -> SmtpServer {
    SmtpServer {
        encryption,
        patience: Duration::from_secs(5),
        ..SmtpServer::new("127.0.0.1", port)
    }
}

#[test]
fn an_answer_injected_before_starttls_is_refused() {
    // What stands behind 220 would be taken for the encrypted server's answer to EHLO.
    let (port, served) = scripted(&[
        "220 mx\r\n",
        "250-mx\r\n250 STARTTLS\r\n",
        "220 go on\r\n250-mx\r\n250 AUTH PLAIN\r\n",
    ]);
    let refused = mailer(settings(port, Encryption::StartTls)).send(&email("alice@example.org"));
    let why = refused.error().unwrap().to_string();
    assert!(is_retry(&refused) && why.contains("in the clear"), "{why}");
    let got = served.join().unwrap();
    assert_eq!(&got[..2], ["EHLO tracker.example.org\r\n", "STARTTLS\r\n"]);
}

#[test]
fn a_stripped_starttls_does_not_bring_the_password_in_the_clear() {
    let (port, served) = scripted(&[
        "220 mx\r\n",
        "250-mx\r\n250 AUTH PLAIN LOGIN\r\n",
        "502 no STARTTLS here\r\n",
        "250-mx\r\n250 AUTH PLAIN LOGIN\r\n",
        "235 welcome\r\n",
        "250 ok\r\n",
    ]);
    let settings = SmtpServer {
        login: Some(Login {
            user: "tracker".to_owned(),
            password: Secret::new("s3cret").unwrap(),
        }),
        ..settings(port, Encryption::StartTls)
    };
    let refused = mailer(settings).send(&email("alice@example.org"));
    assert!(is_retry(&refused), "{refused:?}");
    let got = served.join().unwrap().concat();
    assert!(!got.contains("AUTH") && !got.contains("MAIL"), "{got}");
}

#[test]
fn without_encryption_only_loopback_is_spoken_to() {
    // An address of this machine that isn't loopback, if it has one.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = probe
        .connect("192.0.2.1:9")
        .and_then(|()| probe.local_addr());
    let Ok(own) = own.map(|address| address.ip()) else {
        return println!("left out: this machine has no address but loopback");
    };
    if own.is_loopback() || own.is_unspecified() {
        return println!("left out: this machine has no address but loopback");
    }
    let listener = TcpListener::bind((own, 0)).unwrap();
    let settings = SmtpServer {
        host: own.to_string(),
        ..settings(listener.local_addr().unwrap().port(), Encryption::Plain)
    };
    let refused = mailer(settings).send(&email("alice@example.org"));
    assert!(
        refused.error().unwrap().to_string().contains("loopback"),
        "{refused:?}"
    );
}

#[test]
fn a_server_that_is_none_is_given_up() {
    for lines in [
        &["HTTP/1.1 400 Bad Request\r\n\r\n"][..],
        &["554 go away\r\n"],
        &[
            "220 mx\r\n",
            "250 mx\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "250 no 354\r\n",
        ],
        &["220 mx\r\n", "250 mx\r\n", "250"],
    ] {
        let lines: &'static [&'static str] = lines;
        let (port, _served) = scripted(lines);
        let refused = mailer(settings(port, Encryption::Plain)).send(&email("alice@example.org"));
        assert!(is_retry(&refused), "{lines:?}: {refused:?}");
    }
}

#[test]
fn a_servers_sentence_is_one_short_line() {
    let (port, _served) = scripted(&[
        "220 mx\r\n",
        "250 mx\r\n",
        "250 ok\r\n",
        "550-5.1.1 \u{1b}[31mred\u{7}\r\n550 and much more of it, and much more of it, and much more of it, and \
         much more of it, and much more of it, and much more of it, and much more of it, and much more of \
         it, and much more of it\r\n",
    ]);
    let gone = mailer(settings(port, Encryption::Plain)).send(&email("alice@example.org"));
    let Outcome::Gone { why } = gone else {
        panic!("{gone:?}");
    };
    let why = why.to_string();
    assert!(
        !why.contains(|c: char| c.is_control()) && why.len() < 300,
        "{why}"
    );
}

#[test]
fn a_server_that_trickles_is_given_up_in_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        while stream.write_all(b"2").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let settings = SmtpServer {
        patience: Duration::from_millis(500),
        ..settings(port, Encryption::Plain)
    };
    let begun = Instant::now();
    let given_up = mailer(settings).send(&email("alice@example.org"));
    assert!(is_retry(&given_up), "{given_up:?}");
    // It would go on for ever; how loaded the machine is must not matter.
    assert!(begun.elapsed() < Duration::from_secs(30));
}
