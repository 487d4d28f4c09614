//! Parts of archives: members of `ar` and `tar`, and what is within gzip, bzip2 and xz.
//!
//! Source: ar(5) of the System V and GNU variants; tar(5); the first bytes of RFC 1952, bzip2 and xz.

use std::io::Read;

use crate::runner::nested_stream;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
/// No archive has more members.
const MAX_MEMBERS: usize = 1 << 20;
/// Nothing is unpacked that is longer: a comparison must not be a bomb.
const MAX_UNPACKED: u64 = 512 << 20;

/// One part.
pub struct Member {
    /// As written, without its end mark.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The parts in order; none when it is no archive, or a broken one.
pub fn members(bytes: &[u8]) -> Option<Vec<Member>> {
    if bytes.starts_with(MAGIC) {
        return ar(bytes);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return tar(bytes);
    }
    let mut content = Vec::new();
    nested_stream(bytes, bytes)
        .ok()?
        .take(MAX_UNPACKED + 1)
        .read_to_end(&mut content)
        .ok()?;
    if content.len() as u64 > MAX_UNPACKED {
        return None;
    }
    Some(vec![Member {
        name: "unpacked".to_owned(),
        content,
    }])
}

fn tar(bytes: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    let mut left = MAX_UNPACKED;
    for entry in tar::Archive::new(bytes).entries().ok()? {
        let mut entry = entry.ok()?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        // A sparse file may claim any length, and there may be many.
        (&mut entry).take(left + 1).read_to_end(&mut content).ok()?;
        left = left.checked_sub(content.len() as u64)?;
        members.push(Member { name, content });
        if members.len() > MAX_MEMBERS {
            return None;
        }
    }
    Some(members)
}

fn ar(bytes: &[u8]) -> Option<Vec<Member>> {
    let mut at = MAGIC.len();
    let mut members = Vec::new();
    let mut long_names: &[u8] = &[];
    while at < bytes.len() && members.len() < MAX_MEMBERS {
        let header = bytes.get(at..at.checked_add(HEADER)?)?;
        let size: usize = std::str::from_utf8(&header[48..58])
            .ok()?
            .trim_end()
            .parse()
            .ok()?;
        let start = at + HEADER;
        let content = bytes.get(start..start.checked_add(size)?)?;
        let written = String::from_utf8_lossy(&header[..16]).trim_end().to_owned();
        if written == "//" {
            long_names = content;
        }
        members.push(Member {
            name: name(&written, long_names),
            content: content.to_vec(),
        });
        at = start + size.next_multiple_of(2);
    }
    Some(members)
}

/// `/123` is a place in the table of long names; others end in a slash.
fn name(written: &str, long_names: &[u8]) -> String {
    let long = written
        .strip_prefix('/')
        .and_then(|offset| offset.parse::<usize>().ok())
        .and_then(|offset| long_names.get(offset..))
        .map(|rest| rest.split(|byte| *byte == b'\n').next().unwrap_or_default());
    match long {
        Some(name) => String::from_utf8_lossy(name)
            .trim_end_matches('/')
            .to_owned(),
        None if written.len() > 1 && written != "//" => written.trim_end_matches('/').to_owned(),
        None => written.to_owned(),
    }
}
