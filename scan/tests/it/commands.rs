use snowguard_advisory_file::{Ruling, SecretKey};

use crate::stage::{Stage, digest, text};

fn vulnerable(stage: &Stage) {
    stage.put(
        "list",
        &format!(
            "{}-openssl-3.0.13\n{}-curl-8.4.0\n",
            digest('a'),
            digest('b')
        ),
    );
}

#[test]
fn the_exit_code_follows_the_bar() {
    let stage = Stage::new();
    vulnerable(&stage);
    for (bar, code) in [("any", 1), ("critical", 1), ("low", 1), ("never", 0)] {
        let output = stage.run(&["--fail-on", bar, "list"]);
        assert_eq!(output.status.code(), Some(code), "{bar}");
    }
    stage.put("list", &format!("{}-curl-8.4.0\n", digest('b')));
    for (bar, code) in [("high", 0), ("medium", 1)] {
        let output = stage.run(&["--fail-on", bar, "list"]);
        assert_eq!(output.status.code(), Some(code), "{bar}");
    }
    stage.put("list", &format!("{}-curl-8.6.0\n", digest('b')));
    assert_eq!(stage.run(&["list"]).status.code(), Some(0));
    assert_eq!(stage.run(&["--no-such-flag"]).status.code(), Some(2));
}

#[test]
fn text_is_worst_first_and_steers_no_terminal() {
    let stage = Stage::new();
    vulnerable(&stage);
    let (out, _, _) = text(&stage.run(&["list"]));
    let (openssl, curl) = (
        out.find("openssl-3.0.13").unwrap(),
        out.find("curl-8.4.0").unwrap(),
    );
    assert!(openssl < curl, "{out}");
    assert!(
        out.contains("2 of 2 packages affected by 2 advisories: 1 critical, 1 medium"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "{out}");
}

#[test]
fn a_file_signed_by_another_key_or_changed_is_refused() {
    let stage = Stage::new();
    vulnerable(&stage);
    let other = SecretKey::from_seed("test-1", &[4; 32]).unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    stage.write(&other, now);
    let (_, err, code) = text(&stage.run(&["list"]));
    assert_eq!(code, Some(4));
    assert!(err.contains("none of the trusted keys"), "{err}");
    let untrusting = stage
        .command(stage.folder.path())
        .args(["--db", "advisories", "list"])
        .output()
        .unwrap();
    let (_, err, code) = text(&untrusting);
    assert_eq!(code, Some(4));
    assert!(err.contains("no key is trusted"), "{err}");
}

#[test]
fn an_old_file_is_told_and_refused_on_request() {
    let stage = Stage::new();
    vulnerable(&stage);
    let long_ago = jiff::Timestamp::now().as_millisecond() - 30 * 24 * 3600 * 1000;
    stage.write(&stage.key, long_ago);
    let (_, err, code) = text(&stage.run(&["list"]));
    assert_eq!(code, Some(1));
    assert!(err.contains("30 days old"), "{err}");
    assert_eq!(
        stage.run(&["--max-age", "29", "list"]).status.code(),
        Some(4)
    );
    assert_eq!(
        stage.run(&["--max-age", "30", "list"]).status.code(),
        Some(1)
    );
}

#[test]
fn keys_of_the_administrator_and_of_the_user_are_read() {
    let stage = Stage::new();
    vulnerable(&stage);
    std::fs::create_dir_all(stage.path(".config/snowguard")).unwrap();
    let line = format!("# ours\n{}\n", stage.key.public());
    stage.put(".config/snowguard/scan-keys", &line);
    let output = stage
        .command(stage.folder.path())
        .args(["--db", "advisories", "list"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{:?}", text(&output));
}

#[test]
fn suppressions_set_aside_and_expired_ones_speak_up() {
    let stage = Stage::new();
    vulnerable(&stage);
    stage.put(
        "rules.toml",
        "[[suppress]]\npackage = \"openssl\"\nadvisories = [\"CVE-2024-1001\"]\nreason = \"not reachable\"\n\
         [[suppress]]\npackage = \"curl\"\nuntil = \"2020-01-01\"\nreason = \"for a while\"\n",
    );
    let (out, _, code) = text(&stage.run(&["--suppress", "rules.toml", "list"]));
    assert_eq!(code, Some(1));
    assert!(!out.contains("critical CVE-2024-1001 "), "{out}");
    assert!(out.contains("1 more are set aside"), "{out}");
    assert!(out.contains("expired: rules.toml, rule 2"), "{out}");
    stage.put("rules.toml", "[[suppress]]\nreason = \"all\"\n");
    let (_, err, code) = text(&stage.run(&["--suppress", "rules.toml", "list"]));
    assert_eq!(code, Some(3));
    assert!(err.contains("rule 1"), "{err}");
}

/// What the tracker's people decided comes with the file, and is treated as a rule of one's own.
#[test]
fn decisions_in_the_advisory_file_set_aside_and_expired_ones_speak_up() {
    let stage = Stage::new();
    vulnerable(&stage);
    let now = jiff::Timestamp::now().as_millisecond();
    let decision = Ruling {
        advisories: vec!["CVE-2024-1001".to_owned()],
        package: Some("openssl".to_owned()),
        reason: "the engine is not built".to_owned(),
        url: Some("https://tracker.example.org/decisions/1".to_owned()),
        by: "ada".to_owned(),
        ..Ruling::default()
    };
    let told = |rulings: Vec<Ruling>, arguments: &[&str]| {
        stage.write_ruled(&stage.key, now, rulings);
        text(&stage.run(&[arguments, &["list"]].concat()))
    };
    let (out, _, code) = told(vec![decision.clone()], &[]);
    assert_eq!(code, Some(1));
    assert!(!out.contains("critical CVE-2024-1001 "), "{out}");
    assert!(out.contains("1 more are set aside"), "{out}");
    let (out, _, _) = told(vec![decision.clone()], &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let aside = &document["set_aside"][0];
    assert_eq!(aside["advisory"], "CVE-2024-1001", "{aside}");
    assert!(
        aside.to_string().contains("the engine is not built"),
        "{aside}"
    );
    assert!(aside.to_string().contains("ada"), "{aside}");
    // A rule for versions that this one is not among, and a decision whose time is over.
    let elsewhere = Ruling {
        is_rule: true,
        advisories: Vec::new(),
        before: Some("3.0.13".to_owned()),
        by: "old branches".to_owned(),
        ..decision.clone()
    };
    let (out, _, _) = told(vec![elsewhere.clone()], &[]);
    assert!(out.contains("critical CVE-2024-1001 "), "{out}");
    let within = Ruling {
        before: Some("3.0.14".to_owned()),
        ..elsewhere
    };
    let (out, _, _) = told(vec![within], &[]);
    assert!(out.contains("1 more are set aside"), "{out}");
    let over = Ruling {
        until: Some("2020-01-01".to_owned()),
        ..decision
    };
    let (out, _, _) = told(vec![over], &[]);
    assert!(out.contains("critical CVE-2024-1001 "), "{out}");
    assert!(out.contains("expired: "), "{out}");
    // A damaged ruling is no reason to be silent about what it might have set aside.
    let odd = Ruling {
        until: Some("soon".to_owned()),
        advisories: vec!["CVE-2024-1001".to_owned()],
        ..Ruling::default()
    };
    let (_, err, code) = told(vec![odd], &[]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("decision in the advisory file"), "{err}");
}

#[test]
fn a_story_is_told_of_a_finding_and_of_none() {
    let stage = Stage::new();
    stage.put(
        "list",
        &format!(
            "{}-openssl-3.0.13\n{}-curl-8.4.0.tar.gz\n",
            digest('p'),
            digest('b')
        ),
    );
    let (out, _, code) = text(&stage.run(&["--explain", "CVE-2024-1001", "list"]));
    assert_eq!(code, Some(0));
    assert!(out.contains("openssl-3.0.13 (openssl): fixed"), "{out}");
    assert!(out.contains("CVE-2024-1001.patch"), "{out}");
    let (out, _, _) = text(&stage.run(&["--explain", "CVE-2024-1002", "list"]));
    assert!(
        out.contains("Nothing in this closure is tied to it"),
        "{out}"
    );
    assert!(out.contains("was left out: it is a source"), "{out}");
    let (_, err, code) = text(&stage.run(&["--explain", "CVE-1999-1", "list"]));
    assert_eq!(code, Some(3));
    assert!(err.contains("knows no CVE-1999-1"), "{err}");
}
