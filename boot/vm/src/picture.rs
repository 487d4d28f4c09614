//! What a machine's screen shows: QEMU writes it down on demand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// A picture of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Red, green, blue of each pixel, by rows from the top.
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// A pixel; `None` outside.
    pub fn at(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        (x < self.width).then(|| self.pixels.get(y * self.width + x).copied())?
    }

    /// A portable pixmap of 8 bits a channel. Source: <https://netpbm.sourceforge.net/doc/ppm.html>
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut word = || {
            let end = rest.iter().position(u8::is_ascii_whitespace)?;
            let (word, after) = rest.split_at(end);
            rest = &after[1..];
            std::str::from_utf8(word).ok()
        };
        let magic = word()?;
        let [width, height, most] = [word()?, word()?, word()?].map(str::parse::<usize>);
        let (width, height) = (width.ok()?, height.ok()?);
        let pixels: Vec<[u8; 3]> = rest.as_chunks().0.to_vec();
        let whole = magic == "P6" && most == Ok(255) && pixels.len() == width * height;
        whole.then_some(Self {
            width,
            height,
            pixels,
        })
    }
}

/// A graphics card, and a socket to ask QEMU for pictures.
pub fn add_screen(command: &mut Command, monitor: &Path) {
    command
        .args(["-device", "VGA", "-monitor"])
        .arg(format!("unix:{},server=on,wait=off", monitor.display()));
}

/// Asks for a picture. `file` is where QEMU puts it meanwhile.
///
/// # Errors
/// When QEMU doesn't answer or writes no picture.
pub fn take(monitor: &Path, file: &Path) -> Result<Picture> {
    let mut stream = UnixStream::connect(monitor).context("QEMU's monitor is not there")?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    // The second command's answer comes when the first is done.
    let commands = format!("screendump {}\ninfo version\ninfo name\n", file.display());
    stream.write_all(commands.as_bytes())?;
    let mut lines = BufReader::new(&stream).lines();
    let done = lines.any(|line| line.is_ok_and(|line| line.contains("info name")));
    ensure!(done, "QEMU's monitor does not answer");
    let bytes = std::fs::read(file).context("QEMU has written no picture")?;
    Picture::parse(&bytes).context("QEMU's picture is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixmap_is_read() {
        let picture = Picture::parse(b"P6\n2 1\n255\nabcdef").expect("one");
        assert_eq!(picture.at(1, 0), Some(*b"def"));
        assert_eq!(picture.at(2, 0), None);
        assert_eq!(Picture::parse(b"P6\n2 2\n255\nabcdef"), None);
        assert_eq!(Picture::parse(b"P6\n2"), None);
    }
}
