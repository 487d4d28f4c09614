//! From what people decided in the tracker to what the scanner tells of it: the database, the signed
//! file, and the program itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command as Process;

use serde_json::Value;
use snowguard_matching::package::Package;
use snowguard_tracker_db::{ChannelLoad, Db, Force, PersonId};
use snowguard_tracker_triage::command::Command;
use snowguard_tracker_triage::dismissal::Reason;
use snowguard_tracker_triage::edits::{Choice, List};
use snowguard_tracker_triage::rule::Rule;

use crate::rematch::{Step, apply, fresh, now, rematch};
use crate::rulings::{decide, dismiss, exported, publish_unfixed, world};

const PATH: &str = "00000000000000000000000000000000-git-1.0";

/// The scanner beside this test; none where only this crate was built.
fn scanner() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let program = own.parent()?.parent()?.join("snowguard-scan");
    if !program.exists() {
        eprintln!(
            "left out: what the scanner tells: {} is not built",
            program.display()
        );
        return None;
    }
    Some(program)
}

struct Scanned {
    program: PathBuf,
    folder: tempfile::TempDir,
    key: String,
}

impl Scanned {
    fn new(program: PathBuf, db: &Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, _, key) = exported(db);
        std::fs::write(folder.path().join("advisories"), bytes).unwrap();
        std::fs::write(folder.path().join("list"), PATH).unwrap();
        Self {
            program,
            folder,
            key: key.public().to_string(),
        }
    }

    fn tell(&self, arguments: &[&str]) -> String {
        let output = Process::new(&self.program)
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .args(["--db", "advisories", "--trusted-key", &self.key])
            .args(arguments)
            .arg("list")
            .output()
            .unwrap();
        let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{err}");
        String::from_utf8(out).unwrap()
    }

    fn json(&self, form: &str) -> Value {
        serde_json::from_str(&self.tell(&["--format", form])).unwrap()
    }
}

fn ids(list: &Value) -> BTreeSet<&str> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one["advisory"].as_str().unwrap()).collect()
}

/// git as the channel builds it, with a patch for the third advisory; the seventh is another vendor's.
fn prepared(db: &Db) {
    let git = Package {
        attr: "git".to_owned(),
        name: "git-1.0".to_owned(),
        pname: "git".to_owned(),
        version: "1.0".to_owned(),
        sources: vec!["https://github.com/git/git".to_owned()],
        outputs: vec![("out".to_owned(), PATH.to_owned())],
        patches: vec!["CVE-2024-1002.patch".to_owned()],
        ..Package::default()
    };
    let load = ChannelLoad {
        channel: "stable",
        revision: "patched",
        evaluated_at: None,
        run: None,
        now: now(10),
        force: Force::Yes,
    };
    let packages = [Ok::<_, std::convert::Infallible>(git)];
    db.load_channel(&load, packages).unwrap();
    let other = Step::Record {
        cve: 6,
        name: 3,
        vendor: 0,
        repository: Some(3),
        fixed: 9,
        rejected: false,
    };
    apply(db, &other, 11);
    rematch(db, false, 12);
}

#[test]
fn the_scanner_tells_what_was_decided_and_why() {
    let Some(program) = scanner() else { return };
    let (_folder, db) = fresh();
    let ada = world(&db);
    prepared(&db);
    let id = |cve: u32| format!("CVE-2024-{:04}", 1000 + cve);
    let before = Scanned::new(program.clone(), &db).json("json");
    let all: Vec<String> = [0, 1, 3, 4, 5, 6].map(id).to_vec();
    let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(ids(&before["findings"]), all, "the patch mends the third");

    decide(&db, ada, &id(0), &dismiss(Reason::VulnerableCodeNotPresent));
    let drop = Command::Choose {
        list: List::Packages,
        entry: "git".to_owned(),
        choice: Some(Choice::Dropped),
    };
    decide(&db, ada, &id(3), &drop);
    publish_unfixed(&db, ada, &id(5));
    let rule = Rule::new("never", "openssl", "git", "").unwrap();
    db.put_rule(&rule, None, None::<PersonId>, now(53)).unwrap();
    rematch(&db, false, 54);

    let scanned = Scanned::new(program, &db);
    let told = scanned.json("json");
    assert_eq!(ids(&told["findings"]), [&*id(1), &*id(4)].into());
    assert_eq!(ids(&told["set_aside"]), [&*id(0), &*id(3), &*id(5)].into());
    let claims: Vec<&Value> = told["set_aside"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["claim"])
        .collect();
    assert_eq!(claims, ["not_affected", "not_affected", "accepted"]);

    let text = scanned.tell(&[]);
    let line = "CVE-2024-1000 in git-1.0: the vulnerable code is not in the package: Seen. \
                (decision of the tracker's triage)";
    assert!(text.contains(line), "{text}");
    let text = scanned.tell(&["--explain", &id(5)]);
    let line = "set aside by decision of NIXPKGS-2026-0001 as accepted: won't fix: end of life";
    assert!(text.contains(line), "{text}");
    assert!(
        scanned
            .tell(&["--explain", &id(2)])
            .contains("CVE-2024-1002.patch")
    );
    let text = scanned.tell(&["--explain", &id(6)]);
    assert!(
        text.contains("Nothing in this closure is tied to it"),
        "{text}"
    );

    let vex = scanned.json("openvex");
    let statement = |cve: u32| {
        let all = vex["statements"].as_array().unwrap();
        let own = all
            .iter()
            .find(|one| one["vulnerability"]["name"] == id(cve));
        own.unwrap().clone()
    };
    assert_eq!(statement(0)["status"], "not_affected");
    assert_eq!(
        statement(0)["impact_statement"],
        "the vulnerable code is not in the package: Seen."
    );
    // Nobody said that it is not affected.
    assert_eq!(statement(5)["status"], "affected");
    let action = "Accepted by decision of NIXPKGS-2026-0001: won't fix: end of life";
    assert_eq!(statement(5)["action_statement"], action);
    let bill = scanned.json("cyclonedx");
    let all = bill["vulnerabilities"].as_array().unwrap();
    let state = |cve: u32| {
        let own = all.iter().find(|one| one["id"] == id(cve));
        own.unwrap()["analysis"]["state"].clone()
    };
    assert_eq!(state(0), "not_affected");
    assert_eq!(state(5), "exploitable");
}
