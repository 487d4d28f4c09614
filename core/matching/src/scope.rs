//! What the place of an attribute in Nixpkgs says about the package.

use crate::ecosystem::Ecosystem;

/// The set an attribute stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `pkgs.…`, or a set that only groups programs (`kdePackages`, `gnome`, `llvmPackages`).
    Program,
    /// A language's own set (`python3Packages`): names are those of its ecosystem.
    Language(Ecosystem),
    /// Plugins, extensions and data of some program: a name there is not the program's.
    Plugin,
    /// The same software built for another target (`pkgsStatic`, `emscriptenPackages`).
    Variant,
}

/// Sets whose names are an ecosystem's. Matched as a prefix of the set's name, so that
/// `python313Packages` and `haskell.packages.ghc96` fall in as well.
const LANGUAGES: [(&str, Ecosystem); 20] = [
    ("python", Ecosystem::Python),
    ("pypy", Ecosystem::Python),
    ("perl", Ecosystem::Perl),
    ("ruby", Ecosystem::Ruby),
    ("haskell", Ecosystem::Haskell),
    ("ocaml", Ecosystem::Ocaml),
    ("coqPackages", Ecosystem::Ocaml),
    ("nodePackages", Ecosystem::Node),
    ("php", Ecosystem::Php),
    ("lua", Ecosystem::Lua),
    ("luajit", Ecosystem::Lua),
    ("beam", Ecosystem::Erlang),
    ("rPackages", Ecosystem::R),
    ("emacs", Ecosystem::Emacs),
    ("melpa", Ecosystem::Emacs),
    ("elpa", Ecosystem::Emacs),
    ("vimPlugins", Ecosystem::Vim),
    ("cratesIO", Ecosystem::Rust),
    ("dotnetPackages", Ecosystem::Dotnet),
    ("nimPackages", Ecosystem::Plugin),
];

/// Endings of sets that hold plugins or data.
const PLUGIN_ENDINGS: [&str; 9] = [
    "Plugins",
    "plugins",
    "Extensions",
    "extensions",
    "Scripts",
    "Dicts",
    "-data",
    "providers",
    "Addons",
];

/// Sets of plugins that no ending tells.
const PLUGIN_SETS: [&str; 29] = [
    "typstPackages",
    "sbclPackages",
    "akkuPackages",
    "chickenPackages",
    "tree-sitter-grammars",
    "kodiPackages",
    "octavePackages",
    "idrisPackages",
    "agdaPackages",
    "nerd-fonts",
    "maple-mono",
    "netbox",
    "libretro",
    "postgresqlPackages",
    "postgresql",
    "wordpressPackages",
    "nextcloud",
    "home-assistant-custom-components",
    "home-assistant-custom-lovelace-modules",
    "optifinePackages",
    "texlivePackages",
    "mopidyPackages",
    "steamPackages",
    "apacheHttpdPackages",
    "discourse",
    "rocqPackages",
    "papermcServers",
    "obs-studio-plugins",
    "vscode-marketplace",
];

impl Scope {
    /// The scope of an attribute path.
    #[must_use]
    pub fn of(attr: &str) -> Self {
        let Some((set, _)) = attr.split_once('.') else {
            return Self::Program;
        };
        if set.starts_with("pkgs") || set == "emscriptenPackages" {
            return Self::Variant;
        }
        if PLUGIN_ENDINGS.iter().any(|ending| set.ends_with(ending)) && !set.starts_with("vim") {
            return Self::Plugin;
        }
        if PLUGIN_SETS.iter().any(|known| set.starts_with(known)) {
            return Self::Plugin;
        }
        for (prefix, ecosystem) in LANGUAGES {
            if set.starts_with(prefix) {
                return Self::Language(ecosystem);
            }
        }
        Self::Program
    }

    /// Whether a bare name in this scope may stand for the software of that name.
    #[must_use]
    pub fn names_programs(self) -> bool {
        self == Self::Program
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_told_apart() {
        assert_eq!(Scope::of("openssl"), Scope::Program);
        assert_eq!(Scope::of("llvmPackages_18.clang"), Scope::Program);
        assert_eq!(
            Scope::of("python313Packages.requests"),
            Scope::Language(Ecosystem::Python)
        );
        assert_eq!(
            Scope::of("haskell.packages.ghc96.aeson"),
            Scope::Language(Ecosystem::Haskell)
        );
        assert_eq!(Scope::of("vimPlugins.fzf"), Scope::Language(Ecosystem::Vim));
        assert_eq!(Scope::of("tmuxPlugins.docker"), Scope::Plugin);
        assert_eq!(Scope::of("emscriptenPackages.libxml2"), Scope::Variant);
        assert_eq!(Scope::of("linuxPackages_6_1.kernel"), Scope::Program);
    }
}
