//! The languages of the ladder's rungs; the first byte chooses. Every byte that is made has its line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_bootstrap_ladder::notation::{Image, Source, hex0, hex1, hex2, m1, small_c};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let source = Source::new("x", bytes);
    let sources = std::slice::from_ref(&source);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 2;
    let image = |image: Image| {
        for offset in 0..image.bytes.len() {
            let place = image.origin(offset).expect("a line");
            assert!((1..=lines).contains(&place.line));
        }
    };
    match choice % 5 {
        0 => hex0::assemble(&source).map(image).unwrap_or_default(),
        1 => hex1::assemble(&source).map(image).unwrap_or_default(),
        2 => hex2::assemble(sources).map(image).unwrap_or_default(),
        3 => {
            if let Ok(text) = m1::translate(sources) {
                let made = text.text.iter().filter(|byte| **byte == b'\n').count();
                assert!((1..=made).all(|line| text.origin(line).is_some()));
            }
        }
        _ => {
            if let Ok(text) = small_c::compile(sources) {
                let made = text.text.iter().filter(|byte| **byte == b'\n').count();
                assert!((1..=made).all(|line| text.origin(line).is_some()));
            }
        }
    }
});
