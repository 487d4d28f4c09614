use serde_json::Value;

use crate::stage::{Stage, digest, text};

fn findings(stage: &Stage, arguments: &[&str]) -> Vec<(String, String)> {
    let output = stage.run(&[&["--format", "json"], arguments].concat());
    let (out, err, _) = text(&output);
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let member = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (member(row, "advisory"), member(row, "version")))
        .collect()
}

fn pair(advisory: &str, version: &str) -> (String, String) {
    (advisory.to_owned(), version.to_owned())
}

#[test]
fn a_list_of_paths_is_read_and_outputs_are_one_package() {
    let stage = Stage::new();
    let list = format!(
        "/nix/store/{a}-openssl-3.0.13-bin\n{b}-openssl-3.0.13-dev\n/nix/store/{c}-curl-8.6.0\n\
         /nix/store/{d}-openssl-3.0.13.tar.gz\n.links\n",
        a = digest('a'),
        b = digest('b'),
        c = digest('c'),
        d = digest('d')
    );
    stage.put("list", &list);
    assert_eq!(
        findings(&stage, &["list"]),
        [pair("CVE-2024-1001", "3.0.13")]
    );
}

#[test]
fn the_very_path_of_a_channel_brings_its_patches() {
    let stage = Stage::new();
    stage.put("list", &format!("{}-openssl-3.0.13\n", digest('p')));
    assert_eq!(findings(&stage, &["list"]), []);
    // The same name built in another way may lack the patch.
    stage.put("list", &format!("{}-openssl-3.0.13\n", digest('q')));
    assert_eq!(
        findings(&stage, &["list"]),
        [pair("CVE-2024-1001", "3.0.13")]
    );
}

#[test]
fn path_information_of_each_version_is_read() {
    let stage = Stage::new();
    let hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (root, curl) = (
        format!("/nix/store/{}-system-1", digest('a')),
        format!("/nix/store/{}-curl-8.4.0", digest('b')),
    );
    let entry = |path: &str, references: &str| {
        format!(r#"{{"path":"{path}","narHash":"{hash}","narSize":1,"references":[{references}]}}"#)
    };
    let list = format!(
        "[{},{}]",
        entry(&root, &format!("\"{curl}\"")),
        entry(&curl, "")
    );
    let map = format!(
        r#"{{"{root}":{{"narHash":"{hash}","narSize":1,"references":["{curl}"]}},"{curl}":{{"narHash":"{hash}","narSize":1,"references":[]}}}}"#
    );
    for (name, body) in [("list.json", list), ("map.json", map)] {
        stage.put(name, &body);
        let output = stage.run(&["--format", "json", name]);
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{:?}", text(&output)));
        assert_eq!(
            document["findings"][0]["advisory"], "CVE-2024-1002",
            "{name}"
        );
        let why = document["findings"][0]["why"].as_array().unwrap();
        assert_eq!(why.len(), 2, "from the root to curl");
    }
}

#[test]
fn a_derivation_tells_its_patches() {
    let stage = Stage::new();
    let out = format!("/nix/store/{}-openssl-3.0.13", digest('x'));
    let derivation = |patches: &str| {
        format!(
            "Derive([(\"out\",\"{out}\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],\
             [(\"name\",\"openssl-3.0.13\"),(\"out\",\"{out}\"),(\"patches\",\"{patches}\"),\
             (\"pname\",\"openssl\"),(\"version\",\"3.0.13\")])"
        )
    };
    stage.put("a.drv", &derivation(""));
    assert_eq!(
        findings(&stage, &["a.drv"]),
        [pair("CVE-2024-1001", "3.0.13")]
    );
    let patch = format!("/nix/store/{}-CVE-2024-1001.patch", digest('y'));
    stage.put("a.drv", &derivation(&patch));
    assert_eq!(findings(&stage, &["a.drv"]), []);
}

#[test]
fn a_root_without_a_nix_database_and_paths_outside_are_told() {
    let stage = Stage::new();
    let path = format!("/nix/store/{}-openssl-3.0.13", digest('a'));
    let (_, err, code) = text(&stage.run(&["--root", "nowhere", &path]));
    assert_eq!(code, Some(3));
    assert!(err.contains("nowhere/nix/var/nix/db/db.sqlite"), "{err}");
    let (_, err, code) = text(&stage.run(&["/etc"]));
    assert_eq!(code, Some(3));
    assert!(err.contains("does not lead into /nix/store"), "{err}");
}

#[test]
fn hostile_files_are_refused_with_a_place() {
    let stage = Stage::new();
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    for (name, body, told) in [
        ("deep.json", deep.as_str(), "deep.json"),
        (
            "half.json",
            "{\"version\":2,\"storeDir\":\"/nix/store\",\"info\":{",
            "half.json",
        ),
        ("a.drv", "Derive([(\"out\",", "a.drv"),
        ("list", "/nix/store/short\n", "line 1"),
        ("list2", "\n\n../../etc/passwd\n", "line 3"),
        ("empty", "", "no store path"),
    ] {
        stage.put(name, body);
        let (_, err, code) = text(&stage.run(&[name]));
        assert_eq!(code, Some(3), "{name}: {err}");
        assert!(err.contains(told), "{name}: {err}");
    }
    let loop_link = stage.path("loop");
    std::os::unix::fs::symlink(&loop_link, &loop_link).unwrap();
    let (_, _, code) = text(&stage.run(&["loop"]));
    assert_eq!(code, Some(3));
}

/// What Nix prints of derivations elsewhere: their names, and what they refer to.
#[test]
fn derivations_that_are_only_named_stand_for_what_they_build() {
    let stage = Stage::new();
    let list = format!(
        "{}-openssl-3.0.13.drv\n{}-openssl-3.0.13.tar.gz.drv\n{}-builder.sh\n",
        digest('a'),
        digest('b'),
        digest('c')
    );
    stage.put("list", &list);
    let openssl = [pair("CVE-2024-1001", "3.0.13")];
    assert_eq!(findings(&stage, &["list"]), openssl);
    // The channel knows the derivation, and with it the patch.
    stage.put("list", &list.replace(&digest('a'), &digest('q')));
    assert_eq!(findings(&stage, &["list"]), []);
    // Where what was built is there, derivations beside it say nothing.
    let built = format!("{}-curl-8.6.0\n{list}", digest('d'));
    stage.put("list", &built);
    assert_eq!(findings(&stage, &["list"]), []);
}

#[test]
fn the_store_of_an_image_is_scanned_without_a_database() {
    let stage = Stage::new();
    let store = stage.path("image/nix/store");
    for name in ["openssl-3.0.13", "openssl-3.0.13-dev"]
        .into_iter()
        .zip(["a", "b"])
    {
        std::fs::create_dir_all(store.join(format!("{}-{}", name.1.repeat(32), name.0))).unwrap();
    }
    for other in [".links", "nonsense", "openssl-3.0.12"] {
        std::fs::create_dir_all(store.join(other)).unwrap();
    }
    let found = findings(&stage, &["--root", "image", "--store"]);
    assert_eq!(found, [pair("CVE-2024-1001", "3.0.13")]);
    let (_, err, code) = text(&stage.run(&["--root", "nowhere", "--store"]));
    assert_eq!(code, Some(3), "{err}");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::create_dir_all(&store).unwrap();
    let (_, err, code) = text(&stage.run(&["--root", "image", "--store"]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("no store path"), "{err}");
}
