//! The command line: what is printed, and the exit codes.

use serde_json::Value;

use crate::program::{Program, collection, cve, package, stderr, stdout, text};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn from_ingest_to_a_verdict_that_explains_itself() {
    let program = Program::sqlite();
    let set = collection(&program, 60, 30, 0);
    let output = program.run(&["ingest", text(&set)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("matched 60 advisories"), "{said}");

    let output = program.run(&["match", "CVE-2024-00001"]);
    let said = stdout(&output);
    assert_eq!(
        output.status.code(),
        Some(1),
        "affected packages are findings: {said}"
    );
    assert!(
        said.contains("nixos-24.05") && said.contains("product1 1.5 affected"),
        "{said}"
    );

    let output = program.run(&["match", "CVE-2024-00001", "--format", "json"]);
    let said = json(&stdout(&output));
    assert_eq!(said["version"], 1);
    let found = &said["channels"][0]["matches"][0]["match"];
    assert_eq!(
        (&found["verdict"], &found["attr"]),
        (&"affected".into(), &"product1".into())
    );
    assert!(!found["reasons"].as_array().unwrap().is_empty());

    let output = program.run(&["package", "product1"]);
    let said = stdout(&output);
    assert!(
        said.contains("1.5") && said.contains("CVE-2024-00001"),
        "{said}"
    );
}

#[test]
fn status_counts_and_names_what_failed() {
    let program = Program::sqlite();
    let set = collection(&program, 20, 5, 0);
    program.run(&["ingest", text(&set), "--no-match"]);
    let output = program.run(&["status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let said = json(&stdout(&output));
    assert_eq!(
        (&said["advisories"], &said["dirty"]),
        (&20.into(), &20.into())
    );
    assert_eq!(said["feeds"].as_array().unwrap().len(), 4);

    let cut = program.write(
        "cut.json",
        "{\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":",
    );
    let output = program.run(&["ingest", text(&cut)]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a feed that failed is a finding"
    );
    assert!(stderr(&output).contains("cut.json"), "{}", stderr(&output));
    let output = program.run(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("middle of a value"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn quarantine_is_listed_shown_and_retried() {
    let program = Program::sqlite();
    let good = cve(2, "b", "2.0", "2024-05-01");
    let bad = good.replace("\"state\"", "state");
    let path = program.write(
        "cves.jsonl",
        &format!("{}\n{bad}\n", cve(1, "a", "2.0", "2024-05-01")),
    );
    program.run(&["ingest", text(&path)]);
    let output = program.run(&["quarantine", "list", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let entry = &json(&stdout(&output))["quarantine"][0];
    assert_eq!(
        (&entry["record"], &entry["file"]),
        (&"CVE-2024-00002".into(), &"cves.jsonl".into())
    );
    let output = program.run(&["quarantine", "show", "CVE-2024-00002"]);
    assert!(stdout(&output).contains("reason"), "{}", stdout(&output));
    assert_eq!(program.run(&["quarantine", "retry"]).status.code(), Some(1));
    program.write(
        "cves.jsonl",
        &format!("{}\n{good}\n", cve(1, "a", "2.0", "2024-05-01")),
    );
    assert_eq!(program.run(&["quarantine", "retry"]).status.code(), Some(0));
    assert_eq!(program.run(&["quarantine", "list"]).status.code(), Some(0));
}

#[test]
fn history_shows_what_an_update_changed() {
    let program = Program::sqlite();
    let path = program.write("cves.jsonl", &cve(1, "a", "2.0", "2024-05-01"));
    program.run(&["ingest", text(&path)]);
    program.write("cves.jsonl", &cve(1, "a", "3.0", "2024-06-01"));
    program.run(&["ingest", text(&path)]);
    let output = program.run(&["history", "CVE-2024-00001"]);
    let said = stdout(&output);
    assert!(
        said.contains("replace /cveMetadata/dateUpdated \"2024-06-01"),
        "{said}"
    );
    assert!(said.contains("lessThan \"3.0\""), "{said}");
}

#[test]
fn a_backup_restores_to_the_same_database() {
    let program = Program::sqlite();
    let set = collection(&program, 30, 10, 0);
    program.run(&["ingest", text(&set)]);
    let copy = program.path("copy.sqlite");
    assert_eq!(program.run(&["backup", text(&copy)]).status.code(), Some(0));
    assert_eq!(
        program.run(&["backup", text(&copy)]).status.code(),
        Some(4),
        "never over a file"
    );
    let other = Program::sqlite();
    assert_eq!(other.run(&["restore", text(&copy)]).status.code(), Some(0));
    crate::dump::assert_same(
        &crate::dump::of(&program.db()),
        &crate::dump::of(&other.db()),
    );
    assert_eq!(
        other.run(&["gc", "--keep-evaluations", "1"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_channel_that_lost_half_its_packages_is_refused_until_forced() {
    let program = Program::sqlite();
    let lines = |count: usize| -> String {
        (0..count)
            .map(|number| package(&format!("p{number}"), "1.0") + "\n")
            .collect()
    };
    let path = program.write("packages.jsonl", &lines(100));
    let load = |more: &[&str]| {
        let mut arguments = vec!["ingest", text(&path), "--channel", "c"];
        arguments.extend(more);
        program.run(&arguments)
    };
    assert_eq!(load(&[]).status.code(), Some(0));
    program.write("packages.jsonl", &lines(50));
    let output = load(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("would lose 50 of them"),
        "{}",
        stderr(&output)
    );
    assert_eq!(program.db().all_packages("c").unwrap().len(), 100);
    assert_eq!(load(&["--force"]).status.code(), Some(0));
    assert_eq!(program.db().all_packages("c").unwrap().len(), 50);
}

#[test]
fn exit_codes_tell_usage_input_and_database_apart() {
    let program = Program::sqlite();
    let text_file = program.write("hello.txt", "hello");
    for (arguments, code) in [
        (vec!["ingest"], 2),
        (vec!["ingest", "x", "--kind", "nonsense"], 2),
        (vec!["ingest", "http://example.org/feed"], 2),
        (vec!["ingest", "/does/not/exist"], 3),
        (vec!["ingest", text(&text_file)], 3),
        (vec!["match", "CVE-1999-0001"], 3),
        (vec!["--db", "/does/not/exist/db.sqlite", "status"], 4),
        (vec!["--db", text(&text_file), "status"], 4),
        (vec!["--help"], 0),
    ] {
        let output = program.run(&arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_rule_is_made_shown_and_taken_back() {
    let program = Program::sqlite();
    let set = collection(&program, 20, 10, 0);
    program.run(&["ingest", text(&set)]);
    let affected = || stdout(&program.run(&["match", "CVE-2024-00001"]));
    assert!(
        affected().contains("product1 1.5 affected"),
        "{}",
        affected()
    );
    let add = [
        "rule",
        "add",
        "Product1",
        "product-1",
        "--never",
        "--format",
        "json",
    ];
    let output = program.run(&add);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = json(&stdout(&output));
    let rule = &said["rules"][0];
    assert_eq!((&said["version"], &rule["number"]), (&1.into(), &1.into()));
    assert!(
        rule["changed"]["prevented"].as_u64().unwrap() >= 1,
        "{said}"
    );
    assert!(
        !affected().contains("product1 1.5 affected"),
        "{}",
        affected()
    );
    let shown = stdout(&program.run(&["rule", "show", "1"]));
    assert!(
        shown.contains("CVE-2024-00001") && shown.contains("kept out"),
        "{shown}"
    );
    let output = program.run(&["rule", "retire", "1"]);
    assert!(stdout(&output).contains("retired"), "{}", stdout(&output));
    assert!(
        affected().contains("product1 1.5 affected"),
        "{}",
        affected()
    );
    assert_eq!(stdout(&program.run(&["rule", "list"])), "");
    assert!(stdout(&program.run(&["rule", "list", "--all"])).contains("is not in Nixpkgs"));
    let refused = [
        &["rule", "add", "acme"][..],
        &["rule", "add", "acme", "--is", "hello"],
        &["rule", "add", "acme", "x", "--is", "hello", "--never"],
        &["rule", "add", "*", "--never"],
        &["rule", "retire", "9"],
    ];
    for arguments in refused {
        assert!(!program.run(arguments).status.success(), "{arguments:?}");
    }
}
