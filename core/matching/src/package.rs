//! A package as Nixpkgs describes it: one attribute of one evaluation.

use serde::{Deserialize, Serialize};

/// One attribute of a channel at a revision. The JSON form is what the tracker stores; its
/// digest decides whether an attribute changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Package {
    /// Attribute path, e.g. `python3Packages.requests`.
    pub attr: String,
    /// Full derivation name, e.g. `python3.13-requests-2.32.3`.
    pub name: String,
    /// `pname`, or the name part as `parseDrvName` gives it where absent.
    pub pname: String,
    /// Version, or what `parseDrvName` gives; empty where unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Store path base name of the derivation, without `/nix/store/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drv_path: Option<String>,
    /// Output name and store path base name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<(String, String)>,
    /// `x86_64-linux` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Source URLs (`mirror://` kept as written).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// `pname`s of the other packages of the channel that come from the same repository, sorted;
    /// none where they are too many to be parts of one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub siblings: Vec<String>,
    /// Patch file names (base names, or URLs).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
    /// `meta.homepage`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub homepages: Vec<String>,
    /// `meta.changelog`, `meta.downloadPage`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// `meta.description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// SPDX ids or short names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// Maintainer handles (the key in maintainer-list.nix).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<String>,
    /// Team short names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// `file:line` in Nixpkgs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// `meta.knownVulnerabilities`, free text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_vulnerabilities: Vec<String>,
    /// `meta.identifiers.cpe`, exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// `meta.identifiers.possibleCPEs`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_cpes: Vec<String>,
    /// `meta.identifiers.purls`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<String>,
    /// `meta.mainProgram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_program: Option<String>,
    /// `meta.broken`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub broken: bool,
    /// `meta.unfree`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfree: bool,
}
