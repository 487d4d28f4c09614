//! What has to be believed about the ladder, for the audit.

use crate::{Ladder, sha256};

/// What kind of thing is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes that run and that no program of the ladder made.
    Binary,
    /// A text that people wrote and can read.
    Source,
    /// A text that says what runs in which order.
    Script,
}

/// One thing that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: Kind,
    /// Bytes.
    pub size: usize,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Why it is there, and what speaks for it.
    pub reason: String,
}

/// Lists the seed, every source and the script. No file of the ladder is pregenerated: the hex listings
/// are sources in their own right, and a test assembles every instruction that their comments name.
///
/// # Errors
/// When the seed's listing is not hex0.
pub fn trusted(ladder: &Ladder) -> Result<Vec<Trusted>, crate::climb::ClimbError> {
    let seed = crate::climb::seed(ladder)?;
    let mut list = vec![Trusted {
        name: "seed/hex0".to_owned(),
        kind: Kind::Binary,
        size: seed.bytes().len(),
        sha256: sha256(seed.bytes()),
        reason: "the only program that no other made; hex0.hex0 explains each of its bytes"
            .to_owned(),
    }];
    for (name, source) in &ladder.sources {
        let (kind, reason) = match name.as_str() {
            "SHA256SUMS" => continue,
            "climb" => (
                Kind::Script,
                "says which rung makes which, one command per line",
            ),
            _ => (
                Kind::Source,
                "written by people; the checkers make the same bytes of it",
            ),
        };
        list.push(Trusted {
            name: format!("src/{name}"),
            kind,
            size: source.text.len(),
            sha256: sha256(&source.text),
            reason: reason.to_owned(),
        });
    }
    Ok(list)
}
