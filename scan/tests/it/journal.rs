//! News in systemd's journal: a journal of its own, in a mount namespace that ends with the test.

use std::process::Command;

use serde_json::Value;

use crate::stage::{Stage, digest, text};

/// Arguments: the program and what it is given.
const SCRIPT: &str = r#"
set -e
for folder in /run /var/log /etc/systemd; do mount -t tmpfs tmpfs $folder; done
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n' > /etc/systemd/journald.conf
mkdir -p /run/systemd/journal /run/log/journal
/lib/systemd/systemd-journald 2>/dev/null & journal=$!
trap 'kill $journal' EXIT
for i in $(seq 200); do [ -S /run/systemd/journal/stdout ] && break; sleep 0.05; done
systemd-cat --identifier=watch "$@"
for i in $(seq 200); do
  journalctl --quiet --no-pager -o json SYSLOG_IDENTIFIER=watch > told
  grep -q 'in all' told && break
  sleep 0.05
done
"#;

#[test]
fn news_stand_in_the_journal_with_their_priorities() {
    let stage = Stage::new();
    let (a, b) = (digest('a'), digest('b'));
    stage.put("list", &format!("{a}-openssl-3.0.13\n{b}-curl-8.4.0\n"));
    // It takes root, and a kernel that lets it mount.
    let probe = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"])
        .output();
    let is_there = std::path::Path::new("/lib/systemd/systemd-journald").exists();
    if !is_there || !probe.is_ok_and(|output| output.status.success()) {
        println!("left out: the journal, since systemd-journald cannot be run in a namespace");
        return;
    }
    let key = stage.key.public().to_string();
    let output = Command::new("unshare")
        .current_dir(stage.folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(["--mount", "sh", "-c", SCRIPT, "sh"])
        .arg(env!("CARGO_BIN_EXE_snowguard-scan"))
        .args(["watch", "--once", "--state", "seen.json"])
        .args(["--db", "advisories", "--trusted-key", &key, "list"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{:?}", text(&output));
    let told = std::fs::read_to_string(stage.path("told")).unwrap();
    let told: Vec<(String, String)> = told
        .lines()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| entry[name].as_str().unwrap().to_owned();
            (field("PRIORITY"), field("MESSAGE"))
        })
        .collect();
    let expected = [
        ("3", "new: CVE-2024-1001 affects openssl 3.0.13 "),
        ("5", "new: CVE-2024-1002 affects curl 8.4.0 "),
        ("6", "2 new, 0 gone, 2 in all"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((priority, message), (wanted, begins)) in told.iter().zip(expected) {
        assert_eq!(priority, wanted, "{told:?}");
        assert!(message.starts_with(begins), "{told:?}");
    }
}
