//! c2: programs do what gcc's do, and another compiler's c2 writes the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools;

const PROGRAM: &str = include_str!("programs/c2.c");

fn source(name: &str) -> PathBuf {
    tools::climbed().join("src").join(name)
}

/// Compiles with c2; the program, or what it said.
fn compiled(folder: &Path, text: &str) -> Result<PathBuf, Output> {
    let input = folder.join("text.c");
    fs::write(&input, text).unwrap();
    let output = folder.join("ours");
    let ended = Command::new(tools::climbed().join("bin/c2"))
        .arg(format!("-I{}", folder.display()))
        .args([&source("c2-kernel.c"), &input, &output])
        .output()
        .unwrap();
    if ended.status.success() {
        Ok(output)
    } else {
        Err(ended)
    }
}

#[test]
fn programs_do_what_they_do_in_gcc() {
    let folder = tempfile::tempdir().unwrap();
    let ours = compiled(folder.path(), PROGRAM).unwrap();
    let ours = Command::new(ours).output().unwrap();
    let said = String::from_utf8(ours.stdout).unwrap();
    assert_eq!(ours.status.code(), Some(1), "{said}");
    assert!(said.contains("pts=1346\nsw=101026\nsum=-4\n"), "{said}");
    if tools::program("gcc", "gcc").is_none() {
        return;
    }
    let theirs = folder.path().join("theirs");
    let ended = Command::new("gcc")
        .args(["-w", "-D__C2__", "-include", "unistd.h", "-o"])
        .arg(&theirs)
        .arg(folder.path().join("text.c"))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let theirs = Command::new(theirs).output().unwrap();
    assert_eq!(said, String::from_utf8(theirs.stdout).unwrap());
    assert_eq!(theirs.status.code(), Some(1));
}

/// The command of the script that makes a file.
fn command(path: &str) -> snowguard_bootstrap_ladder::Command {
    let rungs = tools::ladder().rungs;
    let mut commands = rungs.into_iter().flat_map(|rung| rung.commands);
    commands
        .find(|command| command.output() == Some(path))
        .unwrap()
}

#[test]
fn a_c2_that_gcc_compiled_writes_the_same_bytes() {
    if tools::program("gcc", "gcc").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = command("bin/c2-c2");
    let text: Vec<u8> = made
        .inputs()
        .iter()
        .filter(|path| !path.contains("c2-small") && !path.contains("c2-kernel"))
        .flat_map(|path| fs::read(tools::climbed().join(path)).unwrap())
        .collect();
    fs::write(folder.path().join("c2.c"), text).unwrap();
    fs::write(folder.path().join("call.h"), "long syscall(long, ...);\n").unwrap();
    let ended = Command::new("gcc")
        .args([
            "-w",
            "-std=gnu89",
            "-fno-builtin",
            "-fwrapv",
            "-funsigned-char",
            "-Dint=long",
        ])
        .args(["-include", "call.h", "-o", "c2", "c2.c"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let out = folder.path().join("out");
    let ended = Command::new(folder.path().join("c2"))
        .args(made.inputs())
        .arg(&out)
        .current_dir(tools::climbed())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(fs::read(&out).unwrap() == fs::read(tools::climbed().join("bin/c2-c2")).unwrap());
}

#[test]
fn bad_programs_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("part.h"), "int part;\n").unwrap();
    for text in [
        "#include \"part.h\"\n#include <part.h>\nint main() { return part; }",
        "#define F(x, ...) G(x, ## __VA_ARGS__)\n#define G(...) 0\nint main() { return F(1) + F(1, 2); }",
    ] {
        compiled(folder.path(), text).unwrap();
    }
    for (text, said) in [
        ("int main() {\n return x; }", "text.c:2: an unknown name: x"),
        ("#if 1\nint main() {}", "an #if is not closed"),
        ("#error no\n", "text.c:1: #error: no"),
        ("#include <none.h>\n", "this file is not found"),
        ("int main() { goto a; }", "this label is not there"),
        ("int f(); int main() { return f(); }", "not defined: f"),
        ("int main() { 1 = 2; }", "this cannot be assigned to"),
        (
            "struct s { int a; } x; int main() { return x.b; }",
            "there is no such member",
        ),
        ("int main() { return 1 +; }", "expected an expression"),
        ("int main() { break; }", "break outside of a loop"),
        ("int main(int a) { return main(); }", "too few arguments"),
        ("int f() {}", "there is no main"),
        ("int main() { char *s = \"", "a string is not closed"),
        (
            "#define F(x) x\nint main() { F(1",
            "the arguments of a macro are not closed",
        ),
        ("int a[x]; int main() {}", "an unknown name"),
    ] {
        let ended = compiled(folder.path(), text).unwrap_err();
        assert_eq!(ended.status.code(), Some(1), "{text}: {ended:?}");
        let error = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(error.contains(said), "{text}: {error}");
    }
}
