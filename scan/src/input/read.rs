//! Files, within limits.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::InputError;

/// Path information of 100,000 paths has about 100 MB.
const LIMIT: u64 = 1 << 30;

/// The whole of a file, or of standard input for `-`.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, InputError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if path == Path::new("-") {
            std::io::stdin()
                .lock()
                .take(LIMIT + 1)
                .read_to_end(&mut bytes)?;
        } else {
            File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    let bytes = read().map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    if bytes.len() as u64 > LIMIT {
        return Err(InputError::TooLarge {
            path: path.to_owned(),
            limit: LIMIT,
        });
    }
    Ok(bytes)
}
