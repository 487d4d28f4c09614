//! A channel's `packages.json`, also as `packages.json.br`.
//!
//! Source: Nixpkgs, `pkgs/top-level/packages-config.nix` and `nix-env --query --meta --json`

use std::collections::BTreeMap;
use std::io::Read as _;

use serde::Deserialize;
use serde_json::Value;
use snowguard_matching::package::Package;
use snowguard_nix_formats::DrvName;

use crate::closure::{Closure, Named};

/// A channel of today has 250 MB.
const UNPACKED: u64 = 2 << 30;

#[derive(Deserialize)]
struct Document {
    packages: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    pname: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    meta: Value,
}

/// Unpacks what Brotli packed; it has no signature to be known by, so the name's ending counts.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    brotli::Decompressor::new(bytes, 64 << 10)
        .take(UNPACKED + 1)
        .read_to_end(&mut out)
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if out.len() as u64 > UNPACKED {
        return Err(format!("it has more than {UNPACKED} bytes when unpacked"));
    }
    Ok(out)
}

/// Reads a channel: every package by its attribute.
pub(super) fn read(bytes: &[u8]) -> Result<Closure, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let named = document.packages.into_iter().filter_map(|(attr, entry)| {
        let parsed = DrvName::parse(&entry.name);
        let pname = entry.pname.filter(|text| !text.is_empty());
        let pname = pname.unwrap_or_else(|| parsed.name().to_owned());
        let version = entry.version.filter(|text| !text.is_empty());
        let version = version.or_else(|| parsed.version().map(str::to_owned))?;
        let meta = &entry.meta;
        Some(Named {
            label: attr.clone(),
            package: Package {
                attr,
                homepages: listed(meta.get("homepage")),
                description: text(meta.get("description")),
                known_vulnerabilities: listed(meta.get("knownVulnerabilities")),
                cpe: text(meta.pointer("/identifiers/cpe")),
                purls: listed(meta.pointer("/identifiers/purls")),
                name: entry.name,
                pname,
                version,
                ..Package::default()
            },
        })
    });
    let mut closure = Closure::default();
    closure.named.extend(named);
    Ok(closure)
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn listed(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}
