//! The firmware stub's decisions on any image: sections, profiles, addons, laying out a kernel, load options.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_boot_format::pe::Loaded;
use snowguard_stub::addon::Addon;
use snowguard_stub::command_line::{Choice, Origin, Request};
use snowguard_stub::image::{Image, Source};
use snowguard_stub::secure_boot::SecureBoot;
use snowguard_stub::splash::Picture;
use snowguard_stub::{extra, kernel, measure};

/// Kernels that would be larger in memory are not laid out here.
const MEMORY: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let request = Request::parse(data, Origin::Loader);
    assert!(Choice::decide(SecureBoot::On, None, &request).load_options() == [0]);
    if let Some(picture) = Picture::read(data) {
        assert_eq!(picture.pixels.len(), picture.width * picture.height);
    }
    if let Ok(loaded) = Loaded::parse(data) {
        for profile in 0..2 {
            match Image::read(&loaded, profile) {
                Ok(image) => check(&image),
                Err(refusal) => assert!(!refusal.to_string().contains('\u{1b}')),
            }
        }
        let _any = Addon::read(&loaded, Some("6.1"));
    }
    if let Ok(size) = kernel::size(data)
        && size <= MEMORY
    {
        let mut memory = vec![0; size];
        if let Ok(kernel) = kernel::load(data, &mut memory, 0x1234_5000) {
            assert!(kernel.entry < size);
            assert!(kernel.permissions.iter().all(|part| part.offset % 4096 == 0));
        }
    }
});

fn check(image: &Image<'_>) {
    let bytes: &[u8] = match image.kernel() {
        Source::Embedded { bytes, .. } => bytes,
        Source::Pinned(pin) => {
            assert!(pin.path().starts_with('\\') && !pin.path().contains("\\..\\"));
            &[]
        }
    };
    let events = measure::image(image, bytes, None);
    assert!(events.windows(2).all(|pair| pair[0].section < pair[1].section));
    let _any = extra::archive(image);
}
