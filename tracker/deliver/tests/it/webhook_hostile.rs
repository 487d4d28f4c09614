//! Webhooks that would reach where they must not, and receivers that mean no good.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use snowguard_tracker_deliver::testing::{Receiver, Reply};
use snowguard_tracker_deliver::webhook::{Hook, Message, Rules, Webhooks};
use snowguard_tracker_deliver::{DeliverError, Outcome};

use crate::webhook::{LOOPBACK, Names, hook, message, rules};
use crate::{at, is_retry};

fn is_forbidden(outcome: &Outcome) -> bool {
    matches!(outcome.error(), Some(DeliverError::Forbidden { .. }))
}

#[test]
fn a_name_that_leads_to_this_machine_is_refused() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&[]);
    let port = receiver.address.port();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"] {
        let hook = hook(&format!("http://hooks.example.org:{port}/"), &rules);
        let webhooks = Webhooks::new(rules.clone()).with_lookup(Names::new(&[&[address]]));
        let refused = webhooks.post(&hook, &message(), at());
        assert!(
            is_retry(&refused) && is_forbidden(&refused),
            "{address}: {refused:?}"
        );
    }
    // The system's own resolver is no other.
    let hook = hook(&format!("http://localhost:{port}/"), &rules);
    let refused = Webhooks::new(rules).post(&hook, &message(), at());
    assert!(is_forbidden(&refused), "{refused:?}");
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_name_that_leads_to_a_cloud_s_metadata_is_refused() {
    for address in [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "64:ff9b::a9fe:a9fe",
    ] {
        let hook = hook(
            "https://metadata.example.org/latest/meta-data/",
            &Rules::default(),
        );
        let webhooks = Webhooks::new(Rules::default()).with_lookup(Names::new(&[&[address]]));
        let refused = webhooks.post(&hook, &message(), at());
        assert!(is_forbidden(&refused), "{address}: {refused:?}");
    }
}

#[test]
fn a_name_with_one_private_address_among_public_ones_is_refused() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&[]);
    let url = format!("http://hooks.example.org:{}/", receiver.address.port());
    let names = Names::new(&[&["1.1.1.1", "127.0.0.1"]]);
    let webhooks = Webhooks::new(rules.clone()).with_lookup(names);
    let refused = webhooks.post(&hook(&url, &rules), &message(), at());
    assert!(is_forbidden(&refused), "{refused:?}");
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn dns_rebinding_reaches_only_the_address_that_was_checked() {
    // Two receivers at the same port; only 127.0.0.2 is allowed, and stands for a public address.
    let allowed: IpAddr = "127.0.0.2".parse().unwrap();
    let good = Receiver::start(allowed, 0, None).unwrap();
    let private = Receiver::start(LOOPBACK, good.address.port(), None).unwrap();
    let rules = rules(&["127.0.0.2/32"]);
    let hook = hook(
        &format!("http://rebind.example.org:{}/", good.address.port()),
        &rules,
    );
    // Allowed when it is looked at; whoever asked once more for connecting would get the other.
    let names = Names::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let webhooks = Webhooks::new(rules).with_lookup(names.clone());
    let first = webhooks.post(&hook, &message(), at());
    assert!(matches!(first, Outcome::Delivered), "{first:?}");
    assert_eq!(
        names.asked.load(Ordering::SeqCst),
        1,
        "resolved once for a delivery"
    );
    // The next delivery looks again: no connection of before is used.
    let second = webhooks.post(&hook, &message(), at());
    assert!(is_forbidden(&second), "{second:?}");
    assert_eq!((good.connections(), private.connections()), (1, 0));
}

#[test]
fn a_redirect_to_a_private_address_is_not_followed() {
    let receiver = Receiver::start("127.0.0.2".parse().unwrap(), 0, None).unwrap();
    let private = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.2"]);
    let hook = hook(&format!("http://{}/", receiver.address), &rules);
    let webhooks = Webhooks::new(rules);
    for status in [301, 302, 303, 307, 308] {
        let target = format!("http://{}/", private.address);
        receiver.reply(Reply::Status(status, vec![("Location".to_owned(), target)]));
        let outcome = webhooks.post(&hook, &message(), at());
        assert!(
            matches!(outcome.error(), Some(DeliverError::Status { status: told, .. }) if *told == status),
            "{outcome:?}"
        );
    }
    assert_eq!((receiver.connections(), private.connections()), (5, 0));
}

#[test]
fn rules_that_changed_hold_for_hooks_of_before() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let hook = hook(
        &format!("http://{}/", receiver.address),
        &rules(&["127.0.0.1"]),
    );
    for rules in [Rules::default(), rules(&[])] {
        let refused = Webhooks::new(rules).post(&hook, &message(), at());
        assert!(matches!(refused, Outcome::Gone { .. }), "{refused:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn an_answer_without_end_is_not_read() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let hook = hook(&format!("http://{}/", receiver.address), &rules);
    let webhooks = Webhooks::new(rules).with_patience(Duration::from_secs(60));
    receiver.reply(Reply::Endless);
    let begun = Instant::now();
    let sent = webhooks.post(&hook, &message(), at());
    assert!(matches!(sent, Outcome::Delivered), "{sent:?}");
    receiver.reply(Reply::EndlessHeader);
    let refused = webhooks.post(&hook, &message(), at());
    assert!(is_retry(&refused), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "not by waiting");
}

#[test]
fn a_receiver_that_trickles_or_says_nothing_is_given_up() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let hook = hook(&format!("http://{}/", receiver.address), &rules);
    let webhooks = Webhooks::new(rules).with_patience(Duration::from_millis(400));
    for reply in [Reply::Trickle, Reply::Silent] {
        receiver.reply(reply);
        let begun = Instant::now();
        let given_up = webhooks.post(&hook, &message(), at());
        assert!(is_retry(&given_up), "{given_up:?}");
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}

#[test]
fn a_resolver_that_hangs_is_given_up() {
    #[derive(Debug)]
    struct Hangs;
    impl snowguard_tracker_deliver::webhook::Lookup for Hangs {
        fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            std::thread::sleep(Duration::from_secs(30));
            Ok(Vec::new())
        }
    }
    let rules = rules(&[]);
    let hook = hook("http://hooks.example.org/", &rules);
    let webhooks = Webhooks::new(rules)
        .with_lookup(std::sync::Arc::new(Hangs))
        .with_patience(Duration::from_millis(300));
    let given_up = webhooks.post(&hook, &message(), at());
    assert!(
        matches!(given_up.error(), Some(DeliverError::Unresolved { .. })),
        "{given_up:?}"
    );
}

#[test]
fn what_is_too_large_or_unsigned_is_not_sent() {
    let receiver = Receiver::start(LOOPBACK, 0, None).unwrap();
    let rules = rules(&["127.0.0.1"]);
    let signed = hook(&format!("http://{}/", receiver.address), &rules);
    let webhooks = Webhooks::new(rules);
    let large = Message {
        json: vec![b' '; 10 << 20],
        ..message()
    };
    assert!(matches!(
        webhooks.post(&signed, &large, at()),
        Outcome::Refused { .. }
    ));
    let unsigned = Hook {
        secrets: Vec::new(),
        ..signed
    };
    assert!(matches!(
        webhooks.post(&unsigned, &message(), at()),
        Outcome::Refused { .. }
    ));
    assert_eq!(receiver.connections(), 0);
}
