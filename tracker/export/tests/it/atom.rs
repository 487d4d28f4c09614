//! Atom feeds.

use snowguard_tracker_export::atom::{Content, Entry, Feed, write};
use snowguard_tracker_export::{Issue, Moment};

use crate::sample::{at, full, provider, withdrawn};

fn feed(entries: Vec<Entry>) -> String {
    let feed = Feed {
        name: "package/openssl".to_owned(),
        title: "openssl".to_owned(),
        subtitle: None,
        updated: at("2026-06-01T00:00:00Z"),
        own: provider().export("package/openssl.atom"),
        page: Some(provider().pages),
    };
    let mut out = Vec::new();
    let count = entries.len();
    assert_eq!(write(&feed, &provider(), entries, &mut out).unwrap(), count);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_issue_becomes_an_entry_whose_id_stays() {
    let text = feed(vec![Entry::of(&full(), &provider())]);
    for line in [
        "<id>tag:tracker.example.org,2026:package/openssl</id>",
        "<id>tag:tracker.example.org,2026:issue/NIXPKGS-2026-0001</id>",
        "<title>NIXPKGS-2026-0001: OpenSSL: overflow in parsing</title>",
        "<published>2026-03-01T12:00:00Z</published>",
        "<updated>2026-03-04T09:30:00.5Z</updated>",
        "<category term=\"CVE-2026-1234\"/>",
        "<category term=\"openssl_1_1\"/>",
        "<link rel=\"alternate\" type=\"text/html\" href=\"https://tracker.example.org/issue/NIXPKGS-2026-0001\"/>",
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"https://tracker.example.org/exports/package/openssl.atom\"/>",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let mut moved = provider();
    moved.pages = moved.namespace.clone();
    let there = Entry::of(&full(), &moved);
    let here = Entry::of(&full(), &provider());
    assert_eq!(there.name, here.name);
    assert_ne!(there.page, here.page);
}

#[test]
fn withdrawal_is_in_the_title_and_the_summary() {
    let entry = Entry::of(&withdrawn(), &provider());
    assert!(entry.title.contains("(withdrawn)"), "{}", entry.title);
    let summary = entry.summary.unwrap();
    assert!(summary.starts_with("Withdrawn: The advisory"), "{summary}");
}

#[test]
fn an_entry_is_never_older_than_its_publication() {
    let issue = Issue {
        modified: Moment::from_millis(0).unwrap(),
        ..full()
    };
    let entry = Entry::of(&issue, &provider());
    assert_eq!(entry.updated, entry.published);
}

#[test]
fn markup_is_escaped_in_every_place() {
    let mut entry = Entry::of(&full(), &provider());
    let nasty = "]]><script a=\"'\">&\u{0}";
    entry.name = nasty.to_owned();
    entry.title = nasty.to_owned();
    entry.summary = Some(nasty.to_owned());
    entry.content = Some(Content::Html(nasty.to_owned()));
    entry.categories = vec![nasty.to_owned()];
    let text = feed(vec![entry]);
    assert!(!text.contains("<script"), "{text}");
    assert!(!text.contains("]]>"), "{text}");
    assert!(!text.contains('\u{0}'), "{text}");
    let escaped = "]]&gt;&lt;script a=&quot;&#39;&quot;&gt;&amp;\u{fffd}";
    assert_eq!(text.matches(escaped).count(), 4, "{text}");
    assert!(text.contains("<content type=\"html\">"));
}
