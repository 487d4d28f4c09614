//! Provenance, second builds, and the account of what is believed.

use crate::world::{World, err, script};

const KEY: &str = "key";

/// Two steps, built and attested.
fn attested() -> Option<World> {
    let second = script("second", "busybox cat /in/first/x > /out/y")
        .replace("[\"box\"]", "[\"box\", \"first\"]");
    let world = World::with_box(&(script("first", "echo 1 > /out/x") + &second))?;
    let key = world.path(KEY);
    let key = key.to_str().expect("a path");
    assert!(world.driver(&["key", "test-1", key]).status.success());
    let out = world.path("statements");
    let attest = world.driver(&[
        "attest",
        "--key",
        key,
        "--out",
        out.to_str().expect("a path"),
    ]);
    assert!(attest.status.success(), "{}", err(&attest));
    Some(world)
}

fn verify(world: &World) -> std::process::Output {
    let key = world.path("key.pub");
    let statements = world.path("statements");
    world.driver(&[
        "verify",
        statements.to_str().expect("a path"),
        "--key",
        key.to_str().expect("a path"),
    ])
}

fn refused(world: &World, why: &str) {
    let output = verify(world);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains(why), "{}", err(&output));
}

#[test]
fn a_chain_is_verified_without_a_store() {
    let Some(world) = attested() else {
        return;
    };
    snowguard_bootstrap::store::remove_tree(&world.path("store")).expect("removed");
    let output = verify(&world);
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        err(&output).starts_with("3 statements hold"),
        "{}",
        err(&output)
    );
    assert!(!world.path("store").exists());
}

#[test]
fn a_statement_with_one_byte_changed_is_refused() {
    let Some(world) = attested() else {
        return;
    };
    let file = "statements/first.intoto.json";
    let text = std::fs::read_to_string(world.path(file)).expect("a statement");
    let payload = text.find("\"payload\":\"").expect("a payload") + 11;
    let mut bytes = text.into_bytes();
    bytes[payload + 40] = if bytes[payload + 40] == b'A' {
        b'B'
    } else {
        b'A'
    };
    world.write(file, bytes);
    refused(&world, "no signature by a key that is trusted");
}

#[test]
fn a_statement_by_another_key_is_refused() {
    let Some(world) = attested() else {
        return;
    };
    let other = world.path("other");
    let other = other.to_str().expect("a path");
    assert!(world.driver(&["key", "test-1", other]).status.success());
    std::fs::copy(world.path("other.pub"), world.path("key.pub")).expect("a copy");
    refused(&world, "no signature by a key that is trusted");
}

#[test]
fn a_missing_link_and_a_swapped_statement_are_refused() {
    let Some(world) = attested() else {
        return;
    };
    let first = std::fs::read(world.path("statements/first.intoto.json")).expect("a statement");
    let second = world.path("statements/second.intoto.json");
    std::fs::write(&second, &first).expect("a file");
    refused(&world, "it is about `first`");
    std::fs::remove_file(second).expect("removed");
    refused(&world, "there is no statement of `second`");
}

#[test]
fn a_step_that_changed_since_is_refused() {
    let Some(world) = attested() else {
        return;
    };
    let steps = std::fs::read_to_string(world.path("steps/steps.toml")).expect("steps");
    world.write("steps/steps.toml", steps.replace("echo 1", "echo 2"));
    refused(&world, "the step is another one in the graph now");
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let Some(world) = attested() else {
        return;
    };
    let key = world.path(KEY);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, mode).expect("a mode");
    let out = world.path("again");
    let attest = world.driver(&[
        "attest",
        "--key",
        key.to_str().expect("a path"),
        "--out",
        out.to_str().expect("a path"),
    ]);
    assert_eq!(attest.status.code(), Some(1));
    assert!(
        err(&attest).contains("others may read it"),
        "{}",
        err(&attest)
    );
}

#[test]
fn a_second_build_elsewhere_is_the_same() {
    let Some(world) = World::with_box(&script("sorted", "busybox ls /in/box/bin > /out/x")) else {
        return;
    };
    let output = world.driver(&["build", "--check"]);
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        err(&output).contains("all outputs are the same"),
        "{}",
        err(&output)
    );
}

#[test]
fn what_depends_on_the_order_of_folders_is_found() {
    // `find` lists as the file system does.
    let order = script("order", "busybox find /in/many > /out/list")
        .replace("inputs = [\"box\"]", "inputs = [\"box\", \"many\"]");
    let many = script(
        "many",
        "for i in 1 2 3 4 5 6 7 8 9; do echo > /out/$i; done",
    );
    let Some(world) = World::with_box(&(order + &many)) else {
        return;
    };
    let output = world.driver(&["build", "--check"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("list: "), "{told}");
    assert!(told.contains("bytes differ, the first at "), "{told}");
    assert!(
        err(&output).contains("1 of 3 outputs differ: order"),
        "{}",
        err(&output)
    );
}

#[test]
fn what_depends_on_the_number_of_processors_is_found() {
    if std::thread::available_parallelism().is_ok_and(|count| count.get() == 1) {
        eprintln!("there is only one processor: left out");
        return;
    }
    let Some(world) = World::with_box(&script("count", "busybox nproc > /out/count")) else {
        return;
    };
    let output = world.driver(&["build", "--check"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(
        err(&output).contains("1 of 2 outputs differ: count"),
        "{}",
        err(&output)
    );
}

#[test]
fn the_account_names_every_binary_text_and_generated_file() {
    let steps = script("x", "echo > /out/x").replace(
        "inputs = [\"box\"]",
        "inputs = [\"box\"]\nfiles = [\"own.sh\"]\nsources = [\"seed\"]",
    ) + r#"
[[source]]
name = "seed"
sha256 = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
size = 1
hex = "seed.hex0"
trust = "seed"
description = "One byte."
"#;
    let Some(world) = World::with_box(&steps) else {
        return;
    };
    world.write("steps/own.sh", "echo own\n");
    world.write("steps/seed.hex0", "01 # one\n");
    let output = world.driver(&["audit", "--format", "json"]);
    assert!(output.status.success(), "{}", err(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let names = |list: &str| -> Vec<String> {
        let list = report[list].as_array().expect("a list");
        list.iter()
            .map(|item| item["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(
        names("binaries"),
        ["snowguard-step", "snowguard-bootstrap", "seed"]
    );
    assert_eq!(names("texts"), ["busybox", "own.sh"]);
    assert_eq!(names("steps"), ["box", "x"]);
    let page = world.driver(&["audit", "--format", "html"]);
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(
        page.contains("<svg") && !page.contains("src=") && !page.contains("http"),
        "it needs nothing else"
    );
    let why = world.driver(&["why", "x"]);
    let why = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(
        why.contains("steps.toml:") && why.contains("source seed (1 bytes, seed)"),
        "{why}"
    );
}

#[test]
fn a_seed_with_a_byte_flipped_runs_nothing() {
    let steps = script("x", "echo > /out/x").replace(
        "inputs = [\"box\"]",
        "inputs = [\"box\"]\nsources = [\"seed\"]",
    ) + r#"
[[source]]
name = "seed"
sha256 = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
size = 1
hex = "seed.hex0"
trust = "seed"
description = "One byte."
"#;
    let Some(world) = World::with_box(&steps) else {
        return;
    };
    world.write("steps/seed.hex0", "00 # one\n");
    let output = world.driver(&["build"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(
        err(&output).contains("source `seed`: 1 bytes with SHA-256"),
        "{}",
        err(&output)
    );
}
