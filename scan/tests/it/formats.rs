//! Documents of other tools' formats, checked by those formats' own validators.

use std::path::PathBuf;

use serde_json::Value;

use crate::stage::{Stage, digest, text};
use crate::validators::{is_openvex, is_spdx, keep_schemas};

fn document(stage: &Stage, format: &str) -> (PathBuf, Value) {
    let output = stage.run(&["--format", format, "list"]);
    let (out, err, _) = text(&output);
    let value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (stage.put(&format!("{format}.spdx.json"), &out), value)
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.put(
        "list",
        &format!(
            "{}-openssl-3.0.13\n{}-curl-8.4.0\n{}-openssl-3.0.13\n{}-gtk+3-3.24\n",
            digest('a'),
            digest('b'),
            digest('p'),
            digest('c')
        ),
    );
    stage
}

#[test]
fn official_validators_accept_what_is_written() {
    let stage = stage();
    let bill = |form: &str| {
        let (out, err, code) = text(&stage.run(&["--sbom", form, "list"]));
        assert_eq!(code, Some(0), "{err}");
        stage.put(&format!("bill-{form}.spdx.json"), &out)
    };
    let (openvex, spdx) = (document(&stage, "openvex").0, document(&stage, "spdx").0);
    let spdx_bill = bill("spdx");
    keep_schemas(&[
        ("cyclonedx", document(&stage, "cyclonedx").0),
        ("sarif", document(&stage, "sarif").0),
        ("cyclonedx", bill("cyclonedx")),
        ("openvex", openvex.clone()),
        ("spdx", spdx.clone()),
        ("spdx", spdx_bill.clone()),
    ]);
    is_openvex(&openvex);
    is_spdx(&spdx);
    is_spdx(&spdx_bill);
}

/// A statement of VEX holds for all builds with that purl.
#[test]
fn openvex_says_one_thing_of_a_product() {
    let stage = stage();
    let mends = |id: &str| {
        format!(
            r#"{{"type":"library","name":"openssl","version":"3.0.13","pedigree":{{"patches":[
                {{"type":"backport","resolves":[{{"type":"security","id":"{id}"}}]}}]}}}}"#
        )
    };
    let bom = |components: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{components}]}}"#
        )
    };
    let builds = [
        mends("CVE-2023-1"),
        mends("CVE-2023-2"),
        mends("CVE-2024-1001"),
    ];
    stage.put("list", &bom(&builds.join(",")));
    let (_, told) = document(&stage, "openvex");
    let said: Vec<&Value> = told["statements"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 1, "{told}");
    assert_eq!(said[0]["status"], "affected");
}

#[test]
fn cyclonedx_tells_components_patches_and_findings() {
    let (_, document) = document(&stage(), "cyclonedx");
    let components = document["components"].as_array().unwrap();
    // OpenSSL stands twice: built with the patch, and not known to be.
    assert_eq!(components.len(), 4);
    let patched = components
        .iter()
        .find(|component| component["pedigree"].is_object())
        .unwrap();
    assert_eq!(
        patched["pedigree"]["patches"][0]["resolves"][0]["id"],
        "CVE-2024-1001"
    );
    assert!(
        components
            .iter()
            .any(|component| component["purl"] == "pkg:nix/gtk%2B3@3.24")
    );
    let found = &document["vulnerabilities"][0];
    assert_eq!(found["id"], "CVE-2024-1001");
    let affected = found["affects"][0]["ref"].as_str().unwrap();
    assert_ne!(patched["bom-ref"].as_str(), Some(affected));
}

#[test]
fn sarif_results_point_at_their_rules() {
    let stage = stage();
    let (_, document) = document(&stage, "sarif");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (2, 2));
    for result in results {
        let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[number]["id"], result["ruleId"]);
    }
    assert_eq!(rules[0]["properties"]["security-severity"], "9.8");
}

#[test]
fn csv_and_markdown_keep_text_inert() {
    let stage = stage();
    let (csv, _, _) = text(&stage.run(&["--format", "csv", "list"]));
    assert!(
        csv.starts_with("\"advisory\",\"package\",\"version\""),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let (markdown, _, _) = text(&stage.run(&["--format", "markdown", "list"]));
    assert!(markdown.contains("&lt;script&gt;"), "{markdown}");
    assert!(!markdown.contains("<script>"), "{markdown}");
}
