//! Graphs, good and bad: what is wrong is told with file and line before anything runs.

use snowguard_bootstrap::graph::load;

const GOOD: &str = r#"
format = 1

[[source]]
name = "seed"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
size = 0
hex = "seed.hex0"
trust = "seed"
description = "Nothing."

[[step]]
name = "b"
description = "Second."
inputs = ["a"]
action = [ { run = { argv = ["/in/a/x", { files = "*.o" }] } } ]

[[step]]
name = "a"
description = "First."
sources = ["seed"]
links = { "/bin/sh" = "/src/seed" }

[[step.action]]
copy.from = "/src/seed"
copy.to = "/out/x"
"#;

fn told(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().expect("a folder to write in");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a folder to write in");
    }
    let root = format!("{}/", folder.path().display());
    load(&[folder.path().to_path_buf()], "x86_64")
        .map(|graph| graph.order.iter().map(ToString::to_string).collect())
        .map_err(|errors| errors.to_string().replace(&root, ""))
}

/// The good graph with one text changed: the error.
fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    told(&[("s.toml", &GOOD.replacen(from, to, 1))]).expect_err("a wrong graph")
}

#[test]
fn steps_come_after_their_inputs() {
    assert_eq!(told(&[("s.toml", GOOD)]).unwrap(), ["a", "b"]);
}

#[test]
fn a_cycle_is_told_with_its_members() {
    let error = changed(
        "sources = [\"seed\"]",
        "sources = [\"seed\"]\ninputs = [\"b\"]",
    );
    assert_eq!(
        error,
        "s.toml:19: steps wait for one another: a needs b needs a"
    );
}

#[test]
fn an_undeclared_input_is_refused() {
    let error = changed("inputs = [\"a\"]\n", "");
    assert_eq!(
        error,
        "s.toml:15: step `b` names /in/a and doesn't declare it as an input"
    );
}

#[test]
fn an_input_that_no_step_makes_is_refused() {
    let error = changed("inputs = [\"a\"]", "inputs = [\"a\", \"c\"]");
    assert_eq!(error, "s.toml:15: step `b` needs `c`, and no step makes it");
}

#[test]
fn an_undeclared_source_is_refused() {
    let error = changed("copy.from = \"/src/seed\"", "copy.from = \"/src/tree\"");
    assert_eq!(
        error,
        "s.toml:24: step `a` names /src/tree and declares it neither as a source nor as a file"
    );
}

#[test]
fn two_writers_of_one_output_are_refused() {
    let error = changed("name = \"b\"", "name = \"a\"");
    assert!(
        error.contains("s.toml:19: two steps write the output `a`: here and at s.toml:13"),
        "{error}"
    );
}

#[test]
fn an_unknown_field_is_told_with_its_line() {
    let error = changed("trust = \"seed\"", "trust = \"seed\"\nurl = \"http://x/\"");
    assert!(
        error.starts_with("s.toml:10: unknown field `url`"),
        "{error}"
    );
    let error = changed("copy.to", "copy.too");
    assert!(
        error.starts_with("s.toml:26: unknown field `too`"),
        "{error}"
    );
}

#[test]
fn a_file_outside_of_the_folder_is_refused() {
    for bad in ["../x", "/etc/passwd", "a/../../x"] {
        let error = changed(
            "inputs = [\"a\"]",
            &format!("inputs = [\"a\"]\nfiles = [\"{bad}\"]"),
        );
        assert!(error.contains("leads out of the folder"), "{error}");
    }
}

#[test]
fn a_link_may_not_replace_a_fixed_folder() {
    for bad in ["/in/a", "/out", "/dev/null", "bin/sh", "/bin/../out"] {
        let error = changed("\"/bin/sh\"", &format!("\"{bad}\""));
        assert!(error.contains("can't be a link"), "{error}");
    }
}

#[test]
fn a_recorded_hash_belongs_to_a_step() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let expected = format!("[x86_64]\na = \"{hash}\"\nz = \"{hash}\"\n[riscv64]\nq = \"{hash}\"\n");
    let error = told(&[("s.toml", GOOD), ("expected.toml", &expected)]).unwrap_err();
    assert_eq!(error, "expected.toml:3: there is no step `z`");
}

#[test]
fn who_reads_only_the_first_line_breaks_nothing() {
    let folder = tempfile::tempdir().expect("a folder to write in");
    let mut steps = String::from("format = 1\n");
    // More than a pipe holds.
    let long = "x".repeat(100);
    for step in 0..400 {
        steps.push_str(&format!(
            "[[step]]\nname = \"{long}{step}\"\ndescription = \"One.\"\naction = [ {{ folder.paths = \"/out/x\" }} ]\n"
        ));
    }
    std::fs::write(folder.path().join("s.toml"), steps).expect("a folder to write in");
    let mut child = std::process::Command::new(crate::world::DRIVER)
        .args(["graph", "--steps"])
        .arg(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the driver starts");
    let mut first = [0];
    let mut stdout = child.stdout.take().expect("a pipe");
    std::io::Read::read_exact(&mut stdout, &mut first).expect("a line");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn nothing_runs_before_the_whole_graph_is_in_order() {
    let world = crate::world::World::new(&GOOD.replacen("seed.hex0", "none.hex0", 1).replacen(
        "inputs = [\"a\"]",
        "inputs = [\"a\", \"b\"]",
        1,
    ));
    for command in ["build", "graph", "audit", "why"] {
        let output = world.driver(&[command]);
        assert_eq!(output.status.code(), Some(3), "{command}");
        let told = crate::world::err(&output);
        assert!(
            told.contains("steps wait for one another: b needs b"),
            "{told}"
        );
    }
    assert!(!world.path("store").exists());
}
