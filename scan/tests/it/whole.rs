//! Documents of a closure as large as a system's: thousands of real packages in one.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_advisory_file::{Contents, Writer};
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;

use crate::stage::{Stage, digest, text};
use crate::validators::{is_openvex, keep_schemas};

/// Store paths of the closure.
const PATHS: usize = 2_500;
/// Advisories in the file: those of the sample that speak of most packages come first.
const ADVISORIES: usize = 900;

fn fixture(name: &str) -> impl Iterator<Item = Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name);
    let decoder = zstd::Decoder::new(fs::File::open(path).unwrap()).unwrap();
    BufReader::new(decoder).split(b'\n').map(Result::unwrap)
}

fn strings(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn package(row: &Value) -> Package {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let meta = &row["meta"];
    let outputs = row["outputs"].as_object().into_iter().flatten();
    Package {
        attr: text("attr").unwrap(),
        name: text("name").unwrap(),
        pname: text("pname").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        drv_path: text("drvPath"),
        outputs: outputs
            .map(|(name, path)| (name.clone(), path.as_str().unwrap().to_owned()))
            .collect(),
        sources: text("src").into_iter().collect(),
        patches: strings(&row["patches"]),
        homepages: strings(&meta["homepage"]),
        description: meta["description"].as_str().map(str::to_owned),
        licenses: strings(&meta["license"]),
        known_vulnerabilities: strings(&meta["knownVulnerabilities"]),
        cpe: meta["cpe"].as_str().map(str::to_owned),
        purls: strings(&meta["purls"]),
        ..Package::default()
    }
}

/// A file of real packages and advisories, and path information of a closure of these packages: each path
/// refers to some others and to a file of configuration.
fn lay(stage: &Stage) -> (usize, usize) {
    let packages: Vec<Package> = fixture("nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst")
        .map(|line| package(&serde_json::from_slice(&line).unwrap()))
        .collect();
    let (knowledge, mut writer) = (Knowledge::default(), Writer::default());
    for line in fixture("cve5-records.jsonl.zst").take(ADVISORIES) {
        let record = cve5::read(&line, &Limits::default()).unwrap().record;
        let advisory = Advisory {
            id: record.id.clone(),
            records: vec![record],
            kev: None,
            epss: None,
        };
        writer.advisory(&advisory, &knowledge).unwrap();
    }
    let mut paths: Vec<String> = packages
        .iter()
        .flat_map(|package| package.outputs.iter().map(|(_, path)| path.clone()))
        .collect::<BTreeSet<String>>()
        .into_iter()
        .take(PATHS - 1)
        .collect();
    paths.push(format!("{}-etc+x?=.conf", digest('z')));
    writer.channel("unstable", None, packages).unwrap();
    writer.names(&knowledge);
    let contents = Contents {
        serial: 1,
        created: jiff::Timestamp::now().as_millisecond(),
        ..Contents::default()
    };
    let file = writer.finish(contents, &stage.key).unwrap();
    fs::write(stage.path("advisories"), file).unwrap();
    let at = |number: usize| format!("/nix/store/{}", paths[number]);
    let mut edges = 0;
    let info: Map<String, Value> = (0..paths.len())
        .map(|number| {
            let needed: BTreeSet<usize> = (1..8)
                .map(|step| number + step * step)
                .chain([paths.len() - 1])
                .filter(|needed| *needed < paths.len() && *needed != number)
                .collect();
            edges += needed.len();
            let needed: Vec<String> = needed.into_iter().map(at).collect();
            let value = json!({
                "narHash": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "narSize": 1,
                "references": needed,
            });
            (at(number), value)
        })
        .collect();
    stage.put("info.json", &Value::Object(info).to_string());
    (paths.len(), edges)
}

fn written(stage: &Stage, name: &str, arguments: &[&str]) -> (PathBuf, Value) {
    let all = [arguments, &["--fail-on", "never", "info.json"]].concat();
    let (out, err, code) = text(&stage.run(&all));
    assert_eq!(code, Some(0), "{err}");
    let value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (stage.put(name, &out), value)
}

fn all<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

fn names<'a>(values: &'a [Value], name: &str) -> BTreeSet<&'a str> {
    let names: BTreeSet<&str> = values
        .iter()
        .map(|one| one[name].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), values.len(), "each {name} stands once");
    names
}

#[test]
fn documents_of_a_whole_closure_keep_the_official_schemas() {
    let stage = Stage::new();
    let (paths, edges) = lay(&stage);
    assert_eq!(paths, PATHS);
    let bills = [
        written(&stage, "bill.cdx.json", &["--sbom", "cyclonedx"]),
        written(&stage, "bill.spdx.json", &["--sbom", "spdx"]),
    ];
    let reports = ["cyclonedx", "spdx", "sarif", "openvex"]
        .map(|format| written(&stage, &format!("report.{format}"), &["--format", format]));
    let [cyclonedx, spdx] = bills.each_ref().map(|(_, value)| value);

    let components = all(cyclonedx, "components");
    let known = names(components, "bom-ref");
    assert_eq!(components.len(), paths);
    let dependencies = all(cyclonedx, "dependencies");
    let of_paths = dependencies
        .iter()
        .filter(|one| known.contains(one["ref"].as_str().unwrap()));
    let depends: usize = of_paths.map(|one| all(one, "dependsOn").len()).sum();
    assert_eq!(depends, edges);
    for to in dependencies.iter().flat_map(|one| all(one, "dependsOn")) {
        assert!(known.contains(to.as_str().unwrap()), "{to}");
    }
    let having = |name: &str| components.iter().filter(|one| !one[name].is_null()).count();
    for (name, least) in [
        ("purl", 2_000),
        ("licenses", 1_500),
        ("cpe", 150),
        ("pedigree", 200),
    ] {
        assert!(having(name) >= least, "{name}: {}", having(name));
    }

    let packages = all(spdx, "packages");
    let known = names(packages, "SPDXID");
    assert_eq!(packages.len(), paths);
    let relations = all(spdx, "relationships").iter();
    let relations = relations.filter(|one| one["relationshipType"] == "DEPENDS_ON");
    let mut depends = 0;
    for one in relations {
        depends += 1;
        assert!(
            known.contains(one["relatedSpdxElement"].as_str().unwrap()),
            "{one}"
        );
    }
    assert_eq!(depends, edges);

    let [told, ..] = reports.each_ref().map(|(_, value)| value);
    let known = names(all(told, "components"), "bom-ref");
    let findings = all(told, "vulnerabilities");
    assert!(findings.len() > 10, "{}", findings.len());
    for one in findings.iter().flat_map(|one| all(one, "affects")) {
        assert!(known.contains(one["ref"].as_str().unwrap()), "{one}");
    }

    let path = |place: &(PathBuf, Value)| place.0.clone();
    keep_schemas(&[
        ("cyclonedx", path(&bills[0])),
        ("spdx", path(&bills[1])),
        ("cyclonedx", path(&reports[0])),
        ("spdx", path(&reports[1])),
        ("sarif", path(&reports[2])),
        ("openvex", path(&reports[3])),
    ]);
    is_openvex(&path(&reports[3]));
}
