//! Archives: what Nix writes is read and written back exactly; what it refuses is refused.

use std::io::{BufReader, Cursor};
use std::process::Command;

use snowguard_nix_formats::nar::{Event, NarError, Reader, Writer};

fn word(text: &[u8]) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

fn archive(words: &[&str]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|text| word(text.as_bytes()))
        .collect()
}

/// Reads and writes everything again.
fn copy(bytes: &[u8]) -> Result<Vec<u8>, NarError> {
    let mut reader = Reader::new(Cursor::new(bytes));
    let mut writer = Writer::new(Vec::new())?;
    let mut open = vec![];
    loop {
        match reader.next_event()? {
            Event::Regular { executable, size } => {
                let mut content = BufReader::with_capacity(7, reader.content());
                writer.regular(executable, size, &mut content)?;
            }
            Event::Symlink(target) => writer.symlink(&target)?,
            Event::OpenDirectory => {
                writer.open_directory()?;
                open.push(());
                continue;
            }
            Event::Entry(name) => {
                writer.entry(&name)?;
                continue;
            }
            Event::CloseDirectory => {
                open.pop();
                writer.close_directory()?;
            }
            Event::End => break,
        }
        if !open.is_empty() {
            writer.close_entry()?;
        }
    }
    assert_eq!(reader.offset(), bytes.len() as u64);
    Ok(writer.finish()?.0)
}

#[test]
fn what_nix_packs_is_read_and_written_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("b/empty")).expect("folders");
    std::fs::write(tree.join("b/8 bytes"), "12345678").expect("a file");
    std::fs::write(tree.join("a.b"), "").expect("a file");
    std::fs::write(tree.join("a"), vec![7; 300_001]).expect("a file");
    std::os::unix::fs::symlink("../x", tree.join("b/link")).expect("a link");
    let mut mode = std::fs::metadata(tree.join("a.b"))
        .expect("it")
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(tree.join("a.b"), mode).expect("a mode");
    let run = Command::new("nix-store").arg("--dump").arg(&tree).output();
    let Ok(run) = run else {
        assert!(std::env::var_os("CI").is_none(), "nix-store is missing");
        println!("nix-store is missing; Nix's own archive is left out");
        return;
    };
    assert!(run.status.success());
    assert_eq!(copy(&run.stdout).expect("an archive"), run.stdout);
    for cut in (0..run.stdout.len()).step_by(97).take(40) {
        assert!(copy(&run.stdout[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn hostile_archives_are_refused_with_their_place() {
    let head = ["nix-archive-1", "(", "type", "directory"];
    let file = |name: &'static str| {
        [
            "entry", "(", "name", name, "node", "(", "type", "symlink", "target", "x", ")", ")",
        ]
    };
    let with = |names: &[&'static str]| {
        let mut words = head.to_vec();
        names.iter().for_each(|name| words.extend(file(name)));
        words.push(")");
        copy(&archive(&words))
    };
    assert!(with(&["a", "b"]).is_ok());
    for bad in ["", ".", "..", "a/b", "/a", "a\0"] {
        assert!(
            matches!(with(&[bad]), Err(NarError::Name { .. })),
            "{bad:?}"
        );
    }
    for names in [["b", "a"], ["a", "a"]] {
        assert!(matches!(with(&names), Err(NarError::Order { .. })));
    }
    let mut more = archive(&["nix-archive-1", "(", "type", "symlink", "target", "x", ")"]);
    assert!(copy(&more).is_ok());
    let target = more.len() - 17;
    more[target] = 1;
    assert!(matches!(copy(&more), Err(NarError::Padding { .. })));
    more[target] = 0;
    more.push(0);
    assert!(matches!(
        copy(&more),
        Err(NarError::Trailing { offset: 120 })
    ));
    let long = archive(&["nix-archive-1", "(", "type", &"x".repeat(17)]);
    assert!(matches!(
        copy(&long),
        Err(NarError::Length { length: 17, .. })
    ));
    let mut huge = archive(&["nix-archive-1", "(", "type", "regular", "contents"]);
    huge.extend_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(copy(&huge), Err(NarError::Stream { .. })));
    let mut deep = archive(&["nix-archive-1"]);
    for _ in 0..300 {
        deep.extend(archive(&[
            "(",
            "type",
            "directory",
            "entry",
            "(",
            "name",
            "a",
            "node",
        ]));
    }
    assert!(matches!(copy(&deep), Err(NarError::Depth { .. })));
}

#[test]
fn a_writer_refuses_what_is_no_archive() {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    assert!(writer.entry(b"a").is_err());
    writer.open_directory().expect("a node is due");
    assert!(writer.symlink(b"x").is_err());
    writer.entry(b"b").expect("an entry is due");
    assert!(writer.close_entry().is_err(), "without its node");
    let short = writer.regular(false, 5, &mut &b"1234"[..]);
    assert!(matches!(short, Err(NarError::Misuse { .. })));
}
