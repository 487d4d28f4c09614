//! Each rung and its checker accept the same texts, refuse the same texts, and make the same bytes.

use proptest::prelude::*;
use snowguard_bootstrap_ladder::notation::{NotationError, Source, hex0, hex1, hex2, m1};

use crate::tools;

/// What a checker makes, or nothing when it refuses.
fn checked(tool: &str, text: &[u8]) -> Result<Vec<u8>, NotationError> {
    let source = Source::new("text", text);
    match tool {
        "hex0" => hex0::assemble(&source).map(|image| image.bytes),
        "hex1" => hex1::assemble(&source).map(|image| image.bytes),
        "hex2" => hex2::assemble(&[source]).map(|image| image.bytes),
        "M1" => {
            let text = m1::translate(&[source])?;
            hex2::assemble(&[text.source("text")]).map(|image| image.bytes)
        }
        other => panic!("{other}"),
    }
}

/// What a rung makes, or nothing when it refuses.
fn made(tool: &str, text: &[u8]) -> Option<Vec<u8>> {
    let out = tools::made(&format!("bin/{tool}"), &[text])?;
    match tool {
        "M1" => tools::made("bin/hex2", &[&out]),
        _ => Some(out),
    }
}

fn agree(tool: &str, text: &[u8]) -> Option<Vec<u8>> {
    let expected = checked(tool, text);
    let found = made(tool, text);
    assert_eq!(
        found,
        expected.clone().ok(),
        "{tool} on {}: the checker says {expected:?}",
        text.escape_ascii()
    );
    found
}

#[test]
fn good_texts() {
    for (tool, text, bytes) in [
        ("hex0", "", &[][..]),
        ("hex0", "4\n1;5\n-aF # 6", &[0x41, 0xaf]),
        (
            "hex1",
            ":a!a%a&a!z:z",
            &[0xff, 0xfb, 0xff, 0xff, 0xff, 0, 0, 0x60, 0, 0],
        ),
        ("hex1", "::!:", &[0xff]),
        ("hex2", ":a !a @a ~a", &[0xff, 0xfd, 0xff, 0xfa, 0xff, 0xff]),
        (
            "hex2",
            "00 &b :b :a :c 01 %c>a @b>d :d",
            &[0, 5, 0, 0x60, 0, 1, 0, 0, 0, 0, 0xf9, 0xff],
        ),
        (
            "M1",
            "DEFINE x 1234 x \"a\" '56' @-2 :b &b",
            &[0x12, 0x34, 0x61, 0, 0x56, 0xfe, 0xff, 7, 0, 0x60, 0],
        ),
        ("M1", "DEFINE #;\" 12 DEFINE DEFINE 34", &[]),
    ] {
        let found = agree(tool, text.as_bytes());
        assert_eq!(found.as_deref(), Some(bytes), "{tool}: {text}");
    }
}

#[test]
fn bad_texts_are_refused() {
    let far = format!(":a {} !a", "00 ".repeat(128));
    for (tool, text) in [
        ("hex0", "1"),
        ("hex0", "12 3 # 4"),
        ("hex1", "!a"),
        ("hex1", ":a:a"),
        ("hex1", "1"),
        ("hex1", far.as_str()),
        ("hex2", "!a"),
        ("hex2", ":a :a"),
        ("hex2", ":a 1"),
        ("hex2", ": 12"),
        ("hex2", ":a % "),
        ("hex2", ":a %a> 12"),
        ("hex2", ":a %a>b 12"),
        ("hex2", ":a>b"),
        ("hex2", ":a &a>a"),
        ("hex2", "12 g"),
        ("hex2", "<12"),
        ("hex2", far.as_str()),
        ("M1", "x"),
        ("M1", "12"),
        ("M1", "!256"),
        ("M1", "!-129"),
        ("M1", "@65536"),
        ("M1", "~16777216"),
        ("M1", "%4294967296"),
        ("M1", "%-2147483649"),
        ("M1", "%99999999999999999999"),
        ("M1", "!0x"),
        ("M1", "!1a"),
        ("M1", "!0xg"),
        ("M1", "!0x-1"),
        ("M1", "\"abc"),
        ("M1", "'ab"),
        ("M1", "DEFINE"),
        ("M1", "DEFINE a"),
        ("M1", "DEFINE a 01 DEFINE a 02"),
        ("M1", "a DEFINE a 01"),
    ] {
        assert_eq!(agree(tool, text.as_bytes()), None, "{tool}: {text}");
    }
}

#[test]
fn a_refusal_names_the_culprit() {
    for (tool, text, culprit) in [
        ("bin/hex2", ":a 00 !nowhere", "nowhere\n"),
        ("bin/hex2", ":twice :twice", "twice\n"),
        ("bin/M1", "DEFINE a 00 unknown", "unknown\n"),
        ("bin/M1", "!300", "!300\n"),
    ] {
        let (ended, out) = tools::run(tool, &[text.as_bytes()]);
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&ended.stderr), culprit);
        assert_eq!(out, None, "nothing is written");
    }
}

#[test]
fn several_inputs_are_one_text() {
    let texts: [&[u8]; 3] = [b"12 :a # no line's end", b"&a 3", b"4 %b>a :b"];
    let sources = texts.map(|text| Source::new("text", text));
    let expected = hex2::assemble(&sources).unwrap().bytes;
    assert_eq!(tools::made("bin/hex2", &texts).unwrap(), expected);
    let words: [&[u8]; 2] = [b"DEFINE a 12 # x", b"a !7"];
    let sources = words.map(|text| Source::new("text", text));
    let expected = m1::translate(&sources).unwrap();
    let found = tools::made("bin/M1", &words).unwrap();
    assert_eq!(
        String::from_utf8(found).unwrap(),
        String::from_utf8(expected.text).unwrap()
    );
}

/// Texts made of the pieces of a language, so that most are nearly right.
fn pieces(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hex0_agrees(text in pieces(&["0", "9a", "BF", "#", ";", "\n", " ", "x"])) {
        agree("hex0", &text);
    }

    #[test]
    fn hex1_agrees(text in pieces(&["00", "1", ":a", ":b", "!a", "%b", "&a", "#", "\n", " "])) {
        agree("hex1", &text);
    }

    #[test]
    fn hex2_agrees(text in pieces(&[
        "00 ", "1", ":a ", ":bc ", "!a ", "%bc ", "&a\n", "~a ", "@a>bc ", "#", "\n", " ",
    ])) {
        agree("hex2", &text);
    }

    #[test]
    fn m1_agrees(text in pieces(&[
        "DEFINE a 01\n", "DEFINE b 02 ", "a ", "b\n", "!1 ", "@-7 ", "%0x1f ", ":x ", "!x ", "%x\n",
        "\"t\" ", "'0 1'\n", "#", "\n", " ",
    ])) {
        agree("M1", &text);
    }
}
