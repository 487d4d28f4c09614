//! Laying out kernels.

use snowguard_stub::kernel::{self, Permissions};
use snowguard_stub::refusal::Refusal;

use crate::made::{self, HEADERS};

const BASE: u64 = 0x1234_5000;

fn load(bytes: &[u8]) -> Result<(Vec<u8>, kernel::Kernel), Refusal> {
    let mut memory = vec![0xff; kernel::size(bytes)?];
    let kernel = kernel::load(bytes, &mut memory, BASE)?;
    Ok((memory, kernel))
}

/// A kernel whose `.data` holds an address, and the relocation for it.
fn relocatable(entries: &[u8]) -> Vec<u8> {
    let data = 0x1000u64.to_le_bytes();
    let block: Vec<u8> = [
        0x2000u32.to_le_bytes(),
        (8 + entries.len() as u32).to_le_bytes(),
    ]
    .concat()
    .into_iter()
    .chain(entries.iter().copied())
    .collect();
    let mut image = made::image(&[(".text", b"\x90\xc3"), (".data", &data), (".reloc", &block)]);
    made::directory(&mut image, 5, 0x3000, block.len() as u32);
    image
}

#[test]
fn sections_are_laid_out_and_the_rest_is_zero() {
    let image = made::image(&[(".text", b"\x90\xc3"), (".data", b"data")]);
    let (memory, kernel) = load(&image).expect("loads");
    assert_eq!(kernel.entry, HEADERS);
    assert!(kernel.permissions.is_empty(), "it is not NX compatible");
    assert_eq!(memory[..HEADERS], image[..HEADERS]);
    assert_eq!(memory[0x2000..0x2004], *b"data");
    assert!(memory[0x2004..].iter().all(|byte| *byte == 0));
}

#[test]
fn addresses_are_adjusted() {
    let (memory, _) = load(&relocatable(&[0x00, 0xa0, 0x00, 0x00])).expect("loads");
    assert_eq!(memory[0x2000..0x2008], (BASE + 0x1000).to_le_bytes());
}

#[test]
fn relocations_that_lead_out_are_refused() {
    let bad = |image: &[u8]| matches!(load(image), Err(Refusal::KernelRelocations { .. }));
    assert!(bad(&relocatable(&[0x00, 0x30, 0, 0])), "of an unknown kind");
    let mut far = relocatable(&[0x00, 0xa0, 0, 0]);
    made::put32(&mut far, 0x3000, 0xffff_f000);
    assert!(bad(&far), "a page outside of the image");
    let mut edge = relocatable(&[0xfa, 0xaf, 0, 0]);
    made::put32(&mut edge, 0x3000, 0x3000);
    assert!(bad(&edge), "a field that crosses the image's end");
    for size in [0, 7, 13, u32::MAX] {
        let mut short = relocatable(&[0x00, 0xa0, 0, 0]);
        made::put32(&mut short, 0x3004, size);
        assert!(bad(&short), "a block of {size} bytes");
    }
    let mut outside = relocatable(&[0x00, 0xa0, 0, 0]);
    made::directory(&mut outside, 5, 0x3ff0, 0x100);
    assert!(bad(&outside), "the table leaves the image");
}

#[test]
fn what_is_no_kernel_is_refused() {
    assert!(matches!(load(b""), Err(Refusal::Kernel(_))));
    assert!(matches!(load(b"MZ"), Err(Refusal::Kernel(_))));
    let mut other = made::image(&[(".text", b"\xc3")]);
    made::put16(&mut other, 0x84, 0xaa64);
    assert_eq!(load(&other), Err(Refusal::KernelMachine(0xaa64)));
    let data = made::image(&[(".data", b"\xc3"), (".text", b"\xc3")]);
    assert_eq!(
        load(&data),
        Err(Refusal::KernelEntry(0x1000)),
        "the entry is in data"
    );
}

#[test]
fn a_kernel_made_for_it_gets_permissions() {
    let mut image = made::image(&[(".text", b"\xc3"), (".data", b"x")]);
    made::optional16(&mut image, 70, 0x0100);
    let (_, kernel) = load(&image).expect("loads");
    let page = |offset, write, execute| Permissions {
        offset,
        size: 0x1000,
        write,
        execute,
    };
    assert_eq!(
        kernel.permissions,
        [page(0x1000, false, true), page(0x2000, true, false)]
    );
}
