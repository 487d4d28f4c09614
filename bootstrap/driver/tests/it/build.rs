//! Building: what a step sees, what it leaves, what is kept.

use crate::world::{World, err, script};

#[test]
fn a_step_sees_what_it_names_and_nothing_else() {
    let look = script(
        "look",
        "cd /; busybox ls -a > /out/root; busybox ls /dev > /out/dev; busybox ls /in > /out/in
         busybox id -u > /out/user; busybox hostname > /out/host; umask > /out/umask
         busybox env | busybox sort > /out/env
         busybox stat -c '%Y %a' /in/box/bin/busybox > /out/file",
    );
    let Some(world) = World::with_box(&look) else {
        return;
    };
    let hash = &world.build()["look"];
    let told = |file: &str| world.output(hash, file);
    assert_eq!(told("root"), ".\n..\nbuild\ndev\nin\nout\nsrc\ntmp\n");
    assert_eq!(told("dev"), "full\nnull\nrandom\nurandom\nzero\n");
    assert_eq!(told("in"), "box\n");
    assert_eq!(
        (told("user"), told("host")),
        ("1000\n".into(), "snowguard\n".into())
    );
    assert_eq!(told("umask"), "0022\n");
    assert_eq!(told("file"), "1 555\n");
    // OLDPWD, PWD and SHLVL are the shell's own.
    assert_eq!(
        told("env"),
        "HOME=/build\nLC_ALL=C\nOLDPWD=/build\nPATH=/in/box/bin\nPWD=/\nSHLVL=1\nSOURCE_DATE_EPOCH=1\nTMPDIR=/tmp\nTZ=UTC\n"
    );
}

#[test]
fn what_was_made_is_not_made_again_and_what_changed_is() {
    let Some(world) = World::with_box(&script("a", "echo one > /out/x")) else {
        return;
    };
    let first = world.build();
    let again = world.driver(&["build"]);
    assert!(
        err(&again).contains("2 outputs, 0 of them made now"),
        "{}",
        err(&again)
    );
    let steps = std::fs::read_to_string(world.path("steps/steps.toml")).expect("the file");
    world.write("steps/steps.toml", steps.replace("echo one", "echo two"));
    let second = world.build();
    assert_eq!(first["box"], second["box"]);
    assert_ne!(first["a"], second["a"]);
    assert_eq!(world.output(&second["a"], "x"), "two\n");
}

#[test]
fn a_step_that_fails_is_told_with_the_end_of_its_log() {
    let Some(world) = World::with_box(&script("bad", "echo looking for it; false")) else {
        return;
    };
    let output = world.driver(&["build"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("  | looking for it"),
        "{}",
        err(&output)
    );
}

#[test]
fn another_output_than_recorded_fails() {
    let Some(world) = World::with_box(&script("a", "echo one > /out/x")) else {
        return;
    };
    let recorded = world.driver(&["build", "--record"]);
    assert!(recorded.status.success(), "{}", err(&recorded));
    assert!(world.driver(&["build"]).status.success());
    let file = world.path("steps/expected.toml");
    let text = std::fs::read_to_string(&file).expect("hashes");
    let line = text
        .lines()
        .find(|line| line.starts_with("\"a\""))
        .expect("a");
    let other = format!("\"a\" = \"{}\"", "0".repeat(64));
    std::fs::write(&file, text.replace(line, &other)).expect("hashes");
    let output = world.driver(&["build"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(
        err(&output).contains("recorded is 0000"),
        "{}",
        err(&output)
    );
}

#[test]
fn each_runs_once_for_every_file_in_order() {
    let steps = r#"
[[step]]
name = "each"
description = "A test."
inputs = ["box"]
env = { PATH = "/in/box/bin" }
[[step.action]]
write = { to = "src/b/two.c", text = "2" }
[[step.action]]
write = { to = "src/a/one.c", text = "1" }
[[step.action]]
write = { to = "src/a/left.c", text = "x" }
[[step.action]]
write = { to = "src/a/x86/left.s", text = "y" }
[[step.action]]
each.files = "src/*/*.c"
each.skip_if = ["{dir}/x86/{base}.s"]
each.argv = ["/in/box/bin/busybox", "cat", "{path}"]
each.stdout = "o/{flat}.o"
[[step.action]]
run = { argv = ["/in/box/bin/busybox", "echo", { files = "o/*.o" }], stdout = "/out/list" }
"#;
    let Some(world) = World::with_box(steps) else {
        return;
    };
    let hash = &world.build()["each"];
    assert_eq!(world.output(hash, "list"), "o/src-a-one.o o/src-b-two.o\n");
}

#[test]
fn what_more_is_made_of_comes_first_and_nothing_after_a_failure() {
    let above = script("c", "busybox cat /in/b/x > /out/x")
        .replace("inputs = [\"box\"]", "inputs = [\"b\", \"box\"]");
    let steps = script("a", "echo 1 > /out/x") + &script("b", "echo 2 > /out/x") + &above;
    let Some(world) = World::with_box(&steps) else {
        return;
    };
    let output = world.driver(&["build", "--at-once", "1"]);
    assert!(output.status.success(), "{}", err(&output));
    let told = err(&output);
    let done: Vec<&str> = told
        .lines()
        .filter(|line| line.contains(" MiB "))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(done, ["box", "b", "a", "c"], "{told}");

    let steps = script("a", "false") + &script("b", "echo 2 > /out/x");
    let Some(world) = World::with_box(&steps) else {
        return;
    };
    let output = world.driver(&["build", "--at-once", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let results = std::fs::read_dir(world.path("store/results")).expect("results");
    assert_eq!(results.count(), 1, "the box's alone: {}", err(&output));
}
