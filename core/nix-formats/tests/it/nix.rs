//! The order of versions and the cutting of names, against the real `nix-instantiate`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};
use snowguard_nix_formats::{DrvName, compare_versions, version_components};

use crate::data;

/// What Nix is asked. One run answers all of it.
#[derive(Serialize, Default)]
struct Questions {
    pairs: Vec<(String, String)>,
    versions: Vec<String>,
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Answers {
    compare: Vec<i8>,
    split: Vec<Vec<String>>,
    parse: Vec<ParsedName>,
}

#[derive(Deserialize)]
struct ParsedName {
    name: String,
    version: String,
}

const EXPRESSION: &str = "
  { file }:
  let
    questions = builtins.fromJSON (builtins.readFile file);
    compare = pair: builtins.compareVersions (builtins.elemAt pair 0) (builtins.elemAt pair 1);
  in {
    compare = map compare questions.pairs;
    split = map builtins.splitVersion questions.versions;
    parse = map builtins.parseDrvName questions.names;
  }
";

#[test]
fn nix_gives_the_same_answers() {
    let questions = questions();
    let Some(answers) = ask_nix(&questions) else {
        return;
    };
    let mut differences = Vec::new();
    assert_eq!(answers.compare.len(), questions.pairs.len());
    for ((left, right), expected) in questions.pairs.iter().zip(answers.compare) {
        let found = compare_versions(left, right) as i8;
        if found != expected {
            differences.push(format!(
                "compare {left:?} {right:?}: {found}, Nix {expected}"
            ));
        }
    }
    assert_eq!(answers.split.len(), questions.versions.len());
    for (version, expected) in questions.versions.iter().zip(answers.split) {
        if !version_components(version).eq(expected.iter().map(String::as_str)) {
            differences.push(format!("split {version:?}: Nix {expected:?}"));
        }
    }
    assert_eq!(answers.parse.len(), questions.names.len());
    for (full, expected) in questions.names.iter().zip(answers.parse) {
        let found = DrvName::parse(full);
        if (found.name(), found.version().unwrap_or_default())
            != (expected.name.as_str(), expected.version.as_str())
        {
            differences.push(format!("parse {full:?}: {found:?}"));
        }
    }
    println!(
        "compared {} pairs, {} splits and {} names with Nix",
        questions.pairs.len(),
        questions.versions.len(),
        questions.names.len()
    );
    assert!(
        differences.is_empty(),
        "{} differences, first: {:#?}",
        differences.len(),
        &differences[..differences.len().min(20)]
    );
}

/// Evaluates with nothing but a temporary folder; `None`, said aloud, without Nix.
fn ask_nix(questions: &Questions) -> Option<Answers> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("questions.json");
    std::fs::write(&file, serde_json::to_vec(questions).unwrap()).unwrap();
    let mut command = Command::new("nix-instantiate");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("NIX_STORE_DIR", folder.path().join("store"))
        .env("NIX_STATE_DIR", folder.path().join("state"))
        .env("NIX_LOG_DIR", folder.path().join("log"))
        .env("NIX_CONF_DIR", folder.path().join("conf"))
        .args([
            "--readonly-mode",
            "--eval",
            "--strict",
            "--json",
            "--expr",
            EXPRESSION,
        ])
        .arg("--argstr")
        .arg("file")
        .arg(&file);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("left out: the comparison with Nix, since nix-instantiate is not there");
            return None;
        }
        Err(error) => panic!("nix-instantiate does not start: {error}"),
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "nix-instantiate failed: {complaint}"
    );
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn lines(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(data("names").join(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn questions() -> Questions {
    let mut random = Random(20_261_122);
    let mut names: BTreeSet<String> = lines("names.txt").into_iter().collect();
    let mut versions: BTreeSet<String> = lines("versions.txt").into_iter().collect();
    let mut pairs = BTreeSet::new();
    for line in lines("upgrades.tsv") {
        let (old, new) = line.split_once('\t').unwrap();
        pairs.insert((old.to_owned(), new.to_owned()));
    }
    for package in shared_packages() {
        names.extend(package.name);
        versions.extend(package.version);
    }
    let real: Vec<String> = versions.iter().cloned().collect();
    // Neighbours in the alphabet share a beginning, so that the later components decide.
    pairs.extend(
        real.windows(2)
            .map(|pair| (pair[0].clone(), pair[1].clone())),
    );
    for _ in 0..10_000 {
        pairs.insert((random.pick(&real).clone(), random.pick(&real).clone()));
    }
    for _ in 0..20_000 {
        let left = random.version();
        let right = if random.below(2) == 0 {
            random.version()
        } else {
            random.variant(&left)
        };
        pairs.insert((left, right));
    }
    versions.extend((0..5_000).map(|_| random.version()));
    names.extend((0..10_000).map(|_| random.name()));
    Questions {
        pairs: pairs.into_iter().collect(),
        versions: versions.into_iter().collect(),
        names: names.into_iter().collect(),
    }
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
}

/// A sample of the packages of a whole Nixpkgs; none, said aloud, where the data is not there.
fn shared_packages() -> Vec<Package> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst");
    let Ok(file) = std::fs::File::open(&path) else {
        println!(
            "left out: names of a whole Nixpkgs, since {} is not there",
            path.display()
        );
        return Vec::new();
    };
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    BufReader::new(decoder)
        .lines()
        .step_by(5)
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

/// A fixed sequence of numbers (SplitMix64), so that each run asks the same questions.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn pieces(&mut self, from: &[&str], most: usize) -> String {
        (0..self.below(most + 1))
            .map(|_| *self.pick(from))
            .collect()
    }

    /// A version out of the pieces between which Nix tells differences.
    fn version(&mut self) -> String {
        const PIECES: [&str; 36] = [
            "0",
            "1",
            "2",
            "9",
            "10",
            "00",
            "01",
            "007",
            "2147483647",
            "2147483648",
            "4294967296",
            "99999999999999999999",
            "00000000000000000000000001",
            "pre",
            "pre",
            "prefix",
            "Pre",
            "rc",
            "a",
            "b",
            "z",
            "A",
            "beta",
            ".",
            ".",
            ".",
            ".",
            "-",
            "--",
            "+",
            "~",
            "_",
            " ",
            "é",
            "٣",
            "git",
        ];
        self.pieces(&PIECES, 7)
    }

    /// A version that differs from another in one place.
    fn variant(&mut self, version: &str) -> String {
        let boundaries: Vec<usize> = version
            .char_indices()
            .map(|(at, _)| at)
            .chain([version.len()])
            .collect();
        let at = *self.pick(&boundaries);
        format!(
            "{}{}{}",
            &version[..at],
            self.pieces(&["1", "pre", ".", "a", "0"], 1),
            &version[at..]
        )
    }

    fn name(&mut self) -> String {
        const PIECES: [&str; 22] = [
            "a",
            "lib",
            "Z",
            "-",
            "-",
            "-",
            "--",
            "1",
            "2.0",
            "_",
            "+",
            ".",
            "?",
            "=",
            "é",
            "ß",
            "-é",
            "-ا",
            "pre",
            "-unstable-2024-01-02",
            "\n",
            " ",
        ];
        self.pieces(&PIECES, 6)
    }
}
