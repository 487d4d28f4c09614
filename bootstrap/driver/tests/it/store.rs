//! What is kept survives kills and damage, and goes when nobody needs it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use snowguard_bootstrap::store::remove_tree;

use crate::world::{World, err, script};

/// Five steps in a row, each after the one before.
fn row() -> String {
    let mut steps = script("step-0", "echo 0 > /out/x");
    for index in 1..5 {
        let before = index - 1;
        steps += &script(
            &format!("step-{index}"),
            &format!("busybox cat /in/step-{before}/x > /out/x; echo {index} >> /out/x"),
        )
        .replace("[\"box\"]", &format!("[\"box\", \"step-{before}\"]"));
    }
    steps
}

#[test]
fn a_build_that_is_killed_anywhere_goes_on_to_the_same_end() {
    let Some(world) = World::with_box(&row()) else {
        return;
    };
    let Some(other) = World::with_box(&row()) else {
        return;
    };
    let whole = other.build();
    // Kills spread over the time that a build takes, so that some fall into each part of it.
    for wait in [1, 3, 7, 15, 30, 45, 60, 90, 130, 200, 300] {
        let mut driver = world
            .command(&["build"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        std::thread::sleep(Duration::from_millis(wait));
        // SIGKILL: nothing is tidied up.
        driver.kill().expect("a kill");
        driver.wait().expect("its end");
    }
    assert_eq!(world.build(), whole);
    let left = std::fs::read_dir(world.path("store/work"))
        .expect("work")
        .count();
    assert_eq!(left, 0, "what the killed ones left is cleared away");
}

/// Whether any process has the world's store in its arguments.
fn anyone_works_in(world: &World) -> bool {
    let store = world.path("store").display().to_string();
    let processes = std::fs::read_dir("/proc").expect("proc").flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|arguments| String::from_utf8_lossy(&arguments).contains(&store))
}

#[test]
fn a_step_ends_with_the_driver() {
    let Some(world) = World::with_box(&script("long", "busybox sleep 15; echo > /out/x")) else {
        return;
    };
    let mut driver = world
        .command(&["build"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the driver starts");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !anyone_works_in(&world) {
        assert!(Instant::now() < deadline, "the step never ran");
        std::thread::sleep(Duration::from_millis(5));
    }
    driver.kill().expect("a kill");
    driver.wait().expect("its end");
    while anyone_works_in(&world) {
        assert!(Instant::now() < deadline, "a step outlived the driver");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Changes a file's content and gives it its time back.
fn damage(file: &Path) {
    let meta = std::fs::metadata(file).expect("a file");
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).expect("a mode");
    let mut content = std::fs::read(file).expect("content");
    content[0] ^= 1;
    std::fs::write(file, content).expect("content");
    std::fs::set_permissions(file, meta.permissions()).expect("a mode");
    let opened = std::fs::File::open(file).expect("a file");
    opened
        .set_modified(meta.modified().expect("a time"))
        .expect("a time");
}

fn object(world: &World, hash: &str) -> PathBuf {
    world.path("store/objects").join(hash)
}

#[test]
fn an_output_damaged_by_hand_is_found_and_made_again() {
    let Some(world) = World::with_box(&row()) else {
        return;
    };
    let first = world.build();
    let file = object(&world, &first["step-2"]).join("x");
    damage(&file);
    assert_eq!(std::fs::read(&file).expect("content")[0], b'1');
    let again = world.driver(&["build"]);
    assert!(again.status.success(), "{}", err(&again));
    assert!(
        err(&again).contains("was damaged in the store"),
        "{}",
        err(&again)
    );
    assert!(
        err(&again).contains("6 outputs, 1 of them made now"),
        "{}",
        err(&again)
    );
    assert_eq!(world.output(&first["step-2"], "x"), "0\n1\n2\n");
}

#[test]
fn a_file_added_by_hand_is_found_too() {
    let Some(world) = World::with_box(&row()) else {
        return;
    };
    let first = world.build();
    let folder = object(&world, &first["step-4"]);
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("a mode");
    std::fs::write(folder.join("more"), "").expect("a file");
    let checked = world.driver(&["check-store"]);
    assert_eq!(checked.status.code(), Some(4), "{}", err(&checked));
    assert!(
        err(&checked).contains("6 outputs, 1 damaged"),
        "{}",
        err(&checked)
    );
    assert_eq!(world.build(), first);
}

#[test]
fn records_damaged_by_hand_are_found_too() {
    let Some(world) = World::with_box(&row()) else {
        return;
    };
    let first = world.build();
    let files = |folder: &str| {
        let entries = std::fs::read_dir(world.path(folder)).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
            .collect::<Vec<_>>()
    };
    let made_now = |count: usize| {
        let again = world.driver(&["build"]);
        let told = err(&again);
        assert!(
            told.contains(&format!("6 outputs, {count} of them made now")),
            "{told}"
        );
        assert_eq!(world.build(), first);
    };
    // What is known of outputs: they are hashed again.
    for file in files("store/objects") {
        std::fs::write(file, "{").expect("a file");
    }
    made_now(0);
    // What steps made: garbage, another step's, and an output that there isn't.
    let results = files("store/results");
    let other = std::fs::read(&results[0]).expect("a record");
    std::fs::write(&results[1], other).expect("a file");
    std::fs::write(&results[2], "\0").expect("a file");
    let text = std::fs::read_to_string(&results[3]).expect("a record");
    let output = text.split('"').skip_while(|word| *word != "output").nth(2);
    let wrong = text.replacen(output.expect("a hash"), &"0".repeat(64), 1);
    std::fs::write(&results[3], wrong).expect("a file");
    made_now(3);
}

#[test]
fn what_no_root_needs_is_removed() {
    let Some(world) = World::with_box(&row()) else {
        return;
    };
    let first = world.build();
    assert!(world.driver(&["root", "step-1"]).status.success());
    let dry = world.driver(&["gc", "--dry-run"]);
    assert!(err(&dry).starts_with("3 outputs"), "{}", err(&dry));
    assert!(object(&world, &first["step-4"]).exists());
    assert!(world.driver(&["gc"]).status.success());
    for (name, kept) in [
        ("box", true),
        ("step-0", true),
        ("step-1", true),
        ("step-2", false),
        ("step-4", false),
    ] {
        assert_eq!(object(&world, &first[name]).exists(), kept, "{name}");
    }
    assert_eq!(world.build(), first);
}

#[test]
fn a_full_disk_is_told_and_leaves_the_store_whole() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("mounting a small file system takes root: left out");
        return;
    }
    let Some(world) = World::with_box(&script(
        "big",
        "busybox dd if=/dev/zero of=/out/x bs=1M count=30",
    )) else {
        return;
    };
    let store = world.path("store");
    std::fs::create_dir(&store).expect("a folder");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16m", "small"])
        .arg(&store)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("a small file system can't be mounted here: left out");
        return;
    }
    let full = world.driver(&["build"]);
    let error = err(&full);
    let objects = std::fs::read_dir(store.join("objects"))
        .expect("objects")
        .count();
    let again = world.driver(&["build", "box"]);
    std::process::Command::new("umount")
        .arg(&store)
        .status()
        .expect("umount");
    assert_eq!(full.status.code(), Some(1), "{error}");
    assert!(error.contains("No space left on device"), "{error}");
    assert_eq!(objects, 2, "the box and what is known of it");
    assert!(again.status.success(), "{}", err(&again));
}

#[test]
fn trees_that_are_read_only_can_be_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = folder.path().join("a");
    std::fs::create_dir_all(tree.join("b")).expect("folders");
    std::fs::write(tree.join("b/c"), "").expect("a file");
    std::fs::set_permissions(tree.join("b"), PermissionsExt::from_mode(0o555)).expect("a mode");
    remove_tree(&tree).expect("removed");
    assert!(!tree.exists());
}
