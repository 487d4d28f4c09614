//! Whole exports: an issue at a time, and nothing that an attacker writes breaks one.

use std::cell::Cell;
use std::io::{self, Write};

use proptest::prelude::*;
use serde_json::Value;
use snowguard_tracker_export::json_lines::{self, Line};
use snowguard_tracker_export::osv::{self, Names};
use snowguard_tracker_export::{Issue, atom, csaf, cyclonedx, openvex};

use crate::hostile::issue;
use crate::sample::{at, bare, full, provider, withdrawn};

fn feed() -> atom::Feed {
    atom::Feed {
        name: "issues".to_owned(),
        title: "Issues".to_owned(),
        subtitle: None,
        updated: at("2026-06-01T00:00:00Z"),
        own: provider().export("issues.atom"),
        page: None,
    }
}

/// Counts bytes and fails after some.
struct Narrow(usize);

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 < bytes.len() {
            return Err(io::Error::other("full"));
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn issues_are_taken_one_at_a_time_and_a_full_disk_ends_it() {
    type Export = fn(&mut dyn Iterator<Item = Issue>, Narrow) -> io::Result<usize>;
    let exports: [(&str, Export); 5] = [
        ("OSV", |issues, to| {
            osv::write_lines(issues, &provider(), Names::Nixpkgs, to)
        }),
        ("OpenVEX", |issues, to| {
            openvex::write_all(issues, &provider(), at("2026-06-01T00:00:00Z"), 1, to)
        }),
        ("CycloneDX", |issues, to| {
            cyclonedx::write_all(issues, &provider(), at("2026-06-01T00:00:00Z"), 1, to)
        }),
        ("Atom", |issues, to| {
            let entries = issues.map(|issue| atom::Entry::of(&issue, &provider()));
            atom::write(&feed(), &provider(), entries, to)
        }),
        ("JSON lines", |issues, to| {
            json_lines::write_issues(issues, to)
        }),
    ];
    for (name, export) in exports {
        let taken = Cell::new(0);
        let mut issues = std::iter::repeat_with(|| {
            taken.set(taken.get() + 1);
            full()
        });
        // Without end: only because each issue is written before the next is taken does it stop.
        let error = export(&mut issues, Narrow(200_000)).unwrap_err();
        assert_eq!(error.to_string(), "full", "{name}");
        assert!((5..1000).contains(&taken.get()), "{name}: {}", taken.get());
    }
}

#[test]
fn lines_are_read_back_as_what_they_were() {
    let issues = [full(), withdrawn(), bare(3)];
    let mut out = Vec::new();
    assert_eq!(json_lines::write_issues(&issues, &mut out).unwrap(), 3);
    json_lines::write(
        "package",
        [serde_json::json!({ "attribute": "x" })],
        &mut out,
    )
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (line, issue) in lines.iter().zip(&issues) {
        let line: Line<Issue> = serde_json::from_str(line).unwrap();
        assert_eq!((line.kind.as_str(), line.format), ("issue", 1));
        assert_eq!(line.record, *issue);
    }
    assert_eq!(
        lines[3],
        "{\"kind\":\"package\",\"format\":1,\"record\":{\"attribute\":\"x\"}}"
    );
}

#[test]
fn nothing_makes_an_empty_export() {
    let none: [Issue; 0] = [];
    let now = at("2026-06-01T00:00:00Z");
    let mut out = Vec::new();
    assert_eq!(
        openvex::write_all(&none, &provider(), now, 1, &mut out).unwrap(),
        0
    );
    assert!(out.is_empty());
    cyclonedx::write_all(&none, &provider(), now, 1, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["vulnerabilities"], serde_json::json!([]));
    assert_eq!(document["components"], serde_json::json!([]));
}

/// Every text in a document, keys too.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => map.iter().for_each(|(key, one)| {
            found.push(key);
            texts(one, found);
        }),
        _ => {}
    }
}

fn steers(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No document holds a character that steers a terminal, an empty text or an id twice.
    #[test]
    fn hostile_issues_give_clean_documents(issue in issue()) {
        let mut documents = vec![csaf::value(&issue, &provider())];
        documents.extend(openvex::document(&issue, &provider())
            .map(|document| serde_json::from_slice(&document.bytes).unwrap()));
        let document = cyclonedx::document(&issue, &provider());
        documents.push(serde_json::from_slice(&document.bytes).unwrap());
        for document in &documents {
            let mut found = Vec::new();
            texts(document, &mut found);
            for text in found {
                prop_assert!(!steers(text), "{text:?}");
                prop_assert!(!text.trim().is_empty());
            }
        }
        // The database's own part of an OSV record is as the team wrote it.
        let mut record = serde_json::to_value(osv::Record::of(&issue, &provider(), Names::Nixpkgs)).unwrap();
        record["database_specific"] = Value::Null;
        record["affected"] = Value::Null;
        let mut found = Vec::new();
        texts(&record, &mut found);
        prop_assert!(!found.iter().any(|text| steers(text)));
    }

    /// A feed is XML whatever it is of: only our own tags, and no character that XML excludes.
    #[test]
    fn hostile_issues_give_feeds_of_our_own_tags(issue in issue()) {
        let entry = atom::Entry::of(&issue, &provider());
        let mut out = Vec::new();
        atom::write(&feed(), &provider(), [entry], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        const NAMES: [&str; 17] = [
            "?xml", "feed", "entry", "id", "title", "subtitle", "updated", "published", "link", "author",
            "name", "uri", "generator", "category", "summary", "content", "x",
        ];
        for tag in text.split('<').skip(1) {
            let name = tag.trim_start_matches('/');
            let end = name.find([' ', '>', '/']).unwrap_or(name.len());
            prop_assert!(NAMES.contains(&&name[..end]), "{tag}");
            prop_assert_eq!(tag.matches('>').count(), 1);
        }
        let excluded = text.chars().any(|c| ['\u{fffe}', '\u{ffff}'].contains(&c));
        prop_assert!(!excluded && !steers(&text));
    }
}
