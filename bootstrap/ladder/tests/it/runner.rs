//! The rung `run`: the kernel alone climbs, and what goes wrong stops it. Another kaem climbs as well.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use snowguard_bootstrap_ladder::climb;

use crate::tools;

/// A folder as the script needs it, and `run` beside it.
fn fresh() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    climb::prepare(&tools::ladder(), folder.path()).unwrap();
    fs::copy(
        tools::climbed().join("bin/run"),
        folder.path().join("seed/run"),
    )
    .unwrap();
    folder
}

/// Everything in bin/ and tmp/ is what the driver's own sequencing made.
fn same_bytes(folder: &Path) {
    let mut compared = 0;
    for part in ["bin", "tmp"] {
        for entry in fs::read_dir(tools::climbed().join(part)).unwrap() {
            let name = entry.unwrap().file_name();
            let expected = fs::read(tools::climbed().join(part).join(&name)).unwrap();
            let found = fs::read(folder.join(part).join(&name)).unwrap();
            assert!(expected == found, "{part}/{}", name.to_string_lossy());
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared} files");
}

#[test]
fn the_kernel_alone_climbs_to_the_same_bytes() {
    let folder = fresh();
    let ended = Command::new(folder.path().join("seed/run"))
        .arg("src/climb")
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    same_bytes(folder.path());
    // The runner that climbed is the one that the ladder makes.
    let made = fs::read(folder.path().join("bin/run")).unwrap();
    assert_eq!(made, fs::read(folder.path().join("seed/run")).unwrap());
}

#[test]
fn another_kaem_climbs_to_the_same_bytes() {
    if tools::program("kaem", "mescc-tools").is_none() {
        return;
    }
    let folder = fresh();
    let ended = Command::new("kaem")
        .args(["--strict", "--file", "src/climb"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    same_bytes(folder.path());
}

fn follow(script: &str) -> (Output, tempfile::TempDir) {
    let folder = fresh();
    fs::write(folder.path().join("script"), script).unwrap();
    let ended = Command::new(folder.path().join("seed/run"))
        .arg("script")
        .current_dir(folder.path())
        .env("SECRET", "x")
        .output()
        .unwrap();
    (ended, folder)
}

#[test]
fn the_first_failure_stops_the_script() {
    for (script, said) in [
        (
            "seed/hex0 none bin/a\nseed/hex0 src/hex0.hex0 bin/b\n",
            "seed/hex0\n",
        ),
        (
            "bin/none a b # x\nseed/hex0 src/hex0.hex0 bin/b\n",
            "bin/none\n",
        ),
        ("src/climb\nseed/hex0 src/hex0.hex0 bin/b\n", "src/climb\n"),
    ] {
        let (ended, folder) = follow(script);
        assert_eq!(ended.status.code(), Some(1), "{script}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), said);
        assert!(!folder.path().join("bin/b").exists(), "{script}");
    }
}

#[test]
fn lines_are_words_and_comments_and_nothing_else() {
    let (ended, folder) =
        follow("\n# x\n \t\nseed/hex0  src/hex0.hex0\tbin/a#b\nseed/hex0 src/hex0.hex0 bin/*");
    assert!(ended.status.success(), "{ended:?}");
    assert!(folder.path().join("bin/a").exists());
    assert!(
        folder.path().join("bin/*").exists(),
        "no pattern is expanded"
    );
}

#[test]
fn programs_get_no_environment_and_no_file_of_the_runner() {
    if tools::program("ls", "coreutils").is_none() || tools::program("env", "coreutils").is_none() {
        return;
    }
    let (ended, _folder) = follow("/usr/bin/env\n");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "");
    // Under some test runners a program inherits more than the three standard files.
    let alone = Command::new("/bin/ls")
        .arg("/proc/self/fd")
        .output()
        .unwrap();
    let (ended, _folder) = follow("/bin/ls /proc/self/fd\n");
    assert_eq!(
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&alone.stdout)
    );
}

#[test]
fn a_script_that_cannot_be_read_is_an_error() {
    let folder = fresh();
    let run = folder.path().join("seed/run");
    for arguments in [&[][..], &["none"], &["a", "b"]] {
        let ended = Command::new(&run)
            .args(arguments)
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert_eq!(ended.code(), Some(1), "{arguments:?}");
    }
}
