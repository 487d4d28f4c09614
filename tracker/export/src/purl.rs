//! Package URLs of packages in Nixpkgs.
//!
//! Type `nix` is not registered (purl-spec of August 2026 lists it as a candidate). The draft of its
//! definition (purl-spec, pull request 877) has the origin as namespace, the attribute path as name,
//! the version, and the commit of Nixpkgs as a qualifier `commit`: this follows it. The channel is a qualifier
//! of our own, since the same version can be patched in one channel and not in another. The draft
//! calls names case-insensitive; attribute paths of Nix are not, so that case is kept.

use std::fmt::Write as _;

use snowguard_advisory::purl::Purl;

use crate::issue::names::PackageVersion;
use crate::issue::package::{ChannelStatus, Package};

/// A package of a channel at a version, or at any: `pkg:nix/nixpkgs/openssl@3.0.13?channel=nixos-26.05`.
#[must_use]
pub fn in_channel(
    package: &Package,
    channel: &ChannelStatus,
    version: Option<&PackageVersion>,
) -> String {
    let mut purl = bare(package, version);
    purl.qualifiers
        .push(("channel".to_owned(), channel.channel.as_str().to_owned()));
    purl.to_string()
}

/// As [`in_channel`] at the version that the channel has, with the commit that was looked at.
#[must_use]
pub fn evaluated(package: &Package, channel: &ChannelStatus) -> String {
    let mut purl = bare(package, channel.version.as_ref());
    purl.qualifiers
        .push(("channel".to_owned(), channel.channel.as_str().to_owned()));
    if let Some(commit) = &channel.evaluated {
        let commit = commit.as_str().to_owned();
        purl.qualifiers.push(("commit".to_owned(), commit));
    }
    purl.to_string()
}

/// A package at any version of any channel: `pkg:nix/nixpkgs/openssl`.
#[must_use]
pub fn anywhere(package: &Package) -> String {
    bare(package, None).to_string()
}

fn bare(package: &Package, version: Option<&PackageVersion>) -> Purl {
    Purl {
        namespace: Some("nixpkgs".to_owned()),
        version: version.map(|version| version.as_str().to_owned()),
        ..Purl::named("nix", package.attribute.as_str())
    }
}

/// A version in a range of `vers`, the language of ranges that goes with package URLs: what it reserves is
/// percent-encoded.
pub(crate) fn vers(version: &PackageVersion) -> String {
    encoded(version.as_str())
}

/// Percent-encodes everything but letters, digits and `-._~:+`.
pub(crate) fn encoded(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:+".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing into a String cannot fail");
        }
    }
    text
}
