//! Names as people write them, brought to a form in which they can be compared.

/// Letters, digits and `+`, in lower case: `Argo CD`, `argo_cd` and `argo-cd` all become `argocd`.
///
/// `+` is kept because it carries meaning (`notepad++`, `libsigc++`).
#[must_use]
pub fn joined(name: &str) -> String {
    if name.is_ascii() {
        // Nearly all are, and then bytes are characters.
        let mut out = String::with_capacity(name.len());
        let kept = name
            .bytes()
            .filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'+');
        out.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
        return out;
    }
    name.chars()
        .filter(|c| c.is_alphanumeric() || *c == '+')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether [`joined`] makes `other` of a name, without making it.
#[must_use]
pub fn is_joined(name: &str, other: &str) -> bool {
    if !name.is_ascii() {
        return joined(name) == other;
    }
    let kept = name
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'+');
    kept.map(|byte| byte.to_ascii_lowercase()).eq(other.bytes())
}

/// Whether one of two joined names has the other in it, and the other is long enough to tell:
/// `filebeat` and `beat`, but not `filebeat` and `packetbeat`.
#[must_use]
pub fn are_kin(one: &str, other: &str) -> bool {
    let holds = |text: &str, part: &str| part.len() >= 3 && text.contains(part);
    holds(one, other) || holds(other, one)
}

/// Words joined by `-`, in lower case: `argo_cd` and `Argo CD` become `argo-cd`, `argocd` stays.
#[must_use]
pub fn dashed(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '+' {
            out.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    out
}

/// The part of a vendor's name that tells it apart: `openssl_project`, `OpenSSL Foundation`
/// and `OpenSSL, Inc.` all become `openssl`.
#[must_use]
pub fn vendor_core(vendor: &str) -> String {
    const LEGAL: [&str; 14] = [
        "project",
        "inc",
        "foundation",
        "org",
        "team",
        "software",
        "gmbh",
        "ltd",
        "llc",
        "corporation",
        "corp",
        "community",
        "developers",
        "maintainers",
    ];
    let dashed = dashed(vendor);
    let mut words: Vec<&str> = dashed.split('-').collect();
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL.contains(word)) {
        words.pop();
    }
    words.concat()
}

/// Whether a vendor or product text says nothing: `n/a`, `-`, `*`, `unknown` and the like.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    matches!(
        text.as_str(),
        "" | "n/a"
            | "na"
            | "-"
            | "*"
            | "unknown"
            | "unspecified"
            | "none"
            | "null"
            | "not applicable"
    )
}

/// Whether a vendor, in joined form, makes a distribution: its CPEs name streams of that
/// distribution, whatever software is in them.
#[must_use]
pub fn is_distribution(vendor: &str) -> bool {
    matches!(
        vendor,
        "redhat"
            | "fedoraproject"
            | "centos"
            | "debian"
            | "canonical"
            | "suse"
            | "opensuse"
            | "gentoo"
            | "mageia"
            | "rockylinux"
            | "almalinux"
    )
}

/// Words that name a kind of thing rather than a thing. A product with only such a name ties
/// to a package only with further evidence.
#[must_use]
pub fn is_generic(joined: &str) -> bool {
    const GENERIC: [&str; 54] = [
        "agent",
        "api",
        "app",
        "auth",
        "backend",
        "base",
        "cli",
        "client",
        "code",
        "common",
        "commons",
        "config",
        "connector",
        "console",
        "container",
        "core",
        "crypto",
        "data",
        "driver",
        "editor",
        "engine",
        "firmware",
        "framework",
        "frontend",
        "gateway",
        "http",
        "image",
        "kernel",
        "lib",
        "library",
        "linux",
        "main",
        "manager",
        "network",
        "node",
        "parser",
        "platform",
        "player",
        "plugin",
        "portal",
        "proxy",
        "router",
        "runtime",
        "sdk",
        "server",
        "service",
        "shell",
        "suite",
        "tool",
        "tools",
        "utils",
        "viewer",
        "web",
        "ui",
    ];
    joined.len() < 3 || GENERIC.contains(&joined)
}

/// Nouns that products carry behind the vendor's own name: `mattermost_server`, `linux_kernel`.
const PRODUCT_NOUNS: [&str; 12] = [
    "kernel",
    "server",
    "core",
    "library",
    "software",
    "project",
    "daemon",
    "application",
    "cms",
    "package",
    "app",
    "framework",
];

/// For a product that is its vendor's name and a noun (`linux:linux_kernel`,
/// `mattermost:mattermost_server`): that name. The vendor is given by its core ([`vendor_core`]).
#[must_use]
pub fn without_noun<'a>(vendor: &str, product_joined: &'a str) -> Option<&'a str> {
    if vendor.len() < 3 {
        return None;
    }
    let rest = product_joined.strip_prefix(vendor)?;
    PRODUCT_NOUNS
        .contains(&rest)
        .then(|| &product_joined[..vendor.len()])
}

/// Endings of package names that name a build or a part of the same software.
const VARIANT_ENDINGS: [&str; 26] = [
    "unwrapped",
    "wrapped",
    "bin",
    "full",
    "minimal",
    "headless",
    "gui",
    "nox",
    "withx",
    "qt",
    "gtk",
    "gtk3",
    "qt5",
    "qt6",
    "unstable",
    "lts",
    "latest",
    "git",
    "cli",
    "desktop",
    "server",
    "client",
    "ce",
    "daemon",
    "mpi",
    "cpp",
];

/// Shorter names under which the software of a package may be known: `vim-full` → `vim`,
/// `postgresql_14` → `postgresql`, `libarchive` → `archive` is *not* among them.
#[must_use]
pub fn variants(name: &str) -> Vec<String> {
    let dashed = dashed(name);
    let mut out = Vec::new();
    let mut words: Vec<&str> = dashed.split('-').collect();
    while words.len() > 1 {
        let Some(last) = words.last() else { break };
        let numeric = last.bytes().all(|b| b.is_ascii_digit());
        if !numeric && !VARIANT_ENDINGS.contains(last) {
            break;
        }
        words.pop();
        out.push(words.concat());
    }
    let trimmed = dashed.trim_end_matches(|c: char| c.is_ascii_digit());
    if trimmed.len() >= 4 && trimmed.len() < dashed.len() {
        let stem = joined(trimmed);
        if !out.contains(&stem) {
            out.push(stem);
        }
    }
    out.retain(|name| name.len() >= 3);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_agree() {
        for name in ["Argo CD", "argo_cd", "argo-cd", "ArgoCD"] {
            assert_eq!(joined(name), "argocd");
        }
        assert_eq!(dashed("Argo CD"), "argo-cd");
        assert_eq!(dashed("_389-ds-base"), "389-ds-base");
        assert_eq!(joined("libsigc++"), "libsigc++");
    }

    #[test]
    fn vendors_lose_their_legal_form() {
        assert_eq!(vendor_core("openssl_project"), "openssl");
        assert_eq!(vendor_core("OpenSSL Software Foundation"), "openssl");
        assert_eq!(vendor_core("project"), "project");
    }

    #[test]
    fn a_noun_behind_the_vendor_is_dropped() {
        assert_eq!(without_noun("linux", "linuxkernel"), Some("linux"));
        assert_eq!(
            without_noun("mattermost", "mattermostserver"),
            Some("mattermost")
        );
        assert_eq!(without_noun("mattermost", "mattermostdesktop"), None);
    }

    #[test]
    fn variants_lose_build_words_only() {
        assert_eq!(variants("vim-full"), ["vim"]);
        assert_eq!(variants("postgresql_14"), ["postgresql"]);
        assert_eq!(variants("smarty3"), ["smarty"]);
        assert!(variants("oauth2-proxy").is_empty());
    }
}
