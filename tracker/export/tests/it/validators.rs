//! Documents held to the official schemas and to other programs, with ordinary and with hostile issues.
//!
//! Python brings `jsonschema` (with OSV's and CSAF's own schemas, see `tests/schemas/README.md`),
//! `cyclonedx-python-lib` with CycloneDX's schemas, `vexipy` for OpenVEX, `feedparser` and `lxml` for Atom.
//! Node brings `csaf-validator-lib`, which has CSAF's schema and its mandatory tests (section 6.1). All are
//! installed once into the target folder; without a network the tests say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use snowguard_tracker_export::csaf::{self, Distribution, OpenPgpKey};
use snowguard_tracker_export::osv::{self, Names};
use snowguard_tracker_export::{Document, Issue, atom, cyclonedx, openvex};

use crate::hostile::corpus;
use crate::sample::{at, bare, full, provider, withdrawn};

const PACKAGES: [&str; 5] = [
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "feedparser==6.0.14",
    "jsonschema[format]==4.26.0",
    "lxml==6.1.3",
    "vexipy==0.3.0",
];
const CSAF_VALIDATOR: &str = "@secvisogram/csaf-validator-lib@2.0.10";

const OSV: &str = r"
import json, sys, jsonschema
schema, names, *files = sys.argv[1:]
schema = json.load(open(schema))
if names == 'nixpkgs':
    # What an application to OSV would add, and nothing else.
    for place, key in (('ecosystemWithSuffix', '|GIT)'), ('prefix', '|V8)')):
        old = schema['$defs'][place]['pattern']
        new = old.replace(key, {'|GIT)': '|Nixpkgs|GIT)', '|V8)': '|NIXPKGS|V8)'}[key])
        assert new != old
        schema['$defs'][place]['pattern'] = new
validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
for file in files:
    for error in validator.iter_errors(json.load(open(file))):
        sys.exit(f'{file}: {error.json_path}: {error.message[:500]}')
";

const PROVIDER: &str = r"
import json, sys, jsonschema
from referencing import Registry, Resource
schema, whole, *files = sys.argv[1:]
resources = [Resource.from_contents(json.load(open(file))) for file in (schema, whole)]
registry = Registry().with_resources((resource.id(), resource) for resource in resources)
checker = jsonschema.FormatChecker()
validator = jsonschema.Draft202012Validator(resources[0].contents, registry=registry, format_checker=checker)
for file in files:
    for error in validator.iter_errors(json.load(open(file))):
        sys.exit(f'{file}: {error.json_path}: {error.message[:500]}')
";

const CYCLONEDX: &str = r"
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
validator = JsonStrictValidator(SchemaVersion.V1_6)
for file in sys.argv[1:]:
    text = open(file).read()
    if error := validator.validate_str(text):
        sys.exit(f'{file}: {error}'[:2000])
    document = json.loads(text)
    known = [component['bom-ref'] for component in document['components']]
    assert len(known) == len(set(known)), f'{file}: references are not unique'
    for vulnerability in document['vulnerabilities']:
        for affected in vulnerability.get('affects', []):
            assert affected['ref'] in known, f'{file}: {affected} is unknown'
";

const OPENVEX: &str = r"
import json, sys
from vexipy import Document
for file in sys.argv[1:]:
    try:
        document = Document.from_json(open(file).read())
    except Exception as error:
        sys.exit(f'{file}: {error}'[:2000])
    assert len(document.statements) == len(json.load(open(file))['statements']) > 0
";

const ATOM: &str = r"
import sys, feedparser
from lxml import etree
schema, *files = sys.argv[1:]
schema = etree.RelaxNG(etree.parse(schema))
for file in files:
    tree = etree.parse(file)
    if not schema.validate(tree):
        sys.exit(f'{file}: {schema.error_log.last_error}')
    feed = feedparser.parse(file)
    if feed.bozo:
        sys.exit(f'{file}: {feed.bozo_exception}')
    ids = [entry.id for entry in feed.entries]
    assert len(ids) == len(set(ids)) == len(tree.getroot().findall('{*}entry')), file
";

const CSAF: &str = r"
import fs from 'node:fs'
import validate from '@secvisogram/csaf-validator-lib/validate.js'
import * as tests from '@secvisogram/csaf-validator-lib/basic.js'
let failed = false
for (const file of process.argv.slice(2)) {
  const document = JSON.parse(fs.readFileSync(file, 'utf8'))
  const result = await validate(Object.values(tests), document)
  for (const test of result.tests.filter((test) => !test.isValid)) {
    console.error(file, test.name, JSON.stringify(test.errors.slice(0, 3)).slice(0, 1500))
    failed = true
  }
}
process.exit(failed ? 1 : 0)
";

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A folder that is filled once.
fn once(name: &str, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = folder.join("installed");
    if !done.exists() {
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        fill(&folder)?;
        fs::write(done, "").map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

/// Python with the validators, or why there is none.
fn python() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let folder = once("export-validators-python-1", |folder| {
            run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            run(Command::new(folder.join("bin/python3"))
                .args(["-m", "pip", "install", "--quiet"])
                .arg("--disable-pip-version-check")
                .args(PACKAGES))
        })?;
        Ok(folder.join("bin/python3"))
    });
    found.clone()
}

/// A folder where Node finds the CSAF validator, or why there is none.
fn csaf_validator() -> Result<PathBuf, String> {
    once("export-validators-node-1", |folder| {
        fs::write(folder.join("package.json"), "{\"private\":true}\n")
            .and_then(|()| fs::write(folder.join("validate.mjs"), CSAF))
            .map_err(|error| error.to_string())?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .args(["--ignore-scripts", CSAF_VALIDATOR])
            .current_dir(folder))
    })
}

fn schema(name: &str) -> String {
    format!("{}/tests/schemas/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn issues() -> Vec<Issue> {
    let mut issues = vec![full(), withdrawn(), bare(3)];
    issues.extend(corpus(40));
    issues
}

/// Documents as files, each with a name of its own.
struct Laid {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Laid {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            files: Vec::new(),
        }
    }

    fn put(&mut self, document: &Document) {
        let name = document.path.replace('/', "-");
        let path = self.folder.path().join(name);
        assert!(!path.exists(), "{} comes twice", path.display());
        fs::write(&path, &document.bytes).unwrap();
        self.files.push(path);
    }

    fn whole(&mut self, name: &str, bytes: Vec<u8>) {
        self.put(&Document {
            path: name.to_owned(),
            media_type: "",
            bytes,
        });
    }

    /// The script accepts all of them, and nothing that is not of their kind.
    fn held_to(&self, what: &str, script: &str, arguments: &[&str]) {
        let python = match python() {
            Ok(python) => python,
            Err(reason) => return println!("left out: {what} is not validated: {reason}"),
        };
        let command = |files: &[PathBuf]| {
            let mut command = Command::new(&python);
            command.args(["-c", script]).args(arguments).args(files);
            command
        };
        run(&mut command(&self.files)).unwrap_or_else(|error| panic!("{what}: {error}"));
        let wrong = self.folder.path().join("wrong");
        fs::write(&wrong, "{\"id\":\"x\",\"statements\":[],\"role\":1}").unwrap();
        assert!(run(&mut command(&[wrong])).is_err(), "{what}");
    }
}

#[test]
fn osv_records_keep_the_official_schema() {
    for (names, called) in [(Names::Nixpkgs, "nixpkgs"), (Names::Local, "official")] {
        let mut laid = Laid::new();
        for issue in issues() {
            laid.put(&osv::document(&issue, &provider(), names));
        }
        let schema = schema("osv-schema-1.7.5.json");
        laid.held_to(&format!("OSV ({called})"), OSV, &[&schema, called]);
    }
}

#[test]
fn openvex_documents_are_read() {
    let mut laid = Laid::new();
    for issue in issues() {
        if let Some(document) = openvex::document(&issue, &provider()) {
            laid.put(&document);
        }
    }
    assert!(laid.files.len() > 20, "most issues state something");
    let mut whole = Vec::new();
    let now = at("2026-06-01T00:00:00Z");
    openvex::write_all(issues(), &provider(), now, 7, &mut whole).unwrap();
    laid.whole("all.json", whole);
    laid.held_to("OpenVEX", OPENVEX, &[]);
}

#[test]
fn cyclonedx_documents_keep_the_official_schema() {
    let mut laid = Laid::new();
    for issue in issues() {
        laid.put(&cyclonedx::document(&issue, &provider()));
    }
    let mut whole = Vec::new();
    let now = at("2026-06-01T00:00:00Z");
    cyclonedx::write_all(issues(), &provider(), now, 7, &mut whole).unwrap();
    laid.whole("all.cdx.json", whole);
    laid.held_to("CycloneDX", CYCLONEDX, &[]);
}

#[test]
fn feeds_are_atom() {
    let mut laid = Laid::new();
    let nasty = corpus(1).remove(0).notes;
    let feeds = [("issues", issues()), (nasty.as_str(), Vec::new())];
    for (number, (name, issues)) in feeds.into_iter().enumerate() {
        let feed = atom::Feed {
            name: name.to_owned(),
            title: name.to_owned(),
            subtitle: Some(nasty.clone()),
            updated: at("2026-06-01T00:00:00Z"),
            own: provider().export("issues.atom"),
            page: Some(provider().pages),
        };
        let mut entries: Vec<atom::Entry> = issues
            .iter()
            .map(|issue| atom::Entry::of(issue, &provider()))
            .collect();
        for entry in entries.iter_mut().skip(20) {
            entry.content = Some(atom::Content::Html(format!("<p>{nasty}</p>")));
        }
        let mut bytes = Vec::new();
        atom::write(&feed, &provider(), entries, &mut bytes).unwrap();
        laid.whole(&format!("{number}.atom"), bytes);
    }
    laid.held_to("Atom", ATOM, &[&schema("atom.rng")]);
}

#[test]
fn csaf_documents_pass_the_mandatory_tests() {
    let validator = match csaf_validator() {
        Ok(validator) => validator,
        Err(reason) => return println!("left out: CSAF is not validated: {reason}"),
    };
    let mut laid = Laid::new();
    for issue in issues() {
        for document in csaf::documents(&issue, &provider()) {
            if document.media_type == "application/json" {
                laid.put(&document);
            }
        }
    }
    let command = |files: &[PathBuf]| {
        let mut command = Command::new("node");
        command.arg(validator.join("validate.mjs")).args(files);
        command
    };
    run(&mut command(&laid.files)).unwrap_or_else(|error| panic!("{error}"));
    // What breaks one of the mandatory tests is refused: the check can fail.
    let mut broken = csaf::value(&full(), &provider());
    broken["vulnerabilities"][0]["product_status"]["fixed"][0] = "nothing".into();
    laid.files.clear();
    laid.whole("broken.json", broken.to_string().into_bytes());
    let refused = run(&mut command(&laid.files)).unwrap_err();
    assert!(refused.contains("6_1_1"), "{refused}");
}

#[test]
fn the_metadata_of_a_provider_keep_the_official_schema() {
    let mut laid = Laid::new();
    let key = OpenPgpKey {
        fingerprint: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        url: provider().export("openpgp/key.asc"),
    };
    for (name, mut distribution) in [
        ("plain", Distribution::new()),
        ("signed", Distribution::signed(vec![key])),
    ] {
        for issue in issues() {
            distribution.add(&issue);
        }
        let documents = distribution.documents(&provider(), at("2026-06-01T00:00:00Z"));
        let metadata = documents.last().unwrap();
        assert_eq!(metadata.path, "csaf/provider-metadata.json");
        laid.whole(name, metadata.bytes.clone());
    }
    let schemas = [schema("csaf-2.0-provider.json"), schema("csaf-2.0.json")];
    laid.held_to("CSAF's metadata", PROVIDER, &[&schemas[0], &schemas[1]]);
}
