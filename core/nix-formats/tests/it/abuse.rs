//! Bytes that mean harm: every reader answers with an error that says where, and soon.

use snowguard_nix_formats::derivation::InvalidDerivation;
use snowguard_nix_formats::derivation::aterm::{self, ATermError};
use snowguard_nix_formats::derivation::json::{self, DerivationJsonError};
use snowguard_nix_formats::path_info::json::{PathInfoJsonError, parse as parse_path_info};
use snowguard_nix_formats::path_info::narinfo::{self, NarInfo, NarInfoError};
use snowguard_nix_formats::{StoreDir, StorePathError, compare_versions};

use crate::{data, files};

const A: &str = "/nix/store/00000000000000000000000000000000-a";

fn drv(text: &str) -> ATermError {
    aterm::parse(text.as_bytes(), &StoreDir::default()).expect_err(text)
}

/// A derivation with these outputs, input derivations and variables.
fn with(outputs: &str, drvs: &str, env: &str) -> String {
    format!("Derive([{outputs}],[{drvs}],[],\"s\",\"b\",[],[{env}])")
}

#[test]
fn the_small_derivation_of_these_tests_is_fine() {
    let output = format!("(\"out\",\"{A}\",\"\",\"\")");
    let drvs = format!("(\"{A}.drv\",[\"out\"])");
    let text = with(&output, &drvs, "(\"x\",\"\\n\")");
    let read = aterm::parse(text.as_bytes(), &StoreDir::default()).unwrap();
    assert_eq!(aterm::write(&read, &StoreDir::default()), text.as_bytes());
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    for (name, bytes) in files("drv", "drv") {
        for end in 0..bytes.len() {
            assert!(
                aterm::parse(&bytes[..end], &StoreDir::default()).is_err(),
                "{name} {end}"
            );
        }
    }
}

#[test]
fn whatever_byte_is_changed_what_is_read_is_written_back() {
    let store_dir = StoreDir::default();
    for (name, bytes) in files("drv", "drv") {
        for (position, replacement) in (0..bytes.len()).zip(b"\"\\,()[]\0\n\xffazA0".iter().cycle())
        {
            let mut changed = bytes.clone();
            changed[position] = *replacement;
            if let Ok(read) = aterm::parse(&changed, &store_dir) {
                assert_eq!(
                    aterm::write(&read, &store_dir),
                    changed,
                    "{name} {position}"
                );
            }
        }
    }
}

#[test]
fn what_nix_would_read_in_its_own_way_is_refused() {
    let output = |name: &str| format!("(\"{name}\",\"\",\"\",\"\")");
    let out = output("out");
    let drv_input = format!("(\"{A}.drv\",[\"out\"])");
    let cases = [
        (with(&format!("{out},{out}"), "", ""), 25),
        (with(&format!("{out},{}", output("dev")), "", ""), 25),
        (with(&out, &format!("{drv_input},{drv_input}"), ""), 89),
        (
            with(&out, &format!("(\"{A}.drv\",[\"out\",\"dev\"])"), ""),
            87,
        ),
        (with(&out, "", "(\"a\",\"1\"),(\"a\",\"2\")"), 54),
        (with(&out, "", "(\"b\",\"\"),(\"a\",\"\")"), 53),
        (with(&out, "", "(\"a\",\"\\x\")"), 50),
        (with(&out, "", "(\"a\",\"\n\")"), 50),
    ];
    for (text, expected) in cases {
        let error = drv(&text);
        assert!(
            matches!(error, ATermError::NotCanonical { offset, .. } if offset == expected),
            "{text:?}: {error}"
        );
    }
    let twice = with(&out, "", "") + "\n";
    assert!(matches!(
        drv(&twice),
        ATermError::Expected {
            expected: "the end",
            ..
        }
    ));
}

#[test]
fn other_versions_are_refused() {
    assert!(matches!(
        drv("DrvWithVersion(\"xp-2\",[],"),
        ATermError::Version { offset: 15, .. }
    ));
    assert!(matches!(
        drv("Derivation("),
        ATermError::Expected { offset: 0, .. }
    ));
    assert!(matches!(drv(""), ATermError::Expected { offset: 0, .. }));
    let body = "[(\"out\",\"\",\"\",\"\")],[],[],\"s\",\"b\",[],[])";
    let plain = format!("DrvWithVersion(\"xp-dyn-drv\",{body}");
    assert!(matches!(drv(&plain), ATermError::NotCanonical { .. }));
}

#[test]
fn dynamic_inputs_need_their_version_and_have_a_depth() {
    let node = |depth: usize| {
        format!(
            "{}[\"out\"]{}",
            "([],[(\"out\",".repeat(depth),
            ")])".repeat(depth)
        )
    };
    let file = |start: &str, depth: usize| {
        let node = node(depth);
        format!("{start}[(\"out\",\"\",\"\",\"\")],[(\"{A}.drv\",{node})],[],\"s\",\"b\",[],[])")
    };
    let store_dir = StoreDir::default();
    let dynamic = "DrvWithVersion(\"xp-dyn-drv\",";
    for depth in [1, 2, 16] {
        let text = file(dynamic, depth);
        let read = aterm::parse(text.as_bytes(), &store_dir).unwrap();
        assert_eq!(aterm::write(&read, &store_dir), text.as_bytes());
    }
    let too_deep = drv(&file(dynamic, 17));
    let rule = InvalidDerivation::InputDepth;
    assert!(matches!(too_deep, ATermError::Invalid { source, .. } if source == rule));
    assert!(aterm::parse(file(dynamic, 1_000_000).as_bytes(), &store_dir).is_err());
    assert!(matches!(
        drv(&file("Derive(", 1)),
        ATermError::Expected { expected: "[", .. }
    ));
}

#[test]
fn outputs_that_mean_nothing_are_refused() {
    let fixed_path = "/nix/store/zk8hh60hfj2k3vbpl8lwb1n6q14cmfra-fixed-flat";
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let good = format!("(\"out\",\"{fixed_path}\",\"sha256\",\"{empty}\")");
    assert!(aterm::parse(with(&good, "", "").as_bytes(), &StoreDir::default()).is_ok());
    for output in [
        // Another path, another name, another method, another algorithm, other spellings.
        good.replace("zk8hh60h", "zk8hh60i"),
        good.replace("\"out\"", "\"dev\""),
        good.replace("\"sha256\"", "\"r:sha256\""),
        good.replace("\"sha256\"", "\"sha1\""),
        good.replace("\"sha256\"", "\"sha3\""),
        good.replace("\"sha256\"", "\"\""),
        good.replace(fixed_path, ""),
        good.replace(empty, &empty.to_uppercase()),
        good.replace(
            empty,
            "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
        ),
        good.replace(empty, "impure"),
        good.replace(empty, ""),
        format!("{good},(\"zlib\",\"\",\"\",\"\")"),
        String::new(),
        "(\"\",\"\",\"\",\"\")".to_owned(),
        "(\"a/b\",\"\",\"\",\"\")".to_owned(),
        "(\"out\",\"/etc/passwd\",\"\",\"\")".to_owned(),
        "(\"out\",\"/nix/store/../../etc/passwd\",\"\",\"\")".to_owned(),
    ] {
        drv(&with(&output, "", ""));
    }
}

#[test]
fn inputs_that_mean_nothing_are_refused() {
    let out = "(\"out\",\"\",\"\",\"\")";
    let not_a_drv = drv(&with(out, &format!("(\"{A}\",[\"out\"])"), ""));
    assert!(matches!(
        not_a_drv,
        ATermError::Invalid {
            source: InvalidDerivation::NotADerivation { .. },
            ..
        }
    ));
    let no_output = drv(&with(out, &format!("(\"{A}.drv\",[])"), ""));
    assert!(matches!(
        no_output,
        ATermError::Invalid {
            source: InvalidDerivation::EmptyInput,
            offset: 80
        }
    ));
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let long = vec![b'['; aterm::MAX_BYTES + 1];
    let error = aterm::parse(&long, &StoreDir::default()).expect_err("too long");
    assert_eq!(
        error,
        ATermError::TooLong {
            length: aterm::MAX_BYTES + 1
        }
    );
    let many = format!(
        "Derive([(\"out\",\"\",\"\",\"\")],[],[],\"s\",\"b\",[{}\"\"],[])",
        "\"\",".repeat(aterm::MAX_ENTRIES)
    );
    assert!(matches!(drv(&many), ATermError::TooMany { offset: 40 }));
    let long = vec![b'\n'; narinfo::MAX_BYTES + 1];
    let error = NarInfo::parse(&long, &StoreDir::default()).expect_err("too long");
    assert_eq!(
        error,
        NarInfoError::TooLong {
            length: narinfo::MAX_BYTES + 1
        }
    );
}

#[test]
fn another_store_is_refused() {
    let guix = StoreDir::new("/gnu/store").unwrap();
    let (_, bytes) = files("drv", "drv").swap_remove(0);
    assert!(matches!(
        aterm::parse(&bytes, &guix),
        Err(ATermError::StorePath {
            source: StorePathError::OutsideStore { .. },
            ..
        })
    ));
    let bytes = std::fs::read(data("path-info/v2-nix-2.34.json")).unwrap();
    let error = parse_path_info(&bytes, &guix).expect_err("another store");
    assert_eq!(
        error,
        PathInfoJsonError::OtherStore {
            value: "/nix/store".to_owned()
        }
    );
}

#[test]
fn derivation_json_is_checked_as_a_whole() {
    let store_dir = StoreDir::default();
    let text = std::fs::read_to_string(data("drv-show/nix-2.34-v4.json")).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        json::parse(text.replacen(from, to, 1).as_bytes(), &store_dir).expect_err(to)
    };
    assert!(matches!(
        refused(
            "\"name\":\"strncpy\",\"outputs\"",
            "\"name\":\"x\",\"outputs\""
        ),
        DerivationJsonError::Name { .. }
    ));
    assert!(matches!(
        refused("\"version\":4}}", "\"version\":5}}"),
        DerivationJsonError::Version { version: 5 }
    ));
    assert!(matches!(
        refused("\"derivations\":{\"", "\"derivations\":{\"x"),
        DerivationJsonError::StorePath { .. }
    ));
    assert!(matches!(
        refused(
            "\"method\":\"flat\"",
            "\"method\":\"flat\",\"path\":\"00000000000000000000000000000000-a\""
        ),
        DerivationJsonError::Invalid {
            source: InvalidDerivation::FixedOutputPath { .. },
            ..
        }
    ));
    assert!(matches!(
        refused("\"env\":{", "\"env\":[{"),
        DerivationJsonError::Json(_)
    ));
    let DerivationJsonError::Json(error) = refused("\"args\":[", "\"args\":[],\"args\":[") else {
        panic!("a key that stands twice is malformed");
    };
    assert!(
        error.offset > 0 && error.message.contains("duplicate"),
        "{error}"
    );
    for end in (0..text.len())
        .filter(|end| text.is_char_boundary(*end))
        .step_by(7)
    {
        assert!(
            json::parse(&text.as_bytes()[..end], &store_dir).is_err(),
            "{end}"
        );
    }
}

#[test]
fn nesting_in_json_is_bounded() {
    let store_dir = StoreDir::default();
    let bombs = [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!(
            "{{\"version\":4,\"derivations\":{}",
            "{\"a\":".repeat(100_000)
        ),
    ];
    for bomb in bombs {
        assert!(json::parse(bomb.as_bytes(), &store_dir).is_err());
        assert!(parse_path_info(bomb.as_bytes(), &store_dir).is_err());
    }
    let text = std::fs::read_to_string(data("drv-show/nix-2.34-v4.json")).unwrap();
    let node = |depth| {
        let start = "{\"outputs\":[\"out\"],\"dynamicOutputs\":{\"out\":".repeat(depth);
        format!("{start}{{\"outputs\":[\"out\"]}}{}", "}}".repeat(depth))
    };
    let from = "{\"dynamicOutputs\":{},\"outputs\":[\"out\"]}";
    assert!(json::parse(text.replacen(from, &node(16), 1).as_bytes(), &store_dir).is_ok());
    let error = json::parse(text.replacen(from, &node(17), 1).as_bytes(), &store_dir);
    assert!(matches!(
        error,
        Err(DerivationJsonError::Invalid {
            source: InvalidDerivation::InputDepth,
            ..
        })
    ));
    // Structured attributes may nest as they like: they are not taken apart.
    let from = "\"structuredAttrs\":{";
    let attributes = format!(
        "{from}\"deep\":{}{},",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(json::parse(text.replacen(from, &attributes, 1).as_bytes(), &store_dir).is_ok());
}

#[test]
fn path_information_is_checked_as_a_whole() {
    let store_dir = StoreDir::default();
    let text = std::fs::read_to_string(data("path-info/v2-nix-2.34.json")).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        parse_path_info(text.replacen(from, to, 1).as_bytes(), &store_dir).expect_err(to)
    };
    let version = PathInfoJsonError::Version { version: 4 };
    assert_eq!(refused("\"version\":2}", "\"version\":4}"), version);
    assert!(matches!(
        refused("\"narHash\":\"sha256-", "\"narHash\":\"sha257-"),
        PathInfoJsonError::Hash { .. }
    ));
    assert!(matches!(
        refused("\"narSize\":", "\"narSize\":-"),
        PathInfoJsonError::Json(_)
    ));
    assert!(matches!(
        refused("\"method\":\"nar\"", "\"method\":\"rar\""),
        PathInfoJsonError::ContentAddress { .. }
    ));
    let missing = format!("[{{\"path\":\"{A}\"}}]");
    let error = parse_path_info(missing.as_bytes(), &store_dir).expect_err("no hash");
    assert!(matches!(
        error,
        PathInfoJsonError::Field {
            field: "narHash",
            ..
        }
    ));
    let twice = format!(
        "[{0},{0}]",
        format_args!("{{\"path\":\"{A}\",\"valid\":false}}")
    );
    let error = parse_path_info(twice.as_bytes(), &store_dir).expect_err("twice");
    assert!(matches!(error, PathInfoJsonError::Duplicate { .. }));
}

#[test]
fn absent_paths_are_not_errors() {
    let store_dir = StoreDir::default();
    for text in [
        format!("[{{\"path\":\"{A}\",\"valid\":false}}]"),
        format!("{{\"{A}\":null}}"),
        "{\"version\":3,\"storeDir\":\"/nix/store\",\"info\":\
          {\"00000000000000000000000000000000-a\":null}}"
            .to_owned(),
    ] {
        let infos = parse_path_info(text.as_bytes(), &store_dir).unwrap();
        assert_eq!(infos.into_values().collect::<Vec<_>>(), [None], "{text}");
    }
}

#[test]
fn version_3_has_signatures_as_objects() {
    let text = std::fs::read_to_string(data("path-info/v2-nix-2.34.json")).unwrap();
    let signature = "\"signatures\":[{\"keyName\":\"k-1\",\"sig\":\"AAAA\"}]";
    let v3 = text
        .replace("\"signatures\":[]", signature)
        .replace("\"version\":2", "\"version\":3");
    let infos = parse_path_info(v3.as_bytes(), &StoreDir::default()).unwrap();
    for entry in infos.into_values() {
        let signatures = entry.unwrap().info.signatures;
        assert_eq!(
            signatures.into_iter().next().unwrap().to_string(),
            "k-1:AAAA"
        );
    }
}

#[test]
fn narinfo_fields_are_checked() {
    let bytes = std::fs::read(data("narinfo/92zb0ry9hz5k0qniq9a6ldvh2yjwi2l6.narinfo")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        NarInfo::parse(text.replacen(from, to, 1).as_bytes(), &StoreDir::default()).expect_err(to)
    };
    assert!(matches!(
        refused("StorePath: ", "Path: "),
        NarInfoError::Missing { key: "StorePath" }
    ));
    assert!(matches!(
        refused("NarHash: ", "Hash: "),
        NarInfoError::Missing { key: "NarHash" }
    ));
    assert!(matches!(
        refused("NarSize: 1384", "NarSize: 0"),
        NarInfoError::Missing { .. }
    ));
    assert!(matches!(
        refused("NarSize: ", "NarSize: +"),
        NarInfoError::Value { .. }
    ));
    assert!(matches!(
        refused("NarSize: ", "NarSize: 9999999999999999999"),
        NarInfoError::Value { .. }
    ));
    assert!(matches!(
        refused("NarHash: sha256:", "NarHash: md5:"),
        NarInfoError::Hash { .. }
    ));
    assert!(matches!(
        refused("Compression: xz", "Compression: rar"),
        NarInfoError::Value { .. }
    ));
    assert!(matches!(
        refused("URL: ", "URL: \x1b"),
        NarInfoError::Value { .. }
    ));
    assert!(matches!(
        refused("CA: text:", "CA: txt:"),
        NarInfoError::ContentAddress { .. }
    ));
    assert!(matches!(
        refused("Sig: ", "Sig: :"),
        NarInfoError::Signature { .. }
    ));
    assert!(matches!(
        refused("Sig: ", "NarSize: 1\nSig: "),
        NarInfoError::Duplicate { .. }
    ));
    assert!(matches!(
        refused("References: ", "References: ../"),
        NarInfoError::StorePath { .. }
    ));
    assert!(matches!(
        refused("/nix/store/", "/gnu/store/"),
        NarInfoError::StorePath { .. }
    ));
    assert!(matches!(
        refused("URL: ", "URL"),
        NarInfoError::Line { offset: 67 }
    ));
    let cut = NarInfo::parse(text.trim_end().as_bytes(), &StoreDir::default());
    assert!(matches!(cut, Err(NarInfoError::Line { .. })));
    let latin1 = NarInfo::parse(b"StorePath: \xe9\n", &StoreDir::default());
    assert_eq!(latin1, Err(NarInfoError::NotUtf8 { offset: 11 }));
    let unknown = format!("Future: field\n{text}");
    assert!(NarInfo::parse(unknown.as_bytes(), &StoreDir::default()).is_ok());
}

#[test]
fn long_versions_are_compared_without_harm() {
    let digits = "9".repeat(1_000_000);
    let dots = ".".repeat(1_000_000);
    assert!(compare_versions(&digits, &digits).is_eq());
    // Not a C int, so a text; a text is less than a number.
    assert!(compare_versions(&digits, "1").is_lt());
    assert!(compare_versions(&dots, "").is_eq());
    assert!(compare_versions(&("0".repeat(1_000_000) + "1"), "1").is_eq());
}
