//! Computing the store path that a content or a build has by Nix's rules.
//!
//! ```text
//! digest      = fold20(sha256(type ":sha256:" base16 ":" store-dir ":" name))
//! type        = "text" { ":" reference } | "source" { ":" reference } | "output:" output-name
//! ```
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/store-path.html>

use std::collections::BTreeSet;

use super::{StoreDir, StorePath, StorePathName};
use crate::content_address::{ContentAddress, Method};
use crate::hash::{Hash, HashAlgorithm};

impl StorePath {
    /// The path of a content-addressed store object without references, such as a fixed output.
    #[must_use]
    pub fn of_content(
        store_dir: &StoreDir,
        name: &StorePathName,
        address: &ContentAddress,
    ) -> Self {
        let (method, hash) = (address.method(), address.hash());
        match (method, hash.algorithm()) {
            (Method::Text, _) => make(store_dir, "text", &hash, name),
            (Method::NixArchive, HashAlgorithm::Sha256) => make(store_dir, "source", &hash, name),
            (_, algorithm) => {
                let digits = hash.base16();
                let inner = format!("fixed:out:{}{algorithm}:{digits}:", method.prefix());
                make(
                    store_dir,
                    "output:out",
                    &Hash::sha256_of(inner.as_bytes()),
                    name,
                )
            }
        }
    }

    /// The path of a file with this content that refers to `references`, such as a derivation.
    ///
    /// Cost: one SHA-256 over `content`.
    #[must_use]
    pub fn of_text(
        store_dir: &StoreDir,
        name: &StorePathName,
        content: &[u8],
        references: &BTreeSet<&Self>,
    ) -> Self {
        let mut kind = String::from("text");
        for reference in references {
            kind.push(':');
            kind.push_str(&reference.to_absolute(store_dir));
        }
        make(store_dir, &kind, &Hash::sha256_of(content), name)
    }
}

fn make(store_dir: &StoreDir, kind: &str, inner: &Hash, name: &StorePathName) -> StorePath {
    let fingerprint = format!("{kind}:sha256:{}:{store_dir}:{name}", inner.base16());
    StorePath::from_parts(Hash::sha256_of(fingerprint.as_bytes()).compressed(), name)
}
