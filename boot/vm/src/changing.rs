//! A disk that changes between reads: what an attacker at the cable, or a forged stick, can do.
//!
//! It speaks the network block device protocol to QEMU.
//! Source: <https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md>

use std::io::{Read, Write};
use std::ops::Range;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};

use crate::disk::Disk;

const SECTOR: usize = 512;

/// A part of the disk that is one thing when read for the first time, and another from then on.
#[derive(Debug)]
pub struct Change {
    place: Range<usize>,
    first: Vec<u8>,
    then: Vec<u8>,
    /// How often each sector was read.
    reads: Vec<u32>,
}

impl Change {
    /// Where `on_disk` stands as a whole, the first reading gives `first`, every later one `then`; all three of
    /// one size.
    ///
    /// # Errors
    /// When it doesn't stand there in one piece, or sizes differ.
    pub fn new(disk: &Disk, on_disk: &[u8], first: &[u8], then: &[u8]) -> Result<Self> {
        if first.len() != on_disk.len() || then.len() != on_disk.len() {
            bail!("the versions of a file differ in size");
        }
        let starts = (0..disk.bytes().len()).step_by(SECTOR);
        let start = starts
            .into_iter()
            .find(|at| disk.bytes()[*at..].starts_with(on_disk));
        let start = start.context("the file doesn't stand on the disk in one piece")?;
        Ok(Self {
            place: start..start + on_disk.len(),
            first: first.to_vec(),
            then: then.to_vec(),
            reads: vec![0; on_disk.len().div_ceil(SECTOR)],
        })
    }

    /// Puts what this reading gives into `out`, which holds the disk from `offset` on.
    fn apply(&mut self, offset: usize, out: &mut [u8]) {
        let start = offset.max(self.place.start);
        let end = (offset + out.len()).min(self.place.end);
        for at in (start..end).step_by(SECTOR) {
            let inside = at - self.place.start;
            let count = SECTOR.min(end - at);
            let reads = &mut self.reads[inside / SECTOR];
            let version = if *reads == 0 { &self.first } else { &self.then };
            *reads += 1;
            out[at - offset..][..count].copy_from_slice(&version[inside..inside + count]);
        }
    }
}

/// The disk, served until the machine lets go of it.
#[derive(Debug)]
pub struct Changing {
    socket: PathBuf,
    changes: Arc<Mutex<Vec<Change>>>,
}

impl Changing {
    /// Serves `disk` with `changes` on a socket in `folder`, to one machine.
    ///
    /// # Errors
    /// When the socket can't be made.
    pub fn serve(disk: &Disk, changes: Vec<Change>, folder: &Path) -> Result<Self> {
        let socket = folder.join("changing.sock");
        let listener = UnixListener::bind(&socket).context("cannot listen")?;
        let changes = Arc::new(Mutex::new(changes));
        let (shared, mut bytes) = (Arc::clone(&changes), disk.bytes().to_vec());
        std::thread::spawn(move || {
            // Ends with an error when the machine goes away, which is how every run ends.
            let _end = listener
                .accept()
                .map_err(anyhow::Error::from)
                .and_then(|(stream, _)| talk(stream, &mut bytes, &shared));
        });
        Ok(Self { socket, changes })
    }

    /// For QEMU.
    pub fn drive(&self) -> String {
        format!("nbd:unix:{}", self.socket.display())
    }

    /// How many sectors of the changed parts were read at all, and more than once.
    pub fn reads(&self) -> (usize, usize) {
        let changes = self.changes.lock().map(|changes| {
            let reads = changes
                .iter()
                .flat_map(|change| change.reads.iter().copied());
            let reads: Vec<u32> = reads.collect();
            let count = |least| reads.iter().filter(|reads| **reads >= least).count();
            (count(1), count(2))
        });
        changes.unwrap_or_default()
    }
}

fn talk(mut stream: UnixStream, bytes: &mut [u8], changes: &Mutex<Vec<Change>>) -> Result<()> {
    negotiate(&mut stream, bytes.len() as u64)?;
    loop {
        let header: [u8; 28] = take(&mut stream)?;
        let field = |at: usize| header[at..at + 8].try_into().map(u64::from_be_bytes);
        let (cookie, offset) = (field(8)?, usize::try_from(field(16)?)?);
        let length = u32::from_be_bytes(header[24..].try_into()?) as usize;
        let part = bytes.get_mut(offset..offset.saturating_add(length));
        let mut reply = Vec::new();
        reply.extend(0x6744_6698u32.to_be_bytes());
        reply.extend([0; 4]);
        reply.extend(cookie.to_be_bytes());
        match u16::from_be_bytes([header[6], header[7]]) {
            0 => {
                let mut out = part.context("a read outside of the disk")?.to_vec();
                if let Ok(mut changes) = changes.lock() {
                    changes
                        .iter_mut()
                        .for_each(|change| change.apply(offset, &mut out));
                }
                reply.extend(out);
            }
            1 => stream.read_exact(part.context("a write outside of the disk")?)?,
            2 => return Ok(()),
            3 => {}
            other => bail!("request {other}"),
        }
        stream.write_all(&reply)?;
    }
}

/// Newstyle negotiation: takes `GO`, and says of everything else that it is not supported.
fn negotiate(stream: &mut UnixStream, size: u64) -> Result<()> {
    const GO: u32 = 7;
    // The export's size with the flags "has flags" and "takes flush".
    let export = [
        0u16.to_be_bytes().as_slice(),
        &size.to_be_bytes(),
        &5u16.to_be_bytes(),
    ]
    .concat();
    stream.write_all(b"NBDMAGICIHAVEOPT\0\x01")?;
    let _flags: [u8; 4] = take(stream)?;
    loop {
        let header: [u8; 16] = take(stream)?;
        let option = u32::from_be_bytes(header[8..12].try_into()?);
        let length = u32::from_be_bytes(header[12..].try_into()?) as usize;
        let mut data = vec![0; length.min(1 << 16)];
        stream.read_exact(&mut data)?;
        let mut answer = |kind: u32, data: &[u8]| {
            let mut out = 0x0003_e889_0455_65a9u64.to_be_bytes().to_vec();
            out.extend(option.to_be_bytes());
            out.extend(kind.to_be_bytes());
            out.extend((data.len() as u32).to_be_bytes());
            out.extend(data);
            stream.write_all(&out)
        };
        if option == GO {
            answer(3, &export)?;
            answer(1, &[])?;
            return Ok(());
        }
        answer(0x8000_0001, &[])?;
    }
}

fn take<const N: usize>(stream: &mut UnixStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_reading_is_another() {
        let file = vec![1; 3000];
        let disk = Disk::new(40).unwrap().with(&[("k", &file)]).unwrap();
        let mut change = Change::new(&disk, &file, &file, &[2; 3000]).unwrap();
        let at = change.place.start;
        let mut out = vec![0; 1024];
        change.apply(at - 512, &mut out);
        assert_eq!(out[..512], [0; 512]);
        assert_eq!(out[512..], [1; 512]);
        change.apply(at, &mut out);
        assert_eq!(out[..512], [2; 512], "read before");
        assert_eq!(out[512..], [1; 512], "not read yet");
    }
}
