//! Every instruction that a comment of a hex listing names is what GNU as makes of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools;

/// Assembles a text of Intel's notation to bare bytes at address 600000.
pub fn gnu_as(text: &str, folder: &Path) -> Vec<u8> {
    let path = |name: &str| folder.join(name);
    fs::write(path("text.s"), text).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let ended = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{program}: {ended:?}");
    };
    run("as", &["--64", "-o", "text.o", "text.s"]);
    let place = ["-Ttext", "0x600000", "-e", "0", "--oformat", "binary"];
    run("ld", &[&place[..], &["-o", "text.bin", "text.o"]].concat());
    fs::read(path("text.bin")).unwrap()
}

/// The listing as GNU as would read it: headers as bytes, instructions by their names, and the labels
/// that comments name.
fn spoken(listing: &str) -> (String, usize) {
    let mut text = String::from(".intel_syntax noprefix\n");
    let mut instructions = 0;
    for line in listing.lines() {
        let (code, comment) = line.split_once('#').unwrap_or((line, ""));
        let label = comment.trim_start().split_once(':').map(|(name, _)| name);
        let label = label.filter(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        let code = code.trim();
        if let Some((instruction, _)) = comment.split_once(" ; ") {
            writeln!(text, "{}", instruction.trim()).unwrap();
            instructions += 1;
        } else if let Some(label) = label
            && (code.is_empty() || code.starts_with(':'))
        {
            writeln!(text, "{label}:").unwrap();
        } else {
            for byte in code.split_ascii_whitespace() {
                writeln!(text, ".byte 0x{byte}").unwrap();
            }
        }
    }
    (text, instructions)
}

#[test]
fn gnu_as_agrees_with_every_comment_of_the_hex_listings() {
    if tools::program("as", "binutils").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (source, program, least) in [
        ("hex0.hex0", "hex0", 60),
        ("hex1.hex0", "hex1", 139),
        ("hex2.hex1", "hex2", 200),
        ("m1.hex2", "M1", 260),
    ] {
        let listing = fs::read_to_string(tools::climbed().join("src").join(source)).unwrap();
        let (text, instructions) = spoken(&listing);
        assert!(instructions >= least, "{source}: {instructions}");
        let bytes = fs::read(tools::climbed().join("bin").join(program)).unwrap();
        assert!(gnu_as(&text, folder.path()) == bytes, "{source}");
    }
}

/// The instruction that a word of defs.M1 names, with 0x11223344 or 0x11 for what follows it.
fn named(word: &str) -> String {
    if let "rep_movsb" | "repe_cmpsb" = word {
        return word.replace('_', " ");
    }
    let (mnemonic, operands) = word.split_once('_').unwrap_or((word, ""));
    let size = match mnemonic {
        "inc" | "dec" | "neg" | "not" if operands.starts_with('[') => "dword ptr ",
        "push" | "pop" if operands.starts_with('[') => "qword ptr ",
        _ => "",
    };
    let operands = operands
        .replace("byte_[", "byte ptr [")
        .replace("word_[", "word ptr [")
        .replace("[disp32]", "ds:0x11223344")
        .replace("disp32", "0x11223344")
        .replace("imm32", "0x11223344")
        .replace("disp8", "0x11")
        .replace("imm8", "0x11");
    format!("{mnemonic} {size}{operands}")
}

#[test]
fn gnu_as_agrees_with_every_definition() {
    if tools::program("as", "binutils").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let definitions = fs::read_to_string(tools::climbed().join("src/defs.M1")).unwrap();
    let mut text = String::from(".intel_syntax noprefix\n");
    let mut expected = Vec::new();
    let mut count = 0;
    for line in definitions.lines() {
        let Some((word, value)) = line
            .strip_prefix("DEFINE ")
            .and_then(|line| line.split_once(' '))
        else {
            continue;
        };
        let mut bytes: Vec<u8> = (0..value.len() / 2)
            .map(|index| u8::from_str_radix(&value[2 * index..2 * index + 2], 16).unwrap())
            .collect();
        if word == "call" || (word.starts_with('j') && !word.contains('_')) {
            // A jump over 0x200 bytes is a long one, whatever the assembler prefers.
            writeln!(text, "{word} . + {} + 0x200", bytes.len() + 4).unwrap();
            bytes.extend_from_slice(&0x200_u32.to_le_bytes());
        } else {
            writeln!(text, "{}", named(word)).unwrap();
            if word.contains("32") {
                bytes.extend_from_slice(&0x1122_3344_u32.to_le_bytes());
            } else if word.contains("disp8") || word.contains("imm8") {
                bytes.push(0x11);
            }
        }
        expected.extend_from_slice(&bytes);
        count += 1;
    }
    assert!(count > 200, "{count} definitions");
    assert!(gnu_as(&text, folder.path()) == expected);
}
