//! A TPM that fails while the stub runs, and a picture on the screen meanwhile.

use snowguard_vm::disk::Disk;
use snowguard_vm::keys::{BootOption, Firmware};
use snowguard_vm::machine::{Conditions, Machine, Tpm};

use super::*;

const WIDTH: usize = 96;
const HEIGHT: usize = 64;

/// A bitmap of 24 bits a pixel: red above, blue below.
fn bitmap() -> Vec<u8> {
    let mut out = b"BM".to_vec();
    for field in [0, 0, 54, 40, WIDTH as u32, HEIGHT as u32] {
        out.extend(u32::to_le_bytes(field));
    }
    out.extend([1, 0, 24, 0]);
    out.extend([0; 24]);
    for row in 0..HEIGHT {
        let pixel = if row < HEIGHT / 2 {
            [255, 0, 0]
        } else {
            [0, 0, 255]
        };
        out.extend(pixel.repeat(WIDTH));
    }
    out
}

#[test]
fn stops_a_boot_that_a_failing_tpm_does_not_measure_and_shows_the_picture() {
    let Some((kit, signer)) = kit() else { return };
    let image = Builder::new(&kit.stub)
        .section(".cmdline", WORDS.as_bytes())
        .section(".splash", &bitmap())
        .section(".linux", &kit.kernel)
        .build()
        .unwrap();
    let image = signer.sign(&image).unwrap();
    let disk = Disk::new(40)
        .unwrap()
        .with(&[("EFI/T/image.efi", &image)])
        .unwrap();
    let options = vec![BootOption {
        description: "image",
        path: "\\EFI\\T\\image.efi",
        words: "",
    }];
    let firmware = Firmware {
        key: Some(&signer),
        options,
        ..Firmware::default()
    };
    let conditions = Conditions {
        until: &["recovery key", "Linux version"],
        // Firmware has measured the image by then, and the stub has still to measure its sections.
        tpm: Tpm::EndsAt("starting Boot0000 \"image\""),
        picture: true,
    };
    let outcome = Machine::new(&kit, &disk, &firmware)
        .unwrap()
        .run_with(&conditions)
        .unwrap();
    println!("ran {:.1} s", outcome.time.as_secs_f64());
    for words in [
        "Snowguard does not boot this image.",
        "The TPM refuses to measure what is booted (PCR 11: ",
    ] {
        assert!(outcome.screen.contains(words), "{}", outcome.screen);
    }
    let picture = outcome.picture.unwrap();
    let (middle, height) = (picture.width / 2, picture.height);
    let at = |y: usize| picture.at(middle, y).unwrap();
    assert_eq!(
        at(height / 2 - HEIGHT / 2 + 1),
        [255, 0, 0],
        "its upper half"
    );
    assert_eq!(
        at(height / 2 + HEIGHT / 2 - 2),
        [0, 0, 255],
        "its lower half"
    );
    assert_eq!(at(height / 2 + HEIGHT), [0, 0, 0], "black around it");
    let beside = picture.at(middle - WIDTH / 2 - 2, height / 2);
    assert_eq!(beside, Some([0, 0, 0]), "black around it");
}
