//! Version texts as they stand in real records.

use snowguard_advisory::versions::sloppy::{Meaning, lower_bound, read, upper_bound};

/// Bounds as text, several joined by ` | `.
fn meaning(text: &str) -> String {
    match read(text) {
        Meaning::Exact(version) => version.to_owned(),
        Meaning::Ranges(ranges) => ranges
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" | "),
        Meaning::Undecidable(_) => "?".to_owned(),
    }
}

#[test]
fn every_shape_of_the_documentation() {
    let table = [
        ("1.2", "1.2"),
        ("v1.2", "1.2"),
        ("V1.2", "1.2"),
        (" Version 1.2 ", "1.2"),
        ("Ver.7.10", "7.10"),
        ("= 2.39.0", "= 2.39.0"),
        ("*", "all versions"),
        ("all versions", "all versions"),
        ("All", "all versions"),
        ("< 6.2.0", "< 6.2.0"),
        ("<24.13", "< 24.13"),
        ("before 1.1.0", "< 1.1.0"),
        ("before version 01.04.0029", "< 01.04.0029"),
        ("prior to 5.0.32", "< 5.0.32"),
        ("All versions < V01.01.01", "< 01.01.01"),
        ("All versions prior to v2.0", "< 2.0"),
        ("versions below 1.2", "< 1.2"),
        ("fixed in 1.2", "< 1.2"),
        ("<= 7.5", "<= 7.5"),
        ("=<7.5", "<= 7.5"),
        ("7.2.26 and earlier", "<= 7.2.26"),
        ("v1.1.0.3 and earlier", "<= 1.1.0.3"),
        ("firmware Ver.7.10 and earlier", "<= 7.10"),
        ("5.5.58 and prior", "<= 5.5.58"),
        ("1.2 or prior versions", "<= 1.2"),
        ("up to 1.2", "<= 1.2"),
        ("up to and including 1.2", "<= 1.2"),
        ("through 1.2", "<= 1.2"),
        ("> 1.2", "> 1.2"),
        (">= 7.20.2", ">= 7.20.2"),
        ("1.2 and later", ">= 1.2"),
        ("from 1.2", ">= 1.2"),
        ("1.2+", ">= 1.2"),
        (">= 1.3.0, < 1.3.19", ">= 1.3.0, < 1.3.19"),
        (">=15.7, <15.8.5", ">= 15.7, < 15.8.5"),
        (">=15.7 <15.8.5", ">= 15.7, < 15.8.5"),
        ("> 1.0 and <= 2.0", "> 1.0, <= 2.0"),
        (">= 11.8-rc-1, < 14.4.8", ">= 11.8-rc-1, < 14.4.8"),
        ("17.7 - 17.12", ">= 17.7, <= 17.12"),
        ("17.1-17.12", ">= 17.1, <= 17.12"),
        ("8.5.0 to 8.5.6", ">= 8.5.0, <= 8.5.6"),
        ("1.0.0 to 1.20.9 ", ">= 1.0.0, <= 1.20.9"),
        ("1.0 through 1.5", ">= 1.0, <= 1.5"),
        ("from 1.0 to 1.5", ">= 1.0, <= 1.5"),
        ("from 1.0 before 1.5", ">= 1.0, < 1.5"),
        ("between 1.0 and 1.5", ">= 1.0, <= 1.5"),
        ("1.0 before 1.5", ">= 1.0, < 1.5"),
        ("5.4.0.x", ">= 5.4.0, < 5.4.0.*"),
        ("12.x", ">= 12, < 12.*"),
        ("1.2.*", ">= 1.2, < 1.2.*"),
        ("1.2.x and earlier", "< 1.2.*"),
        ("3.0, 4.0, 4.4", "= 3.0 | = 4.0 | = 4.4"),
        ("6.0.1, 6.0.0", "= 6.0.1 | = 6.0.0"),
        ("1.0 and 1.1", "= 1.0 | = 1.1"),
        ("1.0, 1.1 and earlier", "= 1.0 | <= 1.1"),
        ("< 1.0 || >= 2.0, < 2.1", "< 1.0 | >= 2.0, < 2.1"),
        ("1.2-3", "1.2-3"),
        ("7.0.0-0", "7.0.0-0"),
        ("0.9.6b", "0.9.6b"),
        ("2.6.0 p1", "2.6.0 p1"),
        ("", "?"),
        ("n/a", "?"),
        ("N/A", "?"),
        ("-", "?"),
        ("unspecified", "?"),
        ("various ", "?"),
        ("See references", "?"),
        ("0", "?"),
        ("The first 5 digits of serial No. \"26061\" and prior", "?"),
        ("ArubaOS 10.5.x.x: 10.5.0.0 and below", "?"),
        ("Android kernel", "?"),
        ("https://example.org/1.2", "?"),
        ("<", "?"),
        ("< ", "?"),
        (">= 1.0, >= 2.0", "?"),
        ("é and earlier", "?"),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(text, expected)| meaning(text) != *expected)
        .map(|(text, expected)| format!("{text:?}: {} instead of {expected}", meaning(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bounds_of_ranges() {
    for text in [
        "0",
        "n/a",
        "unspecified",
        "*",
        "-",
        "",
        "All versions",
        "SocketServer",
    ] {
        assert_eq!(lower_bound(text).0, None, "{text}");
    }
    assert_eq!(
        lower_bound("v1.2").0.map(|edge| edge.version()),
        Some("1.2")
    );
    assert_eq!(upper_bound("*", false).map(|(edge, _)| edge), Ok(None));
    for text in ["unspecified", "publication", "n/a", "", "https://aka.ms/x1"] {
        assert!(upper_bound(text, true).is_err(), "{text}");
    }
    assert_eq!(
        upper_bound("<= 1.6.3", false).unwrap().0.unwrap().version(),
        "1.6.3"
    );
}

proptest::proptest! {
    /// Nothing panics, whatever stands there; pieces of real texts in any order.
    #[test]
    fn never_panics(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "1", ".", "1.2", "v", "x", "*", "<", "<=", ">", "=", ",", " ", " and ", "and",
                "earlier", " before ", "to", " - ", "-", "between ", "é", "≤", "(", ")", "+", "/",
                "version", "Ver.", "all versions", "0", "\u{200b}", ".x", " or ", "|", "&",
            ]),
            0..12,
        )
    ) {
        let text = pieces.concat();
        let _ = read(&text);
        let _ = lower_bound(&text);
        let _ = upper_bound(&text, false);
    }
}
