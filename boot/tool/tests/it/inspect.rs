//! `inspect` on files that are no images.

use crate::program::{boot, complaint};

#[test]
fn a_file_that_is_no_image_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.efi");
    std::fs::write(&file, b"MZ").expect("written");
    let output = boot(&["inspect", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(3));
    assert!(complaint(&output).contains("the file ends inside the DOS header"));
}

#[test]
fn a_missing_file_is_an_input_that_cannot_be_read() {
    let output = boot(&["inspect", "/nonexistent/x.efi"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(complaint(&output).contains("cannot read /nonexistent/x.efi"));
}

#[test]
fn an_unknown_word_is_a_usage_error() {
    assert_eq!(boot(&["frobnicate"]).status.code(), Some(2));
}
