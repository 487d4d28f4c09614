//! The real program, started as a user would, in a scrubbed environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use snowguard_tracker_db::{Db, Location};
use tempfile::TempDir;

/// A home folder, inputs, and the program.
pub struct Program {
    pub home: TempDir,
    pub database: String,
}

impl Program {
    /// With an SQLite file in the home folder.
    pub fn sqlite() -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = home
            .path()
            .join("tracker.sqlite")
            .to_str()
            .unwrap()
            .to_owned();
        Self { home, database }
    }

    pub fn with_database(database: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            database: database.to_owned(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Ready to be started.
    pub fn command(&self) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_snowguard-tracker"))
    }

    fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("SNOWGUARD_DB", &self.database)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs it in a shell that may set limits first.
    pub fn run_under(&self, limits: &str, arguments: &[&str]) -> Output {
        let script = format!("{limits}; exec \"$0\" \"$@\"");
        self.command_of("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_snowguard-tracker")])
            .args(arguments)
            .output()
            .unwrap()
    }

    pub fn db(&self) -> Db {
        Db::open(&Location::parse(&self.database)).unwrap()
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A CVE record of a product, with a version that ends the range.
pub fn cve(number: usize, product: &str, fixed: &str, day: &str) -> String {
    format!(
        r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"CVE-2024-{number:05}","assignerOrgId":"00000000-0000-4000-8000-000000000000","state":"PUBLISHED","dateUpdated":"{day}T00:00:00.000Z"}},"containers":{{"cna":{{"providerMetadata":{{"orgId":"00000000-0000-4000-8000-000000000000"}},"descriptions":[{{"lang":"en","value":"A flaw in {product} before {fixed}."}}],"affected":[{{"vendor":"{product}","product":"{product}","repo":"https://github.com/{product}/{product}","versions":[{{"version":"0","status":"affected","lessThan":"{fixed}","versionType":"semver"}}]}}],"references":[{{"url":"https://example.org/{number}"}}]}}}}}}"#
    )
}

/// A line about a package.
pub fn package(name: &str, version: &str) -> String {
    format!(
        r#"{{"attr":"{name}","name":"{name}-{version}","pname":"{name}","version":"{version}","src":"https://github.com/{name}/{name}/archive/v{version}.tar.gz","meta":{{"homepage":["https://github.com/{name}/{name}"]}}}}"#
    )
}

/// A collection: `cves` records over twenty products, and `packages` packages. A later `round`
/// changes some of both.
pub fn collection(program: &Program, cves: usize, packages: usize, round: usize) -> PathBuf {
    let product = |number: usize| format!("product{}", number % 20);
    let lines: Vec<String> = (1..=cves)
        .map(|number| match (number % 7, round) {
            (0, 1) => cve(number, &product(number + 1), "3.0", "2024-06-01"),
            (1, 1) if number < 10 => "{\"cveMetadata\":{\"cveId\":\"CVE-2024-09999\"".to_owned(),
            _ => cve(number, &product(number), "2.0", "2024-05-01"),
        })
        .collect();
    program.write("set/cves.jsonl", &(lines.join("\n") + "\n"));
    let lines: Vec<String> = (0..packages)
        .map(|number| {
            let version = if (number + round).is_multiple_of(3) {
                "2.5"
            } else {
                "1.5"
            };
            package(&format!("product{number}"), version)
        })
        .collect();
    // The date in the name is the evaluation; a later round is a later one.
    let old = program.path("set/nixpkgs-24.05-2024-01-packages.jsonl");
    if round > 0 && old.exists() {
        std::fs::remove_file(old).unwrap();
    }
    let name = format!("set/nixpkgs-24.05-2024-{:02}-packages.jsonl", round + 1);
    program.write(&name, &(lines.join("\n") + "\n"));
    program.write("set/kev.jsonl", "{\"cveID\":\"CVE-2024-00003\",\"vendorProject\":\"v\",\"product\":\"p\",\"vulnerabilityName\":\"n\",\"dateAdded\":\"2024-05-05\"}\n");
    program.write("set/names.jsonl", "{\"k\":\"x\",\"purls\":[\"github/product1/product1\"],\"cpes\":[\"cpe:2.3:a:product1:product1\"]}\n");
    program.path("set")
}

/// The text of a path.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
