//! Package ecosystems, as advisories and Nixpkgs each name them.

use serde::{Deserialize, Serialize};
use snowguard_advisory::purl::Purl;

/// An ecosystem with names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    /// PyPI.
    Python,
    /// crates.io.
    Rust,
    /// npm.
    Node,
    /// RubyGems.
    Ruby,
    /// Hackage.
    Haskell,
    /// CPAN.
    Perl,
    /// Packagist, PEAR and PECL.
    Php,
    /// Go modules.
    Go,
    /// Maven.
    Java,
    /// NuGet.
    Dotnet,
    /// Hex.
    Erlang,
    /// opam.
    Ocaml,
    /// CRAN and Bioconductor.
    R,
    /// LuaRocks.
    Lua,
    /// ELPA, MELPA.
    Emacs,
    /// Vim and Neovim plugins.
    Vim,
    /// Any other place with names of its own: plugins and themes of some program, mobile apps.
    /// What it is called there says nothing about a package of the same name in Nixpkgs.
    Plugin,
}

impl Ecosystem {
    /// From an OSV ecosystem name (`PyPI`, `crates.io`, `Go`, …). `None` for distributions and
    /// for databases whose names are plain product names (Bitnami, OSS-Fuzz).
    #[must_use]
    pub fn from_osv(name: &str) -> Option<Self> {
        Some(match name.split(':').next().unwrap_or_default() {
            "PyPI" => Self::Python,
            "crates.io" => Self::Rust,
            "npm" => Self::Node,
            "RubyGems" => Self::Ruby,
            "Hackage" | "GHC" => Self::Haskell,
            "CPAN" => Self::Perl,
            "Packagist" => Self::Php,
            "Go" => Self::Go,
            "Maven" => Self::Java,
            "NuGet" => Self::Dotnet,
            "Hex" => Self::Erlang,
            "opam" => Self::Ocaml,
            "CRAN" | "Bioconductor" => Self::R,
            "Android" | "GitHub Actions" | "Pub" | "SwiftURL" | "ConanCenter" | "VSCode" => {
                Self::Plugin
            }
            _ => return None,
        })
    }

    /// From a package URL's type.
    #[must_use]
    pub fn from_purl_type(kind: &str) -> Option<Self> {
        Some(match kind {
            "pypi" => Self::Python,
            "cargo" => Self::Rust,
            "npm" => Self::Node,
            "gem" => Self::Ruby,
            "hackage" => Self::Haskell,
            "cpan" => Self::Perl,
            "composer" => Self::Php,
            "golang" => Self::Go,
            "maven" => Self::Java,
            "nuget" => Self::Dotnet,
            "hex" => Self::Erlang,
            "opam" => Self::Ocaml,
            "cran" | "bioconductor" => Self::R,
            "luarocks" => Self::Lua,
            _ => return None,
        })
    }

    /// From a CPE's `target_sw`. A language says that the product is written for it, a program's
    /// name that it is a plugin there. `None` where it says nothing about the ecosystem.
    #[must_use]
    pub fn from_target_sw(target: &str) -> Option<Self> {
        Some(match target.to_ascii_lowercase().as_str() {
            "python" | "django" => Self::Python,
            "rust" => Self::Rust,
            "node.js" | "nodejs" | "npm" => Self::Node,
            "ruby" | "rails" | "ruby_on_rails" => Self::Ruby,
            "haskell" => Self::Haskell,
            "perl" => Self::Perl,
            "php" | "composer" | "laravel" => Self::Php,
            "go" | "golang" => Self::Go,
            "maven" | "java" => Self::Java,
            ".net" | "asp.net" | "nuget" => Self::Dotnet,
            "erlang" | "elixir" | "hex" => Self::Erlang,
            "ocaml" => Self::Ocaml,
            "lua" => Self::Lua,
            "wordpress" | "woocommerce" | "jenkins" | "moodle" | "drupal" | "joomla"
            | "joomla!" | "typo3" | "android" | "iphone_os" | "ipados" | "ios" | "magento"
            | "opencart" | "prestashop" | "mediawiki" | "jira" | "confluence" | "bamboo"
            | "bitbucket" | "splunk" | "craft_cms" | "vbulletin" | "umbraco" | "concrete5"
            | "chrome" | "visual_studio_code" | "shopware" | "xwiki" | "home_assistant"
            | "discourse" | "nextcloud" | "owncloud" | "salesforce" | "phpbb" | "mybb"
            | "dotnetnuke" | "sharepoint" | "teams" | "webos" | "tvos" | "watchos" | "sugarcrm"
            | "shopify" | "zimbra" | "hubspot" | "bigcommerce" | "elementor" | "obsidian"
            | "octobercms" | "dokuwiki" => Self::Plugin,
            _ => return None,
        })
    }

    /// From a vendor that is written as a Maven group (`org.postgresql`): a reversed domain. What
    /// lies in a group is a Java library, whatever else may carry its name.
    #[must_use]
    pub fn from_group(vendor: &str) -> Option<Self> {
        let (top, rest) = vendor.split_once('.')?;
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        };
        (matches!(top, "org" | "com" | "net" | "io" | "dev") && is_name(rest)).then_some(Self::Java)
    }

    /// From CVE `collectionURL`.
    #[must_use]
    pub fn from_collection(url: &str) -> Option<Self> {
        let url = url.to_ascii_lowercase();
        let host = url.split("://").nth(1).unwrap_or(&url);
        let host = host.strip_prefix("www.").unwrap_or(host);
        let on = |prefix: &str| host.starts_with(prefix);
        Some(if on("pypi.org") || on("pypi.python.org") {
            Self::Python
        } else if on("crates.io") {
            Self::Rust
        } else if on("npmjs.com") || on("registry.npmjs.org") || on("npmjs.org") {
            Self::Node
        } else if on("rubygems.org") {
            Self::Ruby
        } else if on("hackage.haskell.org") {
            Self::Haskell
        } else if on("cpan.org") || on("metacpan.org") {
            Self::Perl
        } else if on("packagist.org") || on("pecl.php.net") {
            Self::Php
        } else if on("pkg.go.dev") || on("proxy.golang.org") {
            Self::Go
        } else if on("repo.maven")
            || on("mvnrepository.com")
            || on("repo1.maven")
            || on("central.sonatype")
        {
            Self::Java
        } else if on("nuget.org") {
            Self::Dotnet
        } else if on("hex.pm") {
            Self::Erlang
        } else if on("wordpress.org")
            || on("plugins.jenkins")
            || on("themeforest.net")
            || on("codecanyon.net")
            || on("play.google.com")
            || on("drupal.org")
            || on("extensions.joomla.org")
            || on("marketplace.visualstudio.com")
            || on("pub.dev")
        {
            Self::Plugin
        } else {
            return None;
        })
    }

    /// The name of a purl's package in this ecosystem's own notation.
    #[must_use]
    pub fn purl_name(purl: &Purl) -> String {
        match (&purl.namespace, purl.kind.as_str()) {
            (Some(namespace), "maven") => format!("{namespace}:{}", purl.name),
            (Some(namespace), _) => format!("{namespace}/{}", purl.name),
            (None, _) => purl.name.clone(),
        }
    }

    /// A name in the form in which this ecosystem compares names.
    ///
    /// Source: PEP 503 for Python; crates.io and Hackage treat `-` and `_` alike or forbid
    /// clashes; npm, Packagist and RubyGems are case-insensitive in practice.
    #[must_use]
    pub fn canonical(self, name: &str) -> String {
        match self {
            Self::Python => crate::names::dashed(name),
            Self::Rust => name.to_ascii_lowercase().replace('_', "-"),
            Self::Perl => name.to_ascii_lowercase().replace("::", "-"),
            Self::R => name.to_ascii_lowercase().replace(['_', '.'], "-"),
            _ => name.to_ascii_lowercase(),
        }
    }

    /// Short tag for keys.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Python => "pypi",
            Self::Rust => "cargo",
            Self::Node => "npm",
            Self::Ruby => "gem",
            Self::Haskell => "hackage",
            Self::Perl => "cpan",
            Self::Php => "composer",
            Self::Go => "golang",
            Self::Java => "maven",
            Self::Dotnet => "nuget",
            Self::Erlang => "hex",
            Self::Ocaml => "opam",
            Self::R => "cran",
            Self::Lua => "luarocks",
            Self::Emacs => "elpa",
            Self::Vim => "vim",
            Self::Plugin => "plugin",
        }
    }
}
