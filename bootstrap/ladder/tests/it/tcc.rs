//! The C library with which c2 compiles tcc.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools;

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

const DECIMALS: [&str; 24] = [
    "0",
    "1",
    "0.1",
    "3.14159265358979323846",
    "1e22",
    "1e23",
    "9007199254740993",
    "9007199254740992.5",
    "9007199254740993.0000000000000000000000000001",
    "2.2250738585072014e-308",
    "2.2250738585072011e-308",
    "4.9e-324",
    "2.4703282292062327e-324",
    "2.4703282292062329e-324",
    "1.7976931348623157e308",
    "5e-320",
    "123456789012345678901234567890",
    "0.000001",
    "1e-10",
    "6.0221409e+23",
    "8.41e21",
    "5.0216813883093451685872615018317e17",
    "0.3333333333333333333333",
    "7e-45",
];

#[test]
fn decimal_floats_are_rounded_exactly() {
    let mut program =
        String::from("#include <libc.h>\nint main() { union { double d; unsigned long l; } u;\n");
    for decimal in DECIMALS {
        writeln!(
            program,
            "u.d = strtod(\"{decimal}\", NULL); printf(\"%016lx\\n\", u.l);"
        )
        .unwrap();
    }
    program.push_str("return 0; }\n");
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("program.c");
    fs::write(&input, program).unwrap();
    let output = folder.path().join("program");
    let ended = Command::new(tools::climbed().join("bin/c2-c2"))
        .arg(format!("-I{}", file("tcc").display()))
        .args([&file("tcc/libc.c"), &input, &output])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let said = Command::new(&output).output().unwrap().stdout;
    let expected: String = DECIMALS
        .iter()
        .map(|decimal| format!("{:016x}\n", decimal.parse::<f64>().unwrap().to_bits()))
        .collect();
    assert_eq!(String::from_utf8(said).unwrap(), expected);
}
