//! The shapes in which Nixpkgs' `meta` says things: a text, a list, an object, a list of objects.
//!
//! Nixpkgs does not check most of `meta`, so a shape that nobody thought of is passed over
//! rather than refused.

use serde_json::Value;

/// Lists within lists are followed this far (compound licences, `src` of `srcs`).
const DEPTH: u32 = 4;

/// The text in `value`, trimmed, unless it is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// All texts in a text or list, in order, each once. Of an object, the texts of its first member
/// in `members` that has any.
pub(super) fn texts(value: &Value, members: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    gather(value, members, DEPTH, &mut out);
    let mut seen = std::collections::HashSet::new();
    out.retain(|text| seen.insert(text.clone()));
    out
}

fn gather(value: &Value, members: &[&str], depth: u32, out: &mut Vec<String>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(_) => out.extend(text(value)),
        Value::Array(list) => {
            for item in list {
                gather(item, members, depth - 1, out);
            }
        }
        Value::Object(object) => {
            for member in members {
                let before = out.len();
                if let Some(inner) = object.get(*member) {
                    gather(inner, members, depth - 1, out);
                }
                if out.len() > before {
                    return;
                }
            }
        }
        _ => {}
    }
}

/// SPDX ids where there are some, else short names, else full names.
pub(super) fn licenses(value: &Value) -> Vec<String> {
    // A compound licence keeps its parts under `licenses`.
    texts(
        value,
        &["spdxId", "shortName", "fullName", "licenses", "url"],
    )
}

/// Handles. `packages.json` has no handle of Nixpkgs' own list, but GitHub's is nearly always it.
pub(super) fn maintainers(value: &Value) -> Vec<String> {
    texts(value, &["github", "handle", "name", "matrix"])
}

/// Team short names.
pub(super) fn teams(value: &Value) -> Vec<String> {
    texts(value, &["shortName", "github", "name"])
}

/// The last part of a store path, without the store; other texts as they are.
pub(super) fn store_base(path: &str) -> &str {
    path.rsplit_once("/store/").map_or(path, |(_, base)| base)
}

/// The file name behind a store path's hash, or of any path; URLs stay whole.
pub(super) fn patch_name(path: &str) -> &str {
    if path.contains("://") {
        return path;
    }
    let base = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path);
    without_hash(base)
}

/// `hash-name` → `name`, where what stands before the dash is a store hash.
pub(super) fn without_hash(base: &str) -> &str {
    match base.split_at_checked(HASH) {
        Some((hash, rest)) if hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) => rest
            .strip_prefix('-')
            .filter(|name| !name.is_empty())
            .unwrap_or(base),
        _ => base,
    }
}

/// Length of a store path's hash.
const HASH: usize = 32;

/// `/nix/store/…-source/pkgs/a/default.nix:3` → `pkgs/a/default.nix:3`.
pub(super) fn position(text: &str) -> String {
    if !text.starts_with('/') {
        return text.to_owned();
    }
    let inside = ["/pkgs/", "/nixos/", "/lib/", "/maintainers/"];
    let cut = inside.iter().filter_map(|folder| text.find(folder)).min();
    cut.map_or(text, |at| &text[at + 1..]).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn licences_in_every_shape() {
        let mit = json!({"spdxId": "MIT", "shortName": "mit", "fullName": "MIT License"});
        let odd = json!({"shortName": "unfree-vendor", "free": false});
        let full = json!({"fullName": "Some License", "url": "https://example.org"});
        for (value, want) in [
            (json!("GPL-2.0"), vec!["GPL-2.0"]),
            (mit.clone(), vec!["MIT"]),
            (
                json!([mit, odd, full, "gpl", mit]),
                vec!["MIT", "unfree-vendor", "Some License", "gpl"],
            ),
            (
                json!({"operator": "AND", "licenses": [mit, odd]}),
                vec!["MIT", "unfree-vendor"],
            ),
            (json!(null), vec![]),
            (json!(true), vec![]),
            (json!([[[[["too deep"]]]]]), vec![]),
        ] {
            assert_eq!(licenses(&value), want, "{value}");
        }
    }

    #[test]
    fn maintainers_are_handles_in_objects_and_lists() {
        let value = json!([{"email": "a@b", "github": "ada", "name": "Ada"}, {"name": "Bo"}, "cy"]);
        assert_eq!(maintainers(&value), ["ada", "Bo", "cy"]);
    }

    #[test]
    fn patches_lose_store_and_hash() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        assert_eq!(
            patch_name(&format!("/nix/store/{hash}-CVE-2024-1.patch")),
            "CVE-2024-1.patch"
        );
        assert_eq!(
            patch_name(&format!("/nix/store/{hash}-source/pkgs/a/fix.patch")),
            "fix.patch"
        );
        assert_eq!(
            patch_name("https://example.org/a.patch"),
            "https://example.org/a.patch"
        );
        assert_eq!(patch_name("fix.patch"), "fix.patch");
        assert_eq!(
            patch_name("é-0123456789abcdfghijklmnpqrsvwx-a"),
            "é-0123456789abcdfghijklmnpqrsvwx-a"
        );
    }

    #[test]
    fn positions_lose_the_checkout() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let full = format!("/nix/store/{hash}-nixos/nixos/pkgs/by-name/he/hello/package.nix:9");
        assert_eq!(position("pkgs/a.nix:1"), "pkgs/a.nix:1");
        assert_eq!(position("/home/me/nixpkgs/pkgs/a.nix:1"), "pkgs/a.nix:1");
        assert!(position(&full).ends_with("pkgs/by-name/he/hello/package.nix:9"));
    }
}
