//! `unpack`: which archive it is, told by its first bytes, and the stream inside.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Context, Result, bail};

use super::paths::from_build;
use super::tar;
use crate::graph::schema::Unpack;

/// Looks no further to tell what an archive is.
const HEAD: usize = 512;

/// `unpack`
pub fn unpack(action: &Unpack) -> Result<()> {
    let file = File::open(from_build(&action.from)?)
        .with_context(|| format!("cannot open {}", action.from))?;
    let into = from_build(&action.into)?;
    let options = tar::Options {
        strip: action.strip as usize,
        only: &action.only,
        except: &action.except,
    };
    let stream = open(file).with_context(|| format!("cannot read {}", action.from))?;
    tar::unpack(stream, &into, &options).with_context(|| format!("archive {}", action.from))
}

/// The tar stream of an archive, told by its first bytes.
///
/// # Errors
/// When it is none.
pub fn open(mut file: File) -> Result<Box<dyn Read>> {
    let mut head = Vec::new();
    (&file).take(HEAD as u64).read_to_end(&mut head)?;
    if head.starts_with(b"!<arch>\ndebian-binary") {
        return debian(file);
    }
    file.seek(SeekFrom::Start(0))?;
    decompress(&head, BufReader::with_capacity(256 << 10, file))
}

/// The tar stream within a stream that starts with `head`.
///
/// # Errors
/// When it is none.
pub fn decompress<'a>(head: &[u8], stream: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::read::MultiGzDecoder::new(stream))
    } else if head.starts_with(b"BZh") {
        Box::new(bzip2::read::MultiBzDecoder::new(stream))
    } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        Box::new(lzma_rust2::XzReader::new(stream, true))
    } else if head.get(257..262) == Some(b"ustar") {
        Box::new(stream)
    } else {
        bail!("neither tar, gzip, bzip2, xz nor a Debian package")
    })
}

/// The member `data.tar.*` of a Debian package, deb(5).
fn debian(mut file: File) -> Result<Box<dyn Read>> {
    let mut at = 8;
    for _ in 0..16 {
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 60];
        file.read_exact(&mut header)?;
        let size: u64 = std::str::from_utf8(&header[48..58])
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .context("a member's size")?;
        if header.starts_with(b"data.tar") {
            let mut head = Vec::new();
            (&file).take(size.min(HEAD as u64)).read_to_end(&mut head)?;
            file.seek(SeekFrom::Start(at + 60))?;
            return decompress(&head, BufReader::new(file.take(size)));
        }
        // Ten digits don't overflow.
        at += 60 + size.next_multiple_of(2);
    }
    bail!("no member data.tar")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_debian_package_with_a_strange_header_is_refused() {
        // A letter of two bytes over the border of the size; no number; more than there is.
        for size in ["\u{e9}234567890", "x         ", "9999999999"] {
            let mut file = tempfile::tempfile().expect("a file");
            let name = if size.starts_with('\u{e9}') { 47 } else { 48 };
            let header = format!("{:name$}{size:10}`\n", "debian-binary");
            file.write_all(b"!<arch>\n").expect("written");
            file.write_all(&header.as_bytes()[..60]).expect("written");
            file.seek(SeekFrom::Start(0)).expect("sought");
            assert!(open(file).is_err(), "{size}");
        }
    }
}
