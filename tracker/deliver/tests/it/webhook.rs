//! Webhooks to a receiver on loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use snowguard_tracker_deliver::Outcome;
use snowguard_tracker_deliver::testing::{Authority, Receiver, Reply};
use snowguard_tracker_deliver::webhook::{
    Hook, Lookup, Message, Ports, Rules, SigningSecret, WebhookUrl, Webhooks,
};

use crate::{at, id};

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Answers in turn, the last for ever; counts how often it was asked.
#[derive(Debug)]
pub(crate) struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(parsed).collect()),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Lookup for Names {
    fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}

/// Plain http at any port, and the networks that are named.
pub(crate) fn rules(networks: &[&str]) -> Rules {
    Rules {
        http: true,
        ports: Ports::All,
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

pub(crate) fn hook(url: &str, rules: &Rules) -> Hook {
    Hook {
        url: WebhookUrl::new(url, rules).unwrap(),
        secrets: vec![SigningSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()],
    }
}

pub(crate) fn message() -> Message {
    Message {
        id: id("n-42"),
        json: br#"{"type":"match.new"}"#.to_vec(),
    }
}

#[test]
fn a_post_arrives_signed_and_the_same_each_time() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let url = format!("http://{}/hook?k=v", receiver.address);
    let mut hook = hook(&url, &rules);
    hook.secrets.push(SigningSecret::random().unwrap());
    let webhooks = Webhooks::new(rules);
    for _ in 0..2 {
        let sent = webhooks.post(&hook, &message(), at());
        assert!(matches!(sent, Outcome::Delivered), "{sent:?}");
    }
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2);
    for post in &posts {
        assert_eq!(
            (post.method.as_str(), post.target.as_str()),
            ("POST", "/hook?k=v")
        );
        assert_eq!(post.body, message().json);
        assert_eq!(post.header("content-type"), Some("application/json"));
        assert_eq!(post.header("webhook-id"), Some("n-42"));
        let seconds = at().as_second().to_string();
        assert_eq!(post.header("webhook-timestamp"), Some(seconds.as_str()));
        let signatures: Vec<&str> = post
            .header("webhook-signature")
            .unwrap()
            .split(' ')
            .collect();
        assert_eq!(signatures.len(), 2);
        for (signature, secret) in signatures.iter().zip(&hook.secrets) {
            assert_eq!(*signature, secret.sign(&id("n-42"), at(), &post.body));
        }
    }
}

#[test]
fn https_is_checked_against_the_name_and_not_the_address() {
    let authority = match Authority::new() {
        Ok(authority) => authority,
        Err(missing) => return println!("left out: webhooks over TLS: {missing}"),
    };
    let certified = authority.certify("hooks.example.org").unwrap();
    let receiver = Receiver::start(LOOPBACK, 0, Some(&certified)).unwrap();
    let rules = Rules {
        http: false,
        ..rules(&["127.0.0.1"])
    };
    let port = receiver.address.port();
    let post = |host: &str, authority: Option<&Authority>| {
        let hook = hook(&format!("https://{host}:{port}/"), &rules);
        let webhooks = Webhooks::new(rules.clone()).with_lookup(Names::new(&[&["127.0.0.1"]]));
        let webhooks = match authority {
            Some(authority) => webhooks.with_authority(authority.certificate()).unwrap(),
            None => webhooks,
        };
        webhooks.post(&hook, &message(), at())
    };
    let sent = post("hooks.example.org", Some(&authority));
    assert!(matches!(sent, Outcome::Delivered), "{sent:?}");
    assert!(matches!(
        post("other.example.org", Some(&authority)),
        Outcome::Retry { .. }
    ));
    assert!(matches!(
        post("hooks.example.org", None),
        Outcome::Retry { .. }
    ));
    assert_eq!(receiver.posts().len(), 1);
}

#[test]
fn a_receiver_may_ask_to_wait_and_may_end_it() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let hook = hook(&format!("http://{}/", receiver.address), &rules);
    let webhooks = Webhooks::new(rules);
    let wait = vec![("Retry-After".to_owned(), "120".to_owned())];
    receiver.reply(Reply::Status(503, wait));
    let Outcome::Retry { after, why } = webhooks.post(&hook, &message(), at()) else {
        panic!("a retry");
    };
    assert_eq!(after, Some(Duration::from_secs(120)));
    assert_eq!(why.to_string(), "127.0.0.1 answered 503");
    receiver.reply(Reply::Status(410, Vec::new()));
    assert!(matches!(
        webhooks.post(&hook, &message(), at()),
        Outcome::Gone { .. }
    ));
}

#[test]
fn a_receiver_that_is_not_there_is_tried_again() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let hook = hook(&format!("http://{}/s3cret-path", receiver.address), &rules);
    drop(receiver);
    let webhooks = Webhooks::new(rules).with_patience(Duration::from_secs(5));
    let outcome = webhooks.post(&hook, &message(), at());
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    assert!(!format!("{outcome:?} {hook:?} {webhooks:?}").contains("s3cret"));
}
