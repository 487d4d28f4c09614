//! `scan update` against a small server of its own.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use snowguard_advisory_file::{AdvisoryFile, Contents, Dictionaries, SecretKey, Writer};
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;

use crate::stage::{Stage, text};

/// What the server does.
#[derive(Default)]
pub struct Served {
    pub body: Mutex<Vec<u8>>,
    pub etag: Mutex<String>,
    /// Where to go instead; empty for nowhere.
    pub redirect: Mutex<String>,
    /// Bytes of bodies sent.
    pub sent: AtomicU64,
    pub requests: AtomicUsize,
    /// After so many requests, connections are cut in the middle of a body.
    pub cut_after: AtomicUsize,
    ignores_ranges: std::sync::atomic::AtomicBool,
}

pub struct Server {
    pub served: Arc<Served>,
    pub address: String,
}

impl Server {
    pub fn new(body: Vec<u8>, etag: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/advisories", listener.local_addr().unwrap());
        let served = Arc::new(Served::default());
        served.cut_after.store(usize::MAX, Ordering::SeqCst);
        let server = Self {
            served: Arc::clone(&served),
            address,
        };
        server.serve(body, etag);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away ends its own answer only.
                let _answered = answer(stream, &served);
            }
        });
        server
    }

    fn serve(&self, body: Vec<u8>, etag: &str) {
        *self.served.body.lock().unwrap() = body;
        *self.served.etag.lock().unwrap() = format!("\"{etag}\"");
    }

    fn sent(&self) -> u64 {
        self.served.sent.swap(0, Ordering::SeqCst)
    }
}

pub fn answer<S: Read + Write>(mut stream: S, served: &Served) -> std::io::Result<()> {
    let mut lines = BufReader::new(&mut stream).lines();
    let (mut range, mut known) = (None, None);
    for line in lines.by_ref() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        range = range.or(line.strip_prefix("range: bytes=").map(str::to_owned));
        known = known.or(line.strip_prefix("if-none-match: ").map(str::to_owned));
    }
    drop(lines);
    let number = served.requests.fetch_add(1, Ordering::SeqCst);
    let away = served.redirect.lock().unwrap().clone();
    if !away.is_empty() {
        return write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {away}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let (body, etag) = (
        served.body.lock().unwrap().clone(),
        served.etag.lock().unwrap().clone(),
    );
    if known.as_deref() == Some(etag.as_str()) {
        return write!(
            stream,
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
        );
    }
    let range = range.filter(|_| !served.ignores_ranges.load(Ordering::SeqCst));
    let (head, part) = match range.and_then(|range| {
        let (from, to) = range.split_once('-')?;
        Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?))
    }) {
        Some((from, to)) => {
            let to = to.min(body.len() - 1);
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{to}/{}\r\n",
                body.len()
            );
            (head, &body[from..=to])
        }
        None => ("HTTP/1.1 200 OK\r\n".to_owned(), body.as_slice()),
    };
    write!(
        stream,
        "{head}ETag: {etag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        part.len()
    )?;
    let part = if number >= served.cut_after.load(Ordering::SeqCst) {
        &part[..part.len() / 2]
    } else {
        part
    };
    served.sent.fetch_add(part.len() as u64, Ordering::SeqCst);
    stream.write_all(part)
}

pub fn key() -> SecretKey {
    SecretKey::from_seed("test-1", &[3; 32]).unwrap()
}

/// Packages of a file: some blocks.
const PACKAGES: usize = 1500;

/// A file of packages; `changed` of them in another version.
pub fn file(serial: u64, changed: usize, dictionaries: Option<Dictionaries>) -> Vec<u8> {
    let mut writer = Writer::default();
    let packages = (0..PACKAGES).map(|number| {
        let version = if number < changed { "2.0" } else { "1.0" };
        let noise = snowguard_advisory_file::Chunk::of(format!("{number} {version}").as_bytes());
        Package {
            attr: format!("p{number:05}"),
            name: format!("p{number:05}-{version}"),
            pname: format!("p{number:05}"),
            version: version.to_owned(),
            description: Some(format!("{:?}", noise.digest)),
            ..Package::default()
        }
    });
    writer.channel("unstable", None, packages).unwrap();
    writer.names(&Knowledge::default());
    let contents = Contents {
        serial,
        created: 1_700_000_000_000 + i64::try_from(serial).unwrap(),
        dictionaries,
        ..Contents::default()
    };
    writer.finish(contents, &key()).unwrap()
}

fn update(stage: &Stage, address: &str) -> (String, Option<i32>) {
    let output = run(stage, address, &key());
    let (_, err, code) = text(&output);
    (err, code)
}

fn run(stage: &Stage, address: &str, key: &SecretKey) -> Output {
    stage
        .command(stage.folder.path())
        .args(["update", "--db", "here/advisories", "--trusted-key"])
        .arg(key.public().to_string())
        .arg(address)
        .output()
        .unwrap()
}

fn here(stage: &Stage) -> PathBuf {
    stage.path("here/advisories")
}

fn serial(path: &Path) -> u64 {
    let bytes = std::fs::read(path).unwrap();
    let file = AdvisoryFile::open(&bytes, &[key().public()]).unwrap();
    file.check_all().unwrap();
    file.header().serial
}

#[test]
fn a_file_is_fetched_once_and_then_only_what_changed() {
    let stage = Stage::new();
    let first = file(1, 0, None);
    let server = Server::new(first.clone(), "one");
    let (err, code) = update(&stage, &server.address);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(serial(&here(&stage)), 1);
    assert!(server.sent() >= first.len() as u64);
    let mode = std::fs::metadata(here(&stage))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // The same again: no body at all.
    let (err, code) = update(&stage, &server.address);
    assert_eq!((code, server.sent()), (Some(0), 0), "{err}");
    assert!(err.contains("is the newest"), "{err}");
    // One package changed: beside the start, its block is fetched.
    let known = AdvisoryFile::open(&first, &[key().public()])
        .unwrap()
        .dictionaries();
    let second = file(2, 1, Some(known));
    server.serve(second.clone(), "two");
    let (err, code) = update(&stage, &server.address);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(std::fs::read(here(&stage)).unwrap(), second);
    let sent = server.sent();
    assert!(
        sent * 4 < second.len() as u64 * 3,
        "{sent} of {}",
        second.len()
    );
}

#[test]
fn an_older_file_is_refused_and_stays_refused() {
    let stage = Stage::new();
    let server = Server::new(file(5, 0, None), "five");
    assert_eq!(update(&stage, &server.address).1, Some(0));
    server.serve(file(4, 0, None), "four");
    let (err, code) = update(&stage, &server.address);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("serial 4, and 5 was seen"), "{err}");
    assert_eq!(serial(&here(&stage)), 5);
    // Also when the newer one is gone: its serial is remembered.
    std::fs::remove_file(here(&stage)).unwrap();
    assert_eq!(update(&stage, &server.address).1, Some(4));
}

#[test]
fn a_file_of_another_key_or_damaged_on_the_way_never_takes_the_place() {
    let stage = Stage::new();
    let good = file(1, 0, None);
    let server = Server::new(good.clone(), "one");
    assert_eq!(update(&stage, &server.address).1, Some(0));
    let other = SecretKey::from_seed("test-1", &[9; 32]).unwrap();
    let (_, err, code) = text(&run(&stage, &server.address, &other));
    assert_eq!(code, Some(4));
    assert!(err.contains("none of the trusted keys"), "{err}");
    let mut damaged = file(2, PACKAGES, None);
    // In the middle stand packages, all of which changed; what did not change is not fetched.
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    server.serve(damaged, "two");
    let (err, code) = update(&stage, &server.address);
    assert_eq!(code, Some(4), "{err}");
    assert_eq!(std::fs::read(here(&stage)).unwrap(), good);
}

#[test]
fn an_update_that_was_cut_off_goes_on_with_what_it_has() {
    let stage = Stage::new();
    let whole = file(1, 0, None);
    let server = Server::new(whole.clone(), "one");
    // The start of the file comes whole, then the server dies in the middle of each answer.
    server.served.cut_after.store(1, Ordering::SeqCst);
    if whole.len() <= 64 << 10 {
        panic!("the file is too small for this test: {}", whole.len());
    }
    let (err, code) = update(&stage, &server.address);
    assert_eq!(code, Some(4), "{err}");
    assert!(!here(&stage).exists());
    server.served.cut_after.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(update(&stage, &server.address).1, Some(0));
    assert_eq!(std::fs::read(here(&stage)).unwrap(), whole);
}

#[test]
fn a_server_without_ranges_and_a_file_serve_as_well() {
    let stage = Stage::new();
    let server = Server::new(file(1, 0, None), "one");
    server.served.ignores_ranges.store(true, Ordering::SeqCst);
    assert_eq!(update(&stage, &server.address).1, Some(0));
    assert_eq!(serial(&here(&stage)), 1);
    let mirror = stage.path("mirror");
    std::fs::write(&mirror, file(2, 0, None)).unwrap();
    let address = format!("file://{}", mirror.display());
    let (err, code) = update(&stage, &address);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(serial(&here(&stage)), 2);
    for bad in ["ftp://x/y", "file://relative", "https://a b/"] {
        assert_eq!(update(&stage, bad).1, Some(4), "{bad}");
    }
}
