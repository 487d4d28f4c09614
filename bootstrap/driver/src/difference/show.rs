//! Both sides of a difference, in hexadecimal and as instructions.

use std::fmt::Write as _;

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};

use super::elf::{Code, code_at};

/// Bytes in a line.
const LINE: usize = 16;
/// Lines before and after the first that differs.
const AROUND: usize = 2;
/// Instructions before and from the first that differs.
const BEFORE: usize = 3;
const AFTER: usize = 4;

/// Both around `offset`.
pub fn both(left: &[u8], right: &[u8], offset: usize) -> String {
    let mut text = String::new();
    for (mark, bytes, other) in [('-', left, right), ('+', right, left)] {
        hexdump(&mut text, mark, bytes, other, offset);
    }
    if let (Some(left_code), Some(right_code)) = (code_at(left, offset), code_at(right, offset)) {
        let _fits = writeln!(
            text,
            "  in {} of {}",
            left_code.function.as_deref().unwrap_or("an unnamed place"),
            left_code.section
        );
        for (mark, bytes, code) in [('-', left, left_code), ('+', right, right_code)] {
            instructions(&mut text, mark, bytes, &code, offset);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Lines of bytes; those that the other side has otherwise stand in brackets.
fn hexdump(text: &mut String, mark: char, bytes: &[u8], other: &[u8], offset: usize) {
    let first = (offset / LINE).saturating_sub(AROUND) * LINE;
    let last = (offset / LINE + AROUND + 1) * LINE;
    for line in (first..last.min(bytes.len())).step_by(LINE) {
        let _fits = write!(text, "{mark} {line:08x} ");
        let end = (line + LINE).min(bytes.len());
        for (index, byte) in bytes[line..end].iter().enumerate() {
            let (open, close) = match other.get(line + index) == Some(byte) {
                true => (' ', ' '),
                false => ('[', ']'),
            };
            let _fits = write!(text, "{open}{byte:02x}{close}");
        }
        let shown: String = bytes[line..end]
            .iter()
            .map(|byte| match byte {
                0x20..0x7f => char::from(*byte),
                _ => '.',
            })
            .collect();
        let _fits = writeln!(text, " {shown}");
    }
    if offset >= bytes.len() {
        let _fits = writeln!(text, "{mark} {:08x} the end", bytes.len());
    }
}

fn instructions(text: &mut String, mark: char, bytes: &[u8], code: &Code, offset: usize) {
    let region = &bytes[code.start..code.end];
    let mut decoder = Decoder::with_ip(64, region, code.address, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    let mut before: Vec<Instruction> = Vec::new();
    let mut shown = 0;
    while decoder.can_decode() && shown < AFTER {
        let instruction = decoder.decode();
        let ends = code.start + decoder.position();
        if ends <= offset {
            if before.len() == BEFORE {
                before.remove(0);
            }
            before.push(instruction);
            continue;
        }
        for earlier in before.drain(..).chain([instruction]) {
            let mut line = String::new();
            formatter.format(&earlier, &mut line);
            let _fits = writeln!(text, "{mark} {:#12x}  {line}", earlier.ip());
        }
        shown += 1;
    }
}
