//! Validators of others, from PyPI, installed once into the target folder; without a network the tests say so.

#![allow(clippy::print_stdout, reason = "a test says what it leaves out")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const PACKAGES: [&str; 2] = [
    "jsonschema[format]==4.26.0",
    "openapi-spec-validator==0.9.0",
];

const OSV: &str = r"
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
# What an application to OSV would add, and nothing else.
for place, key, new in (('ecosystemWithSuffix', '|GIT)', '|Nixpkgs|GIT)'), ('prefix', '|V8)', '|NIXPKGS|V8)')):
    old = schema['$defs'][place]['pattern']
    assert key in old
    schema['$defs'][place]['pattern'] = old.replace(key, new)
checker = jsonschema.FormatChecker()
jsonschema.Draft202012Validator(schema, format_checker=checker).validate(json.load(sys.stdin))
";

const OPENAPI: &str = r"
import json, sys
from openapi_spec_validator import OpenAPIV31SpecValidator
OpenAPIV31SpecValidator(json.load(sys.stdin)).validate()
";

/// An OSV record keeps the official schema.
pub fn held_to_osv(record: &[u8]) {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../export/tests/schemas/");
    held_to(
        "OSV",
        OSV,
        &[&format!("{schemas}osv-schema-1.7.5.json")],
        record,
    );
}

/// A document is OpenAPI 3.1.
pub fn held_to_openapi(document: &[u8]) {
    held_to("OpenAPI", OPENAPI, &[], document);
}

/// A script accepts the document, and refuses one that is none.
fn held_to(what: &str, script: &str, arguments: &[&str], document: &[u8]) {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return println!("left out: {what} is not validated: {reason}"),
    };
    let run = |input: &[u8]| {
        let mut child = Command::new(&python)
            .args(["-c", script])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = run(document);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    assert!(
        !run(b"{\"id\":\"x\",\"openapi\":\"3.1.0\"}")
            .status
            .success(),
        "{what}"
    );
}

/// Python with the validators, or why there is none.
fn python() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let install = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web-validators-python-2");
        let (python, done) = (folder.join("bin/python3"), folder.join("installed"));
        if !done.exists() {
            // Tests are processes of their own: the folder takes its place when it is whole.
            let making = folder.with_extension(std::process::id().to_string());
            run(Command::new("python3").args(["-m", "venv"]).arg(&making))?;
            run(Command::new(making.join("bin/python3"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(PACKAGES))?;
            fs::write(making.join("installed"), "").map_err(|error| error.to_string())?;
            if fs::rename(&making, &folder).is_err() {
                // Another test was faster.
                fs::remove_dir_all(&making).map_err(|error| error.to_string())?;
            }
        }
        Ok(python)
    };
    FOUND.get_or_init(install).clone()
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}
