//! Members of `ar` archives, as linkers use them.
//!
//! Source: ar(5) of the System V and GNU variants.

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
/// No archive has more members.
const MAX_MEMBERS: usize = 1 << 20;

/// One member.
pub struct Member<'a> {
    /// As written, without its end mark.
    pub name: String,
    /// Its bytes.
    pub content: &'a [u8],
}

/// The members in order; none when it is no archive, or a broken one.
pub fn members(bytes: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut at = MAGIC.len();
    if !bytes.starts_with(MAGIC) {
        return None;
    }
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
            content,
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
