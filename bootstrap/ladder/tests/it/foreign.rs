//! The tools of stage0's world (Debian's mescc-tools) make the same bytes of our sources, and ours of
//! what they make.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools;

/// Their hex2, told what ours takes for granted.
fn their_hex2(inputs: &[&Path], output: &Path) -> bool {
    let mut command = Command::new("hex2");
    command.args(["--architecture", "amd64", "--little-endian"]);
    command.args(["--base-address", "0x00600000"]);
    for input in inputs {
        command.arg("--file").arg(input);
    }
    command
        .arg("--output")
        .arg(output)
        .status()
        .unwrap()
        .success()
}

#[test]
fn their_hex2_makes_our_rungs() {
    if tools::program("hex2", "mescc-tools").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for (source, program) in [
        ("hex0.hex0", "hex0"),
        ("hex1.hex0", "hex1"),
        ("hex2.hex1", "hex2"),
        ("m1.hex2", "M1"),
    ] {
        let source = tools::climbed().join("src").join(source);
        assert!(their_hex2(&[&source], &out), "{program}");
        let ours = fs::read(tools::climbed().join("bin").join(program)).unwrap();
        assert_eq!(fs::read(&out).unwrap(), ours, "{program}");
    }
}

/// What both worlds have in common, in one text.
const WORDS: &str = r#"
DEFINE one 0102
DEFINE two_eax,[rbx] 8B03
:start one two_eax,[rbx] # a comment
%5 %-1 !5 @5 !-3 %0x1F ~7 !255 !-128 @65535 @-32768 %4294967295 %-2147483648 ; another
'6162 63' "he#llo;" "" "abc" "abcd" "a
b"
!start @start %start &start ~start %end>start @end>start &end :end one
"#;

#[test]
fn their_m1_and_ours_say_the_same() {
    if tools::program("M1", "mescc-tools").is_none()
        || tools::program("hex2", "mescc-tools").is_none()
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.M1");
    fs::write(&text, WORDS).unwrap();
    let ended = Command::new("M1")
        .args(["--architecture", "amd64", "--little-endian", "--file"])
        .arg(&text)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let ours = tools::made("bin/M1", &[WORDS.as_bytes()]).unwrap();
    let bytes = tools::made("bin/hex2", &[&ours]).unwrap();
    assert!(bytes.len() > 80);
    // Their text through our hex2, and ours through theirs.
    assert_eq!(tools::made("bin/hex2", &[&ended.stdout]).unwrap(), bytes);
    let (input, out) = (folder.path().join("ours.hex2"), folder.path().join("out"));
    fs::write(&input, &ours).unwrap();
    assert!(their_hex2(&[&input], &out));
    assert_eq!(fs::read(&out).unwrap(), bytes);
}
