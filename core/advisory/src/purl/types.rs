//! What each type allows, and which of its parts know no case.
//!
//! Source: purl-spec, `types/*-definition.json`, of 2026-08-21. A namespace that the definitions
//! require is demanded only where the specification's own tests do: package URLs without it
//! stand in real records, and name a package well enough.

/// Whether a type has namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    Optional,
    Required,
    Prohibited,
}

/// The rules of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TypeRules {
    pub(super) namespace: Namespace,
    pub(super) lower_namespace: bool,
    pub(super) lower_name: bool,
    pub(super) lower_version: bool,
    pub(super) qualifier: Option<&'static str>,
}

pub(super) fn rules(kind: &str) -> TypeRules {
    use Namespace::{Optional, Prohibited, Required};
    let namespace = match kind {
        "bazel" | "bitnami" | "cargo" | "chrome-extension" | "cocoapods" | "conda" | "cran"
        | "gem" | "hackage" | "julia" | "mlflow" | "nuget" | "oci" | "opam" | "otp" | "pub"
        | "pypi" | "vcpkg" => Prohibited,
        "composer" | "huggingface" | "swift" | "vscode-extension" | "git" => Required,
        _ => Optional,
    };
    TypeRules {
        namespace,
        lower_namespace: matches!(
            kind,
            "alpm"
                | "apk"
                | "bitbucket"
                | "brew"
                | "composer"
                | "deb"
                | "github"
                | "hex"
                | "luarocks"
                | "qpkg"
                | "rpm"
                | "vscode-extension"
                | "yocto"
        ),
        lower_name: matches!(
            kind,
            "alpm"
                | "apk"
                | "bitbucket"
                | "bitnami"
                | "brew"
                | "composer"
                | "deb"
                | "github"
                | "hex"
                | "luarocks"
                | "oci"
                | "otp"
                | "pub"
                | "pypi"
                | "vscode-extension"
        ),
        lower_version: matches!(kind, "huggingface" | "oci" | "pypi" | "vscode-extension"),
        qualifier: match kind {
            "julia" => Some("uuid"),
            "swid" => Some("tag_id"),
            _ => None,
        },
    }
}
