//! What stands at which address of the open data; files of an export have the same names.

use snowguard_tracker_export::{IssueId, paths};

/// The folder of the open data, as an address.
pub const ROOT: &str = "/data";

/// The key that signatures are checked with.
pub const KEY: &str = "minisign.pub";

/// What is appended for the signature of something.
pub const SIGNATURE: &str = ".minisig";

/// A document about everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whole {
    /// OSV records, one a line.
    OsvLines,
    /// OSV records, a file each.
    OsvZip,
    /// Which OSV record changed when, the last first.
    OsvModified,
    /// One OpenVEX document.
    OpenVex,
    /// One CycloneDX document.
    CycloneDx,
    /// Everything, in the tracker's own form.
    Lines,
    /// The newest issues as a feed.
    Atom,
    /// Files of CSAF's folder.
    Csaf(CsafFile),
}

/// CSAF's own files about its documents, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CsafFile {
    /// `index.txt`
    Index,
    /// `changes.csv`
    Changes,
    /// The ROLIE feed.
    Feed,
    /// The ROLIE service document.
    Service,
    /// `provider-metadata.json`
    Metadata,
}

impl Whole {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::OsvLines,
        Self::OsvZip,
        Self::OsvModified,
        Self::OpenVex,
        Self::CycloneDx,
        Self::Csaf(CsafFile::Index),
        Self::Csaf(CsafFile::Changes),
        Self::Csaf(CsafFile::Feed),
        Self::Csaf(CsafFile::Service),
        Self::Csaf(CsafFile::Metadata),
        Self::Lines,
        Self::Atom,
    ];

    /// Where it stands.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::OsvLines => paths::OSV_ALL,
            Self::OsvZip => "osv/all.zip",
            Self::OsvModified => "osv/modified_id.csv",
            Self::OpenVex => paths::OPENVEX_ALL,
            Self::CycloneDx => paths::CYCLONEDX_ALL,
            Self::Lines => paths::JSON_LINES,
            Self::Atom => paths::ATOM,
            Self::Csaf(CsafFile::Index) => "csaf/index.txt",
            Self::Csaf(CsafFile::Changes) => "csaf/changes.csv",
            Self::Csaf(CsafFile::Feed) => "csaf/feed-tlp-white.json",
            Self::Csaf(CsafFile::Service) => "csaf/service.json",
            Self::Csaf(CsafFile::Metadata) => "csaf/provider-metadata.json",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::OsvLines | Self::Lines => "application/jsonl",
            Self::OsvZip => "application/zip",
            Self::OsvModified | Self::Csaf(CsafFile::Changes) => "text/csv; charset=utf-8",
            Self::CycloneDx => "application/vnd.cyclonedx+json; version=1.6",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Csaf(CsafFile::Index) => "text/plain; charset=utf-8",
            Self::OpenVex | Self::Csaf(CsafFile::Feed | CsafFile::Service | CsafFile::Metadata) => {
                "application/json"
            }
        }
    }
}

/// A document about one issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum One {
    /// An OSV record.
    Osv,
    /// An OpenVEX document.
    OpenVex,
    /// A CycloneDX document.
    CycloneDx,
    /// A CSAF document.
    Csaf,
    /// The SHA-256 of a CSAF document.
    CsafSha256,
    /// The SHA-512 of a CSAF document.
    CsafSha512,
}

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything.
    Whole(Whole),
    /// One issue; documents of some formats say in their address when it was published.
    One {
        /// The format.
        kind: One,
        /// The issue.
        id: IssueId,
        /// The address as it stands, which has to be the document's own.
        path: String,
    },
    /// The public key.
    Key,
}

/// What a path below [`ROOT`] names; nothing for what is no name of ours, letter for letter.
#[must_use]
pub fn parse(path: &str) -> Option<Target> {
    if path == KEY {
        return Some(Target::Key);
    }
    if let Some(whole) = Whole::ALL.into_iter().find(|whole| whole.path() == path) {
        return Some(Target::Whole(whole));
    }
    let (folder, file) = path.split_once('/')?;
    let one = |kind, id: &str| {
        // Of several ways to write a number, only one is the name.
        let id: IssueId = id.parse().ok()?;
        let path = path.to_owned();
        Some(Target::One { kind, id, path })
    };
    match folder {
        "osv" => one(One::Osv, file.strip_suffix(".json")?),
        "openvex" => one(One::OpenVex, file.strip_suffix(".json")?),
        "cyclonedx" => one(One::CycloneDx, file.strip_suffix(".cdx.json")?),
        paths::CSAF => {
            let (_, file) = file.split_once('/')?;
            let endings = [
                (".json", One::Csaf),
                (".json.sha256", One::CsafSha256),
                (".json.sha512", One::CsafSha512),
            ];
            let (id, kind) = endings
                .into_iter()
                .find_map(|(ending, kind)| Some((file.strip_suffix(ending)?, kind)))?;
            one(kind, &id.to_ascii_uppercase())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_lead_somewhere() {
        for whole in Whole::ALL {
            assert_eq!(parse(whole.path()), Some(Target::Whole(whole)));
        }
        assert_eq!(parse("minisign.pub"), Some(Target::Key));
        let id = IssueId::new(2026, 1).unwrap();
        for (path, wanted) in [
            ("osv/NIXPKGS-2026-0001.json", One::Osv),
            ("openvex/NIXPKGS-2026-0001.json", One::OpenVex),
            ("cyclonedx/NIXPKGS-2026-0001.cdx.json", One::CycloneDx),
            ("csaf/2026/nixpkgs-2026-0001.json", One::Csaf),
            ("csaf/2026/nixpkgs-2026-0001.json.sha512", One::CsafSha512),
        ] {
            let Some(Target::One {
                kind, id: named, ..
            }) = parse(path)
            else {
                panic!("{path}");
            };
            assert_eq!((kind, named), (wanted, id), "{path}");
        }
        for path in [
            "",
            "osv",
            "osv/",
            "osv/all.json",
            "osv/NIXPKGS-2026-0001",
            "osv/NIXPKGS-2026-00001.json",
            "osv/../osv/NIXPKGS-2026-0001.json",
            "osv/nixpkgs-2026-0001.json",
            "csaf/nixpkgs-2026-0001.json",
            "cyclonedx/NIXPKGS-2026-0001.json",
            "x/NIXPKGS-2026-0001.json",
            "osv/all.jsonl.minisig",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
