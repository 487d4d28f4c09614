//! Sources that are not what was declared, and archives that mean harm.

use std::io::Write;

use snowguard_bootstrap::graph::Digest;
use tar::{Builder, EntryType, Header};

use crate::world::{World, err};

/// A graph with one step that unpacks `source.tar`, whose content is `content`.
fn unpacks(content: &[u8], declared: &[u8]) -> World {
    let world = World::new(&format!(
        r#"
format = 1
[[source]]
name = "source"
sha256 = "{}"
size = {}
debian = "pool/main/s/source/source.tar"
description = "A test."
[[step]]
name = "unpacked"
description = "A test."
sources = ["source"]
limits = {{ files_mib = 16 }}
[[step.action]]
unpack = {{ from = "/src/source", into = "/out" }}
"#,
        Digest::of(declared),
        declared.len()
    ));
    world.write("sources/source.tar", content);
    world
}

fn build(world: &World) -> std::process::Output {
    let sources = world.path("sources");
    world.driver(&["build", "--sources", sources.to_str().expect("a path")])
}

/// Entries as (name, kind, target or content).
fn archive(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, text) in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        // By hand, since the library refuses what is tried here.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        let is_file = *kind == EntryType::Regular;
        if !is_file {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        let content = if is_file { text.as_bytes() } else { b"" };
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).expect("memory");
    }
    builder.into_inner().expect("memory")
}

fn refused(content: &[u8], why: &str) {
    let world = unpacks(content, content);
    let output = build(&world);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains(why), "{}", err(&output));
    let kept = std::fs::read_dir(world.path("store/objects")).expect("objects");
    assert_eq!(kept.count(), 0);
}

#[test]
fn a_plain_archive_is_unpacked() {
    use EntryType as T;
    let tar = archive(&[
        ("a/", T::Directory, ""),
        ("a/file", T::Regular, "content"),
        ("a/link", T::Symlink, "file"),
        ("b/up", T::Symlink, "../a/file"),
        ("a/hard", T::Link, "a/file"),
    ]);
    for packed in [tar.clone(), gzip(&tar)] {
        let world = unpacks(&packed, &packed);
        let output = build(&world);
        assert!(output.status.success(), "{}", err(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let hash = text.split("  ").next().expect("a hash");
        for file in ["a/file", "a/link", "b/up", "a/hard"] {
            assert_eq!(world.output(hash, file), "content", "{file}");
        }
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    use EntryType as T;
    refused(&archive(&[("/etc/x", T::Regular, "")]), "an absolute path");
    refused(
        &archive(&[("a/../../x", T::Regular, "")]),
        "a path that goes up",
    );
    refused(
        &archive(&[("../x", T::Directory, "")]),
        "a path that goes up",
    );
}

#[test]
fn links_that_lead_out_are_refused() {
    use EntryType as T;
    refused(
        &archive(&[("l", T::Symlink, "/etc/passwd")]),
        "which leads out",
    );
    refused(
        &archive(&[("a/l", T::Symlink, "../../x")]),
        "which leads out",
    );
    refused(&archive(&[("l", T::Link, "../x")]), "a path that goes up");
    refused(&archive(&[("l", T::Link, "/in/x")]), "an absolute path");
    let through = [("d", T::Symlink, "."), ("d/x", T::Regular, "")];
    refused(&archive(&through), "is a file or link, and a folder too");
}

#[test]
fn devices_and_pipes_are_refused() {
    use EntryType as T;
    refused(&archive(&[("d", T::Block, "")]), "a device");
    refused(&archive(&[("d", T::Char, "")]), "a device");
    refused(&archive(&[("d", T::Fifo, "")]), "a named pipe");
}

#[test]
fn a_bomb_is_stopped_by_the_limit_on_files() {
    let zeros = "\0".repeat(40 << 20);
    let bomb = gzip(&archive(&[("bomb", EntryType::Regular, &zeros)]));
    assert!(bomb.len() < 1 << 20);
    refused(&bomb, "File too large");
}

#[test]
fn a_cut_off_archive_is_refused() {
    let tar = archive(&[("file", EntryType::Regular, &"x".repeat(5000))]);
    let gz = gzip(&tar);
    refused(&gz[..gz.len() / 2], "archive /src/source");
    refused(&tar[..3000], "archive /src/source");
    refused(b"no archive at all", "neither tar");
}

#[test]
fn a_source_with_another_hash_runs_nothing() {
    let declared = archive(&[("file", EntryType::Regular, "one")]);
    let other = archive(&[("file", EntryType::Regular, "two")]);
    let world = unpacks(&other, &declared);
    let output = build(&world);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("source `source`"), "{}", err(&output));
    assert!(err(&output).contains(&Digest::of(&declared).to_string()));
    let logs = std::fs::read_dir(world.path("store/logs")).expect("logs");
    assert_eq!(logs.count(), 0, "no step started");
}

#[test]
fn a_truncated_download_runs_nothing() {
    let declared = archive(&[("file", EntryType::Regular, "one")]);
    let world = unpacks(&declared[..600], &declared);
    let output = build(&world);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("has 600 bytes"), "{}", err(&output));
}

#[test]
fn a_source_damaged_in_the_store_is_taken_anew() {
    let tar = archive(&[("file", EntryType::Regular, "one")]);
    let world = unpacks(&tar, &tar);
    assert!(build(&world).status.success());
    let kept = world
        .path("store/sources")
        .join(Digest::of(&tar).to_string());
    std::fs::remove_file(&kept).expect("removed");
    std::fs::write(&kept, "damage").expect("a file");
    snowguard_bootstrap::store::remove_tree(&world.path("store/results")).expect("removed");
    let output = build(&world);
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        err(&output).contains("was damaged in the store"),
        "{}",
        err(&output)
    );
}

#[test]
fn nothing_is_fetched_unless_asked() {
    let tar = archive(&[("file", EntryType::Regular, "one")]);
    let world = unpacks(&tar, &tar);
    std::fs::remove_file(world.path("sources/source.tar")).expect("removed");
    let output = build(&world);
    assert_eq!(output.status.code(), Some(4));
    assert!(
        err(&output).contains("nothing may be fetched"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_broken_download_is_continued_and_one_that_is_too_long_is_refused() {
    let tar = archive(&[("file", EntryType::Regular, &"x".repeat(200_000))]);
    let world = unpacks(&tar, &tar);
    std::fs::remove_file(world.path("sources/source.tar")).expect("removed");
    // Ends the connection in the middle, then answers the request for the rest.
    let half = tar.len() / 2;
    let (first, second) = (tar[..half].to_vec(), tar[half..].to_vec());
    let (address, server) = serve(vec![
        (
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", tar.len()),
            first,
        ),
        (
            format!(
                "HTTP/1.1 206 Partial Content\r\ncontent-length: {}\r\n\r\n",
                second.len()
            ),
            second,
        ),
    ]);
    let output = world.driver(&["build", &format!("--fetch={address}")]);
    assert!(output.status.success(), "{}", err(&output));
    let asked = server.join().expect("the server");
    assert!(
        asked[1].contains(&format!("range: bytes={half}-")),
        "{}",
        asked[1]
    );

    let world = unpacks(&tar, &tar);
    std::fs::remove_file(world.path("sources/source.tar")).expect("removed");
    let mut long = tar.clone();
    long.push(0);
    let (address, _server) = serve(vec![(
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", long.len()),
        long,
    )]);
    let output = world.driver(&["build", &format!("--fetch={address}")]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(
        err(&output).contains("longer than the declared"),
        "{}",
        err(&output)
    );
}

/// Answers one connection after the other; what was asked.
pub fn serve(answers: Vec<(String, Vec<u8>)>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!(
        "http://{}/debian",
        listener.local_addr().expect("an address")
    );
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (head, body) in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") {
                std::io::Read::read_exact(&mut stream, &mut byte).expect("a request");
                request.push(byte[0]);
            }
            asked.push(String::from_utf8_lossy(&request).to_lowercase());
            // The other side may hang up once it has seen enough.
            let _hung_up = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body));
        }
        asked
    });
    (address, server)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
