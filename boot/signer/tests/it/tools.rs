//! Other programs that read and write the same formats.

use std::process::Command;

/// Whether a program is in `PATH`, or at this path; without it, says what a test leaves out. With `CI` set it must be
/// there.
pub fn there(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        assert!(
            std::env::var_os("CI").is_none(),
            "{program} is missing, and CI must not leave anything out"
        );
        eprintln!("left out: {program} is not installed");
    }
    found
}

/// Runs a program that must succeed.
pub fn must(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program starts");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{program} {arguments:?}: {told}");
    told
}
