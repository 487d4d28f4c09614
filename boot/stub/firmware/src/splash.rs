//! Showing the picture: in the middle of a black screen, as systemd-stub does.

use alloc::vec::Vec;

use snowguard_stub::splash::Picture;
use uefi::proto::console::gop::{BltOp, BltPixel, BltRegion, GraphicsOutput};

use crate::console::say;
use crate::protocol;

/// Shows it where there is a screen. What can't be shown is said, and booting goes on.
pub fn show(bytes: &[u8]) {
    let Some(mut screen) = protocol::find::<GraphicsOutput>() else {
        return;
    };
    let Some(screen) = screen.get_mut() else {
        return;
    };
    let shown = Picture::read(bytes).and_then(|picture| draw(screen, &picture));
    if shown.is_none() {
        say("The picture in .splash can't be shown.");
    }
}

fn draw(screen: &mut GraphicsOutput, picture: &Picture) -> Option<()> {
    let (width, height) = screen.current_mode_info().resolution();
    let left = width.checked_sub(picture.width)?.checked_div(2)?;
    let top = height.checked_sub(picture.height)?.checked_div(2)?;
    let pixel = |[blue, green, red, _]: &[u8; 4]| BltPixel::new(*red, *green, *blue);
    let pixels: Vec<BltPixel> = picture.pixels.iter().map(pixel).collect();
    let black = BltOp::VideoFill {
        color: BltPixel::new(0, 0, 0),
        dest: (0, 0),
        dims: (width, height),
    };
    screen.blt(black).ok()?;
    let operation = BltOp::BufferToVideo {
        buffer: &pixels,
        src: BltRegion::Full,
        dest: (left, top),
        dims: (picture.width, picture.height),
    };
    screen.blt(operation).ok()
}
