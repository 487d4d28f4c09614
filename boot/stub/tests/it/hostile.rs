//! Any bytes: an answer, never a panic.

use proptest::prelude::*;
use snowguard_boot_format::pe::Loaded;
use snowguard_stub::addon::Addon;
use snowguard_stub::command_line::{Origin, Request};
use snowguard_stub::image::Image;
use snowguard_stub::kernel;

use crate::made;

/// An image with some of its bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (0usize..0x400, any::<u8>());
    prop::collection::vec(change, 0..12).prop_map(|changes| {
        let block = [0, 0x20, 0, 0, 12, 0, 0, 0, 0, 0xa0, 0, 0];
        let mut image = made::image(&[
            (".text", b"\xc3"),
            (".linux", b"K"),
            (".reloc", &block),
            (".profile", b"ID=a"),
            (".cmdline", b"\xff"),
        ]);
        made::directory(&mut image, 5, 0x3000, 12);
        for (at, byte) in changes {
            image[at] = byte;
        }
        image
    })
}

proptest! {
    #[test]
    fn damaged_images(bytes in damaged(), profile in 0usize..3) {
        if let Ok(loaded) = Loaded::parse(&bytes) {
            let _any = Image::read(&loaded, profile).map_err(|refusal| refusal.to_string());
            let _any = Addon::read(&loaded, Some("6.1"));
        }
        if let Ok(size) = kernel::size(&bytes) {
            let mut memory = vec![0; size.min(1 << 20)];
            let _any = kernel::load(&bytes, &mut memory, u64::MAX);
        }
    }

    #[test]
    fn any_load_options(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let request = Request::parse(&bytes, Origin::Loader);
        prop_assert!(request.line.iter().all(|unit| *unit >= 0x20));
        let _any = Request::parse(&bytes, Origin::Shell);
    }
}
