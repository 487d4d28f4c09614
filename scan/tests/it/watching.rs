//! `scan watch`.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStderr, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::nix_database::{filled, paths};
use crate::stage::{Stage, digest, text};

fn watch(stage: &Stage, arguments: &[&str]) -> Output {
    let key = stage.key.public().to_string();
    stage
        .command(stage.folder.path())
        .args([
            "watch",
            "--once",
            "--db",
            "advisories",
            "--trusted-key",
            &key,
        ])
        .args(["--state", "seen.json"])
        .args(arguments)
        .arg("list")
        .output()
        .unwrap()
}

fn affected(stage: &Stage) {
    stage.put("list", &format!("{}-openssl-3.0.13\n", digest('a')));
}

/// A server that takes one post after the other: the signature and the body.
fn hook() -> (String, Receiver<(Option<String>, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut signature) = (0, None);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if let Some(value) = line.strip_prefix("x-snowguard-signature: ") {
                    signature = Some(value.to_owned());
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(
                stream,
                "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let _sent = send.send((signature, serde_json::from_slice(&body).unwrap()));
        }
    });
    (address, receive)
}

#[test]
fn news_are_told_once_in_the_journal_and_to_a_webhook() {
    let stage = Stage::new();
    affected(&stage);
    stage.put("secret", "a secret\n");
    let (address, posts) = hook();
    let arguments = [
        "--webhook",
        &address,
        "--webhook-private",
        "--webhook-secret",
        "secret",
    ];
    let (_, err, code) = text(&watch(&stage, &arguments));
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("<3>new: CVE-2024-1001 affects openssl 3.0.13"),
        "{err}"
    );
    let (signature, body) = posts.recv().unwrap();
    assert_eq!(body["new"][0]["advisory"], "CVE-2024-1001");
    assert_eq!(signature.unwrap().len(), "sha256=".len() + 64);
    let mode = std::fs::metadata(stage.path("seen.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let (_, err, _) = text(&watch(&stage, &arguments));
    assert!(err.contains("0 new, 0 gone, 1 in all"), "{err}");
    stage.put("list", &format!("{}-openssl-3.0.14\n", digest('a')));
    watch(&stage, &arguments);
    let (_, body) = posts.recv().unwrap();
    assert_eq!(body["gone"][0]["advisory"], "CVE-2024-1001");
    assert!(posts.try_recv().is_err(), "without news nothing is posted");
}

#[test]
fn a_private_address_is_refused_unless_it_is_allowed() {
    let stage = Stage::new();
    affected(&stage);
    let (address, posts) = hook();
    let (_, err, code) = text(&watch(&stage, &["--webhook", &address]));
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("private address"), "{err}");
    assert!(posts.try_recv().is_err());
}

#[test]
fn a_program_gets_the_news() {
    let stage = Stage::new();
    affected(&stage);
    let program = stage.put("tell.sh", "#!/bin/sh\n/bin/cat > told.json\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (_, err, code) = text(&watch(&stage, &["--command", "./tell.sh"]));
    assert_eq!(code, Some(0), "{err}");
    let told: Value =
        serde_json::from_slice(&std::fs::read(stage.path("told.json")).unwrap()).unwrap();
    assert_eq!(told["total"], 1);
}

#[test]
fn the_desktop_is_told_by_notify_send() {
    let stage = Stage::new();
    affected(&stage);
    let program = stage.put("notify-send", "#!/bin/sh\nprintf '%s\\n' \"$@\" > told\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let key = stage.key.public().to_string();
    let output = stage
        .command(stage.folder.path())
        .env("PATH", stage.folder.path())
        .args(["watch", "--once", "--desktop", "--state", "seen.json"])
        .args(["--db", "advisories", "--trusted-key", &key, "list"])
        .output()
        .unwrap();
    let (_, err, code) = text(&output);
    assert_eq!(code, Some(0), "{err}");
    let told = std::fs::read_to_string(stage.path("told")).unwrap();
    assert!(
        told.starts_with("--app-name=Snowguard\n--\n1 new, 0 gone, 1 in all\n"),
        "{told}"
    );
    assert!(
        told.contains("CVE-2024-1001 affects openssl 3.0.13"),
        "{told}"
    );
}

/// A watch that goes on, and what it tells line by line. It ends with the value.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let key = stage.key.public().to_string();
        let mut child = stage
            .command(stage.folder.path())
            .args(["watch", "--db", "advisories", "--trusted-key", &key])
            .args(["--state", "seen.json"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next news, up to the line that counts them.
    fn news(&mut self) -> String {
        let mut told = String::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            told.push_str(&line);
            told.push('\n');
            if line.contains(" in all") {
                return told;
            }
        }
        panic!("it ended: {told}");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_change_is_noticed_while_it_watches() {
    let stage = Stage::new();
    affected(&stage);
    // Where the kernel tells of changes, nobody waits for the hour to pass.
    let every = if has_inotify() { "3600" } else { "1" };
    let mut watching = Watching::start(&stage, &["--every", every, "list"]);
    let told = watching.news();
    assert!(told.contains("<3>new: CVE-2024-1001"), "{told}");
    let more = format!(
        "{}-openssl-3.0.13\n{}-curl-8.4.0\n",
        digest('a'),
        digest('b')
    );
    stage.put("list", &more);
    let told = watching.news();
    assert!(told.contains("<5>new: CVE-2024-1002"), "{told}");
    // A list that is being written is no list: it looks again.
    stage.put("list", "half a");
    stage.put("list", &format!("{}-curl-8.6.0\n", digest('b')));
    loop {
        let told = watching.news();
        if told.contains("2 gone, 0 in all") {
            break;
        }
    }
}

fn has_inotify() -> bool {
    use rustix::fs::inotify;
    let folder = std::env::temp_dir();
    inotify::init(inotify::CreateFlags::CLOEXEC)
        .and_then(|kernel| inotify::add_watch(&kernel, &folder, inotify::WatchFlags::CREATE))
        .is_ok()
}

#[test]
fn nix_s_database_is_looked_at_too() {
    let stage = Stage::new();
    if !filled(&stage) {
        return;
    }
    let all = paths();
    let mut watching = Watching::start(&stage, &["--every", "1", "--root", "root", &all.system]);
    let told = watching.news();
    assert!(
        told.contains("openssl 3.0.13") && !told.contains("openssl 3.0.12"),
        "{told}"
    );
    let database = stage.path("root/nix/var/nix/db/db.sqlite");
    let writer = rusqlite::Connection::open(database).unwrap();
    let refer = "INSERT INTO Refs (referrer, reference) SELECT a.id, b.id \
                 FROM ValidPaths a, ValidPaths b WHERE a.path = ?1 AND b.path = ?2";
    writer.execute(refer, [&all.system, &all.alone]).unwrap();
    let told = watching.news();
    assert!(
        told.contains("new: CVE-2024-1001 affects openssl 3.0.12"),
        "{told}"
    );
}
