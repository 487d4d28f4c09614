//! Files, within limits.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::InputError;

/// Path information of 100,000 paths has about 100 MB.
const LIMIT: u64 = 1 << 30;

/// The whole of a file, or of standard input for `-`.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, InputError> {
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        if path == Path::new("-") {
            std::io::stdin()
                .lock()
                .take(LIMIT + 1)
                .read_to_end(&mut bytes)?;
        } else {
            let file = File::open(path)?;
            // What says that it is too large is not read to be told so.
            if file.metadata()?.len() > LIMIT {
                return Ok(None);
            }
            file.take(LIMIT + 1).read_to_end(&mut bytes)?;
        }
        Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= LIMIT))
    };
    let bytes = read().map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    bytes.ok_or_else(|| InputError::TooLarge {
        path: path.to_owned(),
        limit: LIMIT,
    })
}
