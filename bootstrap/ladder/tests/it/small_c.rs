//! Small C: the three compilers agree, and programs do what gcc's do.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use snowguard_bootstrap_ladder::notation::{Source, small_c};

use crate::tools;

const FEATURES: &str = include_str!("programs/features.c");

/// What all three compilers make of a text, or nothing when all refuse.
fn compiled(text: &str) -> Option<Vec<u8>> {
    let checked = small_c::compile(&[Source::new("text.c", text)]);
    let expected = checked.as_ref().ok().map(|made| made.text.clone());
    for compiler in ["bin/cc", "bin/cc-c"] {
        let made = tools::made(compiler, &[text.as_bytes()]);
        let shown =
            |made: &Option<Vec<u8>>| made.as_ref().map(|text| text.escape_ascii().to_string());
        assert_eq!(
            shown(&made),
            shown(&expected),
            "{compiler} on {text}: the checker says {checked:?}"
        );
    }
    expected
}

/// Compiles with the ladder and runs the program.
fn run(text: &str, arguments: &[&str]) -> Output {
    let assembly = compiled(text).expect("the text is small C");
    let source = |name: &str| fs::read(tools::climbed().join("src").join(name)).unwrap();
    let parts = [
        source("elf.M1"),
        source("defs.M1"),
        source("c-start.M1"),
        assembly,
        source("end.M1"),
    ];
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let hex2 = tools::made("bin/M1", &parts).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ended, program) = tools::run("bin/hex2", &[&hex2]);
    assert!(ended.status.success(), "{ended:?}");
    let path = folder.path().join("program");
    fs::write(&path, program.unwrap()).unwrap();
    executable(&path);
    Command::new(path).args(arguments).output().unwrap()
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn every_construct_does_what_it_does_in_gcc() {
    let ours = run(FEATURES, &["x y"]);
    let said = String::from_utf8(ours.stdout).unwrap();
    assert_eq!(ours.status.code(), Some(42), "{said}");
    for line in [
        "escapes, and ü
",
        "signs = -3017
",
        "through = -7
",
        "for = 24912
",
        "x y
",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    if tools::program("gcc", "gcc").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("features.c"), FEATURES).unwrap();
    let ended = Command::new("gcc")
        .args([
            "-w",
            "-std=gnu89",
            "-fno-builtin",
            "-fwrapv",
            "-funsigned-char",
            "-Dint=long",
        ])
        .args(["-o", "theirs", "features.c"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let theirs = Command::new(folder.path().join("theirs"))
        .arg("x y")
        .output()
        .unwrap();
    assert_eq!(said, String::from_utf8(theirs.stdout).unwrap());
    assert_eq!(theirs.status.code(), Some(42));
}

#[test]
fn good_programs_are_taken_by_all_three() {
    for text in [
        "",
        "int main() { return 0; }",
        "void f(void) { return; } int main(int a, char **b) { f(); }",
        "struct a; struct b { struct a *a; }; struct a { struct b b; }; struct a x; int f() { x.b.a = &x; }",
        "struct s { int a; } x; int f(struct s *p) { return p->a + x.a; }",
        "int f(struct new *p, int a) { return a; } int g(int a) { return f(0, a); }",
        "enum { A }; enum { B = A, C = 'c' }; int a[C];",
        "int f(int a, void) { return a; } int g() { return f(1); }",
        "int f() { int x; int *p; p = &x; *p = 1; return *&*p; }",
        "int while1; int f() { return while1; }",
        "int f() { {} ; {;} if (1) if (2) ; else ; return 1; }",
        "/**/ int a; // x\n/***/ int b; /*/ */ int c;",
        "int f() { return 1 - -1 - !1 - ~1; }",
        "int f(); int f(); int f() { return f(); }",
        "int f; int g() { int g; g = f; { int f; f = g; } return f; }",
    ] {
        assert!(compiled(text).is_some(), "{text}");
    }
}

#[test]
fn bad_programs_are_refused_by_all_three() {
    for text in [
        "int",
        "int f() {",
        "int f() { return 1 }",
        "int f() { x; }",
        "int f() { f; }",
        "int f() { f(1); }",
        "int f(int a) { f(); }",
        "int f() { g(); }",
        "int x; int f() { x(); }",
        "int f(); int f(int a);",
        "int f() { 1 = 2; }",
        "int f() { int a; a + 1 = 2; }",
        "int a[2]; int f() { a = 0; }",
        "int f() { int a[2] = 1; }",
        "int f() { &1; }",
        "int f() { *1; }",
        "int f() { int a; a[0]; }",
        "int f() { int a; a.b; }",
        "int f() { int *a; a->b; }",
        "struct s { int a; }; int f(struct s *p) { p->b; }",
        "struct s { int a; }; int f(struct s *p) { p.a; }",
        "struct s { int a; }; struct s { int b; };",
        "struct s { int a; }; struct s x; int f() { return x; }",
        "struct s { struct s s; };",
        "struct s x;",
        "struct s { };",
        "int f() { struct s { int a; } x; }",
        "void x;",
        "void *p; int f() { return *p; }",
        "void *p; int f() { return p[0]; }",
        "void *p; int f() { *p = 1; }",
        "int f() { return sizeof(void); }",
        "int f() { return 1 + &f; }",
        "int *p; int f() { return 1 + p; }",
        "int *p; int f() { return p + p; }",
        "int f() { (void)1; }",
        "int f() { break; }",
        "int f() { continue; }",
        "int f() { while (1) {} break; }",
        "int f() { for (;;;) ; }",
        "int f() { if 1 ; }",
        "int f() { 08; }",
        "int f() { 1a; }",
        "int f() { 0x; }",
        "int f() { 2147483648; }",
        "int f() { ''; }",
        "int f() { 'ab'; }",
        "int f() { '\\q'; }",
        "int f() { \"\n\"; }",
        "int f() { \"",
        "int f() { @; }",
        "int a[0];",
        "int a[x];",
        "int a[67108864];",
        "char a[67108863]; int b;",
        "char a[67108864];",
        "int f() { char a[60000000]; char b[8000000]; }",
        "struct s { char a[60000000]; char b[8000000]; };",
        "int ********p;",
        "enum { A = 2147483647, B };",
        "enum { A, };",
        "enum { A }; int f() { A = 1; }",
        "/* x",
        "int a, b;",
        "int f() { int; }",
        "int f() { if (1) int a; }",
        "else",
    ] {
        assert_eq!(compiled(text), None, "{text}");
    }
    assert_eq!(tools::made("bin/cc", &[b"int a;\0"]), None);
    assert_eq!(tools::made("bin/cc-c", &[b"int a;\0"]), None);
}

#[test]
fn a_refusal_says_where_and_what() {
    for (text, said) in [
        (
            "int a;\n\nint f() { return b; }",
            "line 3: an unknown name before this: ;\n",
        ),
        ("int f() {\n  return 1\n}", "line 3: expected ;: }\n"),
        (
            "int f(int a) { }\nint g() { return f(); }",
            "line 2: another number of arguments",
        ),
    ] {
        for compiler in ["bin/cc", "bin/cc-c"] {
            let (ended, out) = tools::run(compiler, &[text.as_bytes()]);
            assert_eq!(ended.status.code(), Some(1));
            let error = String::from_utf8(ended.stderr).unwrap();
            assert!(error.starts_with(said), "{compiler}: {error}");
            assert_eq!(out, None, "nothing is written");
        }
    }
}
