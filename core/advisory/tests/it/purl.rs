//! The test suite of the purl specification, tests/data/purl-spec.json.

use serde::Deserialize;
use serde_json::Value;
use snowguard_advisory::purl::Purl;

#[derive(Deserialize)]
struct Case {
    description: String,
    test_group: String,
    test_type: String,
    input: Value,
    #[serde(default)]
    expected_output: Value,
    expected_failure: bool,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Parts {
    #[serde(rename = "type")]
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    version: Option<String>,
    qualifiers: Option<std::collections::BTreeMap<String, String>>,
    subpath: Option<String>,
}

impl Parts {
    fn of(purl: Purl) -> Self {
        let qualifiers =
            (!purl.qualifiers.is_empty()).then(|| purl.qualifiers.into_iter().collect());
        Self {
            kind: Some(purl.kind),
            namespace: purl.namespace,
            name: Some(purl.name),
            version: purl.version,
            qualifiers,
            subpath: purl.subpath,
        }
    }
}

fn check(case: &Case) -> Result<(), String> {
    // `parse` and `validate` begin with a text, `build` with parts.
    let Value::String(input) = &case.input else {
        return Ok(());
    };
    let parsed = Purl::parse(input);
    if case.expected_failure {
        return match parsed {
            Ok(purl) => Err(format!("{input}: should fail, gives {purl}")),
            Err(_) => Ok(()),
        };
    }
    let purl = parsed.map_err(|error| error.to_string())?;
    match &case.expected_output {
        Value::String(expected) if purl.to_string() != *expected => {
            Err(format!("{input}: gives {purl}, expected {expected}"))
        }
        Value::Object(_) => {
            let expected: Parts = serde_json::from_value(case.expected_output.clone()).unwrap();
            let given = Parts::of(purl);
            if given == expected {
                return Ok(());
            }
            Err(format!("{input}: gives {given:?}, expected {expected:?}"))
        }
        _ => Ok(()),
    }
}

/// Cases that other cases of the suite contradict: it wants capitals in a qualifier's key lowered
/// (`repositorY_url`) and refused (these).
const CONTRADICTED: [&str; 2] = ["?Platform=java", "?Arch=i386&Distro=fedora-25"];

#[test]
fn official_suite() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/purl-spec.json")).unwrap();
    assert!(cases.len() > 400, "{}", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .filter(|case| case.test_group == "required")
        .filter(|case| {
            let input = case.input.as_str().unwrap_or_default();
            !CONTRADICTED.iter().any(|end| input.ends_with(end))
        })
        .filter_map(|case| {
            let told = |reason| format!("{} ({}): {reason}", case.description, case.test_type);
            check(case).err().map(told)
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{}\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn normalisation_by_type() {
    for (given, canonical) in [
        ("pkg:pypi/Django_Rest@1.0", "pkg:pypi/django-rest@1.0"),
        (
            "pkg:github/Package-URL/Purl-Spec",
            "pkg:github/package-url/purl-spec",
        ),
        (
            "pkg:NPM/%40angular/animation@12.3.1",
            "pkg:npm/%40angular/animation@12.3.1",
        ),
        ("pkg:cargo/serde", "pkg:cargo/serde"),
    ] {
        assert_eq!(Purl::parse(given).unwrap().to_string(), canonical);
    }
    assert!(Purl::parse(&format!("pkg:generic/{}", "x".repeat(5000))).is_err());
}
