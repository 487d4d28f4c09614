//! CPE names: examples of NISTIR 7695 and 7696, and names of real records.

use snowguard_advisory::cpe::{Cpe, Relation, Value};

fn cpe(name: &str) -> Cpe {
    Cpe::parse(name).unwrap()
}

/// NISTIR 7695, sections 6.2.2.3 and 6.1.2.3: the same name in its three forms.
#[test]
fn examples_of_the_standard() {
    for (formatted, uri, wfn) in [
        (
            "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
            "cpe:/a:microsoft:internet_explorer:8.0.6001:beta",
            r#"wfn:[part="a",vendor="microsoft",product="internet_explorer",version="8\.0\.6001",update="beta"]"#,
        ),
        (
            "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
            "cpe:/a:microsoft:internet_explorer:8.%02:sp%01",
            r#"wfn:[part="a",vendor="microsoft",product="internet_explorer",version="8\.*",update="sp?"]"#,
        ),
        (
            "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
            "cpe:/a:hp:insight_diagnostics:7.4.0.1570:-:~~online~win2003~x64~",
            r#"wfn:[part="a",vendor="hp",product="insight_diagnostics",version="7\.4\.0\.1570",update=NA,sw_edition="online",target_sw="win2003",target_hw="x64"]"#,
        ),
        (
            r"cpe:2.3:a:foo\\bar:big\$money:2010:*:*:*:special:ipod_touch:80gb:*",
            "cpe:/a:foo%5cbar:big%24money:2010::~~special~ipod_touch~80gb~",
            r#"wfn:[part="a",vendor="foo\\bar",product="big\$money",version="2010",sw_edition="special",target_sw="ipod_touch",target_hw="80gb"]"#,
        ),
    ] {
        let name = cpe(formatted);
        assert_eq!(name.to_string(), formatted);
        assert_eq!(cpe(wfn), name, "{wfn}");
        assert_eq!(name.to_wfn(), wfn);
        assert_eq!(cpe(&name.to_uri()), name, "{}", name.to_uri());
        assert_eq!(cpe(uri), name, "{uri}");
    }
}

#[test]
fn escapes_of_real_names() {
    let name = cpe(r"cpe:2.3:a:joomla:joomla\!:*:*:*:*:*:*:*:*");
    assert_eq!(name.product, Value::Text("joomla!".into()));
    let name = cpe(r"cpe:2.3:a:c\+\+:node\:js:1.0\(1\)s:*:*:*:*:Node.JS:*:*");
    assert_eq!(name.vendor, Value::Text("c++".into()));
    assert_eq!(name.product, Value::Text("node:js".into()));
    assert_eq!(name.version, Value::Text("1.0(1)s".into()));
    assert_eq!(name.target_sw, Value::Text("node.js".into()));
    assert_eq!(
        name.to_string(),
        r"cpe:2.3:a:c\+\+:node\:js:1.0\(1\)s:*:*:*:*:node.js:*:*"
    );
    // A literal asterisk, question mark, backslash and lone hyphen are no wildcards and no NA.
    let literal = r"cpe:2.3:a:\*\?\\:\-:*:*:*:*:*:*:*:*";
    assert_eq!(cpe(literal).to_string(), literal);
    assert_eq!(cpe(literal).product, Value::Text("-".into()));
    assert_eq!(cpe(&cpe(literal).to_uri()), cpe(literal));
}

#[test]
fn shortened_names_and_bad_ones() {
    assert_eq!(
        cpe("cpe:2.3:a:vendor:product"),
        cpe("cpe:2.3:a:vendor:product:*:*:*:*:*:*:*:*")
    );
    assert_eq!(
        cpe("CPE:/A:Vendor:Product"),
        cpe("cpe:2.3:a:vendor:product")
    );
    for bad in [
        "",
        "cpe",
        "cpe:2.3",
        "cpe:2.3:x:a:b",
        "cpe:2.3:a:a:b:*:*:*:*:*:*:*:*:*",
        "cpe:2.3:a:ibm:cpe:2.3:a:ibm:security_qradar_edr:3.12:*:*:*:*:*:*:*",
        r"cpe:2.3:a:b\",
        "cpe:/a:b%",
        "cpe:/a:b%zz",
        "cpe:/a:%ff",
        "cpe:/a:1:2:3:4:5:6:7",
        "cpe:/a:1:2:3:4:~1~2~3~4~5~6",
        "wfn:[",
        "wfn:[part]",
        "wfn:[part=\"a\" vendor=\"b\"]",
        "wfn:[vendor=\"b]",
        "wfn:[colour=\"b\"]",
        "é:2.3:a",
    ] {
        assert!(Cpe::parse(bad).is_err(), "{bad}");
    }
    assert!(Cpe::parse(&format!("cpe:2.3:a:{}", "x".repeat(5000))).is_err());
}

/// NISTIR 7696, table 6-2.
#[test]
fn attribute_relations() {
    let text = |text: &str| Value::Text(text.to_owned());
    let any = || Value::Any;
    let na = || Value::Na;
    for (source, target, expected) in [
        (any(), any(), Relation::Equal),
        (any(), na(), Relation::Superset),
        (any(), text("i"), Relation::Superset),
        (any(), text("m*"), Relation::Undefined),
        (na(), any(), Relation::Subset),
        (na(), na(), Relation::Equal),
        (na(), text("i"), Relation::Disjoint),
        (na(), text("m*"), Relation::Undefined),
        (text("i"), any(), Relation::Subset),
        (text("i"), na(), Relation::Disjoint),
        (text("i"), text("i"), Relation::Equal),
        (text("i"), text("I"), Relation::Equal),
        (text("i"), text("k"), Relation::Disjoint),
        (text("i"), text("m*"), Relation::Undefined),
        (text("m*"), any(), Relation::Subset),
        (text("m*"), na(), Relation::Disjoint),
        (text("m*"), text("main"), Relation::Superset),
        (text("m*"), text("am"), Relation::Disjoint),
        (text("m?"), text("ma"), Relation::Superset),
        (text("m?"), text("maa"), Relation::Disjoint),
        (text("*8*"), text("x86"), Relation::Superset),
        (text("??8"), text("x8"), Relation::Superset),
        (text("??8"), text("xyz8"), Relation::Disjoint),
        (text(r"m\*"), text("main"), Relation::Disjoint),
        (text(r"m\*"), text(r"m\*"), Relation::Equal),
        (text("m*"), text("m?"), Relation::Undefined),
    ] {
        assert_eq!(source.relation(&target), expected, "{source:?} {target:?}");
    }
}

#[test]
fn name_relations() {
    let all = cpe("cpe:2.3:a:gnu:glibc:*:*:*:*:*:*:*:*");
    let one = cpe("cpe:2.3:a:gnu:glibc:2.39:*:*:*:*:*:*:*");
    let other = cpe("cpe:2.3:a:gnu:gcc:2.39:*:*:*:*:*:*:*");
    assert_eq!(all.relation(&one), Relation::Superset);
    assert_eq!(one.relation(&all), Relation::Subset);
    assert_eq!(one.relation(&one), Relation::Equal);
    assert_eq!(one.relation(&other), Relation::Disjoint);
    assert!(all.covers(&one) && !one.covers(&all));
    // Wider in one attribute and narrower in another.
    let mixed = cpe("cpe:2.3:a:gnu:glibc:*:*:*:*:*:linux:*:*");
    assert_eq!(mixed.relation(&one), Relation::Undefined);
    let system = cpe("cpe:2.3:o:gnu:glibc:2.39:*:*:*:*:*:*:*");
    assert_eq!(system.relation(&one), Relation::Disjoint);
}

proptest::proptest! {
    /// Whatever parses is written so that it parses to the same.
    #[test]
    fn round_trips(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "a", ":", "*", "?", "-", "\\", "\\:", "\\*", ".", "+", "é", "1.2", "%", "~", "\"", ",", "=",
    ]), 0..30)) {
        let name = format!("cpe:2.3:a:{}", pieces.concat());
        if let Ok(parsed) = Cpe::parse(&name) {
            proptest::prop_assert_eq!(&Cpe::parse(&parsed.to_string()).unwrap(), &parsed);
            proptest::prop_assert_eq!(&Cpe::parse(&parsed.to_wfn()).unwrap(), &parsed);
            proptest::prop_assert_eq!(&Cpe::parse(&parsed.to_uri()).unwrap(), &parsed);
        }
        let _ = Cpe::parse(&format!("cpe:/{}", pieces.concat()));
        let _ = Cpe::parse(&format!("wfn:[{}]", pieces.concat()));
    }
}
