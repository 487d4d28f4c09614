//! Reading on from a cursor.

use snowguard_tracker_export::{Cursor, Issue, changed_after};

use crate::sample::{at, bare};

fn issues() -> Vec<Issue> {
    let times = [
        "2026-03-01T12:00:00Z",
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00Z",
        "2026-03-03T12:00:00Z",
    ];
    let numbered = (1..).zip(times);
    numbered
        .map(|(number, time)| Issue {
            modified: at(time),
            ..bare(number)
        })
        .collect()
}

fn numbers(cursor: Option<&str>) -> Vec<u32> {
    let cursor = cursor.map(|text| text.parse().unwrap());
    changed_after(&issues(), cursor)
        .map(|issue| issue.id.number())
        .collect()
}

#[test]
fn each_change_comes_once_also_when_many_have_one_time() {
    assert_eq!(numbers(None), [1, 2, 3, 4]);
    assert_eq!(numbers(Some("2026-03-02T12:00:00Z")), [2, 3, 4]);
    assert_eq!(
        numbers(Some("2026-03-02T12:00:00Z/NIXPKGS-2026-0002")),
        [3, 4]
    );
    assert_eq!(
        numbers(Some("2026-03-03T12:00:00Z/NIXPKGS-2026-0004")),
        [0_u32; 0]
    );
    let mut seen = Vec::new();
    let mut cursor = None;
    while let Some(issue) = changed_after(issues(), cursor).next() {
        cursor = Some(Cursor::at(&issue));
        seen.push(issue.id.number());
    }
    assert_eq!(seen, [1, 2, 3, 4]);
}

#[test]
fn a_cursor_is_written_and_read() {
    for text in [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.125Z/NIXPKGS-2026-0002",
    ] {
        assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
    }
    for text in ["", "/", "2026-03-02T12:00:00Z/", "x/NIXPKGS-2026-0002"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}
