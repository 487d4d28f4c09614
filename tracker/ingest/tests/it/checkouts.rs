//! Git checkouts and folders: only what changed is read again.

use std::path::Path;
use std::process::Command;

use crate::world::{World, cve};

fn git(path: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(path)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .expect("git is needed for this test");
    assert!(status.success(), "git {arguments:?}");
}

fn commit(path: &Path) {
    git(path, &["add", "-A"]);
    git(path, &["commit", "-q", "-m", "a change", "--allow-empty"]);
}

fn write(world: &World, id: &str, product: &str, day: &str) {
    let text = cve(id, product, &format!("{day}T00:00:00.000Z"));
    // The list's own files are indented.
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let text = serde_json::to_string_pretty(&value).expect("JSON");
    world.write(
        &format!("list/cves/2024/{}xxx/{id}.json", &id[9..id.len() - 3]),
        text,
    );
}

#[test]
fn a_checkout_is_read_once_and_then_by_its_changes() {
    let world = World::new();
    write(&world, "CVE-2024-1001", "one", "2024-01-01");
    write(&world, "CVE-2024-12002", "two", "2024-01-01");
    world.write("list/cves/deltaLog.json", "[]");
    world.write("list/README.md", "read me");
    let list = world.path("list");
    git(&list, &["init", "-q"]);
    commit(&list);
    let counts = world.load(&list);
    assert_eq!((counts.read, counts.new), (2, 2));

    // Nothing new: nothing is read, not even a list of files.
    let again = world
        .try_ingest(list.to_str().expect("UTF-8"))
        .expect("ingested");
    assert!(matches!(
        again.feeds[0].end,
        snowguard_tracker_ingest::End::Unchanged
    ));

    write(&world, "CVE-2024-12002", "deux", "2024-02-01");
    write(&world, "CVE-2024-1003", "three", "2024-02-01");
    std::fs::remove_file(world.path("list/cves/2024/1xxx/CVE-2024-1001.json")).expect("a file");
    commit(&list);
    // What lies in the work tree and is not committed is not read.
    write(&world, "CVE-2024-1004", "four", "2024-02-01");
    let counts = world.load(&list);
    assert_eq!((counts.read, counts.new, counts.changed), (2, 1, 1));
    assert!(
        world
            .db
            .advisory("CVE-2024-1001")
            .expect("readable")
            .is_some(),
        "CVEs do not vanish"
    );
    assert!(
        world
            .db
            .advisory("CVE-2024-1004")
            .expect("readable")
            .is_none()
    );
}

#[test]
fn rewritten_history_means_reading_everything() {
    let world = World::new();
    write(&world, "CVE-2024-1001", "one", "2024-01-01");
    let list = world.path("list");
    git(&list, &["init", "-q"]);
    commit(&list);
    world.load(&list);
    std::fs::remove_dir_all(list.join(".git")).expect("a repository");
    write(&world, "CVE-2024-1002", "two", "2024-01-01");
    git(&list, &["init", "-q"]);
    commit(&list);
    let counts = world.load(&list);
    assert_eq!((counts.read, counts.new, counts.unchanged), (2, 1, 1));
}

#[test]
fn a_repository_cannot_name_programs_to_run() {
    let world = World::new();
    write(&world, "CVE-2024-1001", "one", "2024-01-01");
    let list = world.path("list");
    git(&list, &["init", "-q"]);
    commit(&list);
    let witness = world.path("witness");
    let program = world.write(
        "program",
        format!("#!/bin/sh\ntouch {}\n", witness.display()),
    );
    let mut permissions = program.metadata().expect("a file").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&program, permissions).expect("ours");
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "diff.external",
        "core.pager",
    ] {
        git(&list, &["config", key, program.to_str().expect("UTF-8")]);
    }
    world.load(&list);
    assert!(!witness.exists());
}

#[test]
fn a_folder_is_narrowed_down_by_its_own_log() {
    let world = World::new();
    let log = |steps: &str| format!("[{steps}{{\"fetchTime\":\"2024-01-01T00:00:00.000Z\"}}]");
    write(&world, "CVE-2024-1001", "one", "2024-01-01");
    write(&world, "CVE-2024-1002", "two", "2024-01-01");
    world.write("list/cves/deltaLog.json", log(""));
    let list = world.path("list");
    assert_eq!(world.load(&list).read, 2);

    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 86_400);
    let age = |name: &str| {
        let file = std::fs::File::options()
            .write(true)
            .open(world.path(name))
            .expect("a file");
        file.set_modified(old).expect("ours");
    };
    write(&world, "CVE-2024-1002", "deux", "2024-02-01");
    let step = r#"{"fetchTime":"2024-02-01T00:00:00.000Z","updated":[{"cveId":"CVE-2024-1002"}]},"#;
    world.write("list/cves/deltaLog.json", log(step));
    age("list/cves/2024/1xxx/CVE-2024-1001.json");
    age("list/cves/2024/1xxx/CVE-2024-1002.json");
    let counts = world.load(&list);
    assert_eq!((counts.read, counts.changed), (1, 1));

    // A file that somebody changed is read although the log does not name it.
    write(&world, "CVE-2024-1001", "un", "2024-03-01");
    let counts = world.load(&list);
    assert_eq!((counts.changed, counts.quarantined), (1, 0));
}
