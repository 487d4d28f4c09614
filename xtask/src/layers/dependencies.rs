//! The rules on dependencies from outside that need no tool of their own: where they come from, and
//! that their licence is on the list in `deny.toml`. `cargo deny` asks more where it is installed.

use std::collections::BTreeSet;

use cargo_metadata::Metadata;
use spdx::{Expression, ParseMode};

use super::rules::Violation;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// Name and version.
    pub name: String,
    /// An SPDX expression, where there is one.
    pub licence: Option<String>,
    /// As cargo writes it.
    pub source: String,
}

/// All packages of the graph that are not of this workspace.
pub fn outside(metadata: &Metadata) -> Vec<Outside> {
    let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let others = metadata
        .packages
        .iter()
        .filter(|package| !members.contains(&package.id));
    others
        .map(|package| Outside {
            name: format!("{} {}", package.name, package.version),
            licence: package.license.clone(),
            source: package
                .source
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
        .collect()
}

/// The list `allow` under `[licenses]`.
pub fn allowed_licences(deny: &str) -> BTreeSet<&str> {
    deny.lines()
        .map(str::trim)
        .skip_while(|line| *line != "[licenses]")
        .skip_while(|line| *line != "allow = [")
        .skip(1)
        .take_while(|line| *line != "]")
        .filter_map(|line| line.strip_prefix('"')?.split('"').next())
        .collect()
}

/// Violations by packages from outside.
pub fn check(packages: &[Outside], allowed: &BTreeSet<&str>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in packages {
        if package.source != CRATES_IO {
            let what = format!("comes from `{}`, not from crates.io", package.source);
            violations.push(Violation::new(&package.name, what));
        }
        if !permits(package.licence.as_deref(), allowed) {
            let licence = package.licence.as_deref().unwrap_or("none");
            let what = format!("has the licence `{licence}`; deny.toml doesn't allow it");
            violations.push(Violation::new(&package.name, what));
        }
    }
    violations
}

fn permits(licence: Option<&str>, allowed: &BTreeSet<&str>) -> bool {
    // Old manifests write `MIT/Apache-2.0`.
    let parsed = licence.and_then(|text| Expression::parse_mode(text, ParseMode::LAX).ok());
    parsed.is_some_and(|expression| {
        expression.evaluate(|licence| allowed.contains(licence.to_string().as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = "\
[bans]
deny = [
  \"x\",
]
[licenses]
# Why.
allow = [
  \"Apache-2.0\",
  \"Apache-2.0 WITH LLVM-exception\",
  \"MIT\", # here too
]
confidence-threshold = 0.9
";

    #[test]
    fn the_list_is_read() {
        let allowed = allowed_licences(DENY);
        assert_eq!(
            allowed.into_iter().collect::<Vec<_>>(),
            ["Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT"]
        );
    }

    #[test]
    fn a_licence_is_judged_as_an_expression() {
        let allowed = allowed_licences(DENY);
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "MIT/Apache-2.0",
            "MIT AND Apache-2.0",
        ] {
            assert!(permits(Some(good), &allowed), "{good}");
        }
        assert!(permits(Some("Apache-2.0 WITH LLVM-exception"), &allowed));
        for bad in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "Beerware",
            "",
            "MIT OR",
        ] {
            assert!(!permits(Some(bad), &allowed), "{bad}");
        }
        assert!(!permits(None, &allowed));
    }

    #[test]
    fn only_crates_io_is_a_source() {
        let package = |source: &str| Outside {
            name: "x 1.0.0".to_owned(),
            licence: Some("MIT".to_owned()),
            source: source.to_owned(),
        };
        let allowed = allowed_licences(DENY);
        assert!(check(&[package(CRATES_IO)], &allowed).is_empty());
        let told = check(
            &[package("git+https://example.org/x"), package("")],
            &allowed,
        );
        assert_eq!(told.len(), 2);
        assert!(told[0].to_string().contains("not from crates.io"));
    }
}
