//! What somebody else's bytes may do: each test is named after what it stops.

use snowguard_advisory::error::Error;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::{State, Status, Versions};
use snowguard_advisory::vendor::{self, Format};
use snowguard_advisory::{cve5, epss, kev, nvd, osv};

fn limits() -> Limits {
    Limits::default()
}

type Reader = fn(&[u8], &Limits) -> Result<(), Error>;

/// Every reader of the crate.
const READERS: [(&str, Reader); 9] = [
    ("cve5", |bytes, limits| cve5::read(bytes, limits).map(drop)),
    ("nvd", |bytes, limits| nvd::read(bytes, limits).map(drop)),
    ("nvd split", |bytes, limits| {
        nvd::split(bytes, limits).map(drop)
    }),
    ("osv", |bytes, limits| {
        osv::read(bytes, None, limits).map(drop)
    }),
    ("kev", |bytes, limits| kev::read(bytes, limits).map(drop)),
    ("kev split", |bytes, limits| {
        kev::split(bytes, limits).map(drop)
    }),
    ("epss", |bytes, limits| epss::read(bytes, limits).map(drop)),
    ("mozilla", |bytes, limits| {
        vendor::read(Format::Mozilla, bytes, limits).map(drop)
    }),
    ("marked", |bytes, limits| {
        vendor::read_marked(bytes, limits).map(drop)
    }),
];

#[test]
fn no_reader_takes_what_is_no_record() {
    let deep = "[".repeat(10_000);
    let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let inputs: [&[u8]; 14] = [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b"1",
        b"\"CVE-2024-1234\"",
        b"{",
        b"{\"id\":",
        b"\xff\xfe",
        b"{\"id\":\"\xed\xa0\x80\"}",
        deep.as_bytes(),
        deep_object.as_bytes(),
        b"\xef\xbb\xbf{}",
    ];
    for (name, read) in READERS {
        for input in inputs {
            let shown = String::from_utf8_lossy(&input[..input.len().min(20)]);
            assert!(read(input, &limits()).is_err(), "{name} took {shown:?}");
        }
    }
}

#[test]
fn a_record_of_half_a_gigabyte_is_refused_by_its_size() {
    // The size alone decides: nothing of it is read but its beginning.
    let mut record = br#"{"cveMetadata":{"cveId":"CVE-2024-1234"},"x":""#.to_vec();
    record.resize(17 << 20, b'A');
    let error = cve5::read(&record, &limits()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    assert_eq!(error.place().record.as_deref(), Some("CVE-2024-1234"));
}

#[test]
fn deep_nesting_is_refused_with_its_place() {
    let open = "{\"a\":".repeat(10_000);
    let record = format!(r#"{{"cveMetadata":{{"cveId":"CVE-2024-1234"}},"x":{open}"#);
    match cve5::read(record.as_bytes(), &limits()).unwrap_err() {
        Error::TooDeep { at, limit: 128 } => {
            assert_eq!(at.record.as_deref(), Some("CVE-2024-1234"));
            assert!(at.offset.unwrap() < 1000);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn long_arrays_and_texts_are_refused() {
    let tight = Limits {
        array: 100,
        text_bytes: 1000,
        ..limits()
    };
    let list = vec!["\"x\""; 101].join(",");
    let many = format!(r#"{{"id":"X-1","aliases":[{list}]}}"#);
    let error = osv::read(many.as_bytes(), None, &tight).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLong {
                what: "array",
                limit: 100,
                ..
            }
        ),
        "{error}"
    );
    assert!(osv::read(many.as_bytes(), None, &limits()).is_ok());

    let long = format!(r#"{{"id":"X-1","summary":"{}"}}"#, "x".repeat(1001));
    let error = osv::read(long.as_bytes(), None, &tight).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLong {
                what: "text",
                limit: 1000,
                ..
            }
        ),
        "{error}"
    );

    let keys: Vec<String> = (0..101).map(|key| format!("\"k{key}\":0")).collect();
    let wide = format!("{{{}}}", keys.join(","));
    let error = osv::read(wide.as_bytes(), None, &tight).unwrap_err();
    assert!(
        matches!(error, Error::TooLong { what: "object", .. }),
        "{error}"
    );
}

#[test]
fn a_cut_off_record_is_refused_at_the_end() {
    let whole = br#"{"id":"PYSEC-2021-1","summary":"x","affected":[{"package":{"name":"a"}}]}"#;
    assert!(osv::read(whole, None, &limits()).is_ok());
    for cut in 1..whole.len() {
        match osv::read(&whole[..cut], None, &limits()).unwrap_err() {
            Error::Syntax { at, .. } => {
                // The parser names the last byte it has seen, or the one after it.
                let offset = at.offset.unwrap();
                assert!(offset + 1 >= cut && offset <= cut, "{offset} {cut}");
            }
            other => panic!("{cut}: {other}"),
        }
    }
    let after = [&whole[..], b"{}"].concat();
    assert!(osv::read(&after, None, &limits()).is_err());
}

#[test]
fn an_error_in_a_document_of_many_lines_has_a_byte_offset() {
    let text = "{\n  \"id\": \"X-1\",\n  \"summary\": oops\n}\n";
    let error = osv::read(text.as_bytes(), None, &limits()).unwrap_err();
    let offset = error.place().offset.unwrap();
    assert_eq!(&text[offset..=offset], "o");
    assert_eq!(error.place().record.as_deref(), Some("X-1"));
}

/// One wrong field must not lose the vulnerability.
#[test]
fn wrong_types_are_passed_over_with_a_warning() {
    let record = br#"{
        "dataVersion": 5.1,
        "cveMetadata": {"cveId": "CVE-2024-1234", "state": null, "serial": "x"},
        "containers": {
            "cna": {
                "title": ["a"],
                "descriptions": {"lang": "en"},
                "references": ["https://example.org", {"url": "https://example.org/2", "tags": "x"}],
                "affected": [
                    7,
                    {"vendor": "v", "product": {}, "versions": [
                        {"version": 1.2, "status": "affected"},
                        {"version": "2", "status": 0},
                        "3"
                    ], "defaultStatus": "maybe"}
                ],
                "metrics": [{"cvssV3_1": {"vectorString": 1, "baseScore": "7.5"}}],
                "x_unknown": {"deep": [1, 2, {"a": null}]}
            },
            "adp": {}
        }
    }"#;
    let reading = cve5::read(record, &limits()).unwrap();
    let record = &reading.record;
    assert_eq!(record.affected.len(), 2);
    assert_eq!(record.affected[1].pointer, "/containers/cna/affected/1");
    assert_eq!(record.references.len(), 1);
    assert_eq!(record.severities[0].score, Some(7.5));
    let Versions::Cve { default, entries } = &record.affected[1].versions else {
        panic!()
    };
    assert_eq!(*default, Status::Unknown);
    assert_eq!(entries.len(), 3);
    assert_eq!(
        (entries[0].version.as_str(), entries[0].status),
        ("1.2", Status::Affected)
    );
    let pointers: Vec<&str> = reading
        .warnings
        .iter()
        .map(|w| w.pointer.as_str())
        .collect();
    insta::assert_debug_snapshot!(pointers);
}

#[test]
fn a_flood_of_warnings_is_cut() {
    let list = vec!["1"; 5000].join(",");
    let record = format!(r#"{{"id":"X-1","affected":[{list}]}}"#);
    let reading = osv::read(record.as_bytes(), None, &limits()).unwrap();
    assert_eq!(reading.warnings.len(), 65);
    assert_eq!(reading.warnings[64].message, "4936 more warnings");
    assert_eq!(reading.warnings[7].pointer, "/affected/7");
}

#[test]
fn script_and_html_stay_as_given() {
    let script = "<script>alert(1)</script>";
    let record = serde_json::json!({
        "id": "X-1", "summary": script, "details": script,
        "references": [{"type": script, "url": "javascript:alert(1)"}],
        "affected": [{"package": {"name": script, "ecosystem": script, "purl": script}}],
    });
    let reading = osv::read(record.to_string().as_bytes(), None, &limits()).unwrap();
    assert_eq!(reading.record.title.as_deref(), Some(script));
    assert_eq!(reading.record.references[0].url, "javascript:alert(1)");
    assert_eq!(reading.record.affected[0].purl, None);
}

#[test]
fn ids_that_are_no_ids_are_refused() {
    for id in [
        "",
        "CVE-",
        "CVE-2024-1",
        "../../etc/passwd",
        "CVE-2024-1234\n",
        "cve-2024-1234",
    ] {
        let cve = serde_json::json!({"cveMetadata": {"cveId": id}, "containers": {"cna": {}}});
        assert!(
            cve5::read(cve.to_string().as_bytes(), &limits()).is_err(),
            "{id}"
        );
        let nvd = serde_json::json!({"cve": {"id": id}});
        assert!(
            nvd::read(nvd.to_string().as_bytes(), &limits()).is_err(),
            "{id}"
        );
    }
    for id in ["", " ", "a b", "<b>", "a\u{0}", "../x"] {
        let entry = serde_json::json!({"id": id});
        assert!(
            osv::read(entry.to_string().as_bytes(), None, &limits()).is_err(),
            "{id:?}"
        );
    }
}

#[test]
fn a_key_that_stands_twice_is_told() {
    let record = br#"{"id":"X-1","summary":"first","summary":"second","id":"X-2"}"#;
    let reading = osv::read(record, None, &limits()).unwrap();
    // The last one counts, as everywhere in JSON; the doubt is told.
    assert_eq!(reading.record.id, "X-2");
    assert_eq!(reading.record.title.as_deref(), Some("second"));
    assert_eq!(reading.warnings.len(), 2);
}

#[test]
fn a_state_that_is_absent_is_read_from_the_rejection() {
    let record = br#"{"cveMetadata":{"cveId":"CVE-2024-1234"},"containers":{"cna":{
        "rejectedReasons":[{"lang":"en","value":"duplicate"}],"replacedBy":["CVE-2024-1235"]}}}"#;
    let record = cve5::read(record, &limits()).unwrap().record;
    assert_eq!(record.state, State::Rejected);
    assert_eq!(record.rejected.unwrap().replaced_by, ["CVE-2024-1235"]);
}
