//! One package, from any of the forms.

use serde_json::{Map, Value};
use snowguard_matching::package::Package;
use snowguard_nix_formats::DrvName;
use snowguard_tracker_db::Maintainer;

use super::fields::{
    licenses, maintainers, patch_name, position, store_base, teams, text, texts, without_hash,
};
use crate::source::people;

/// What an evaluation says about one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A package, and the GitHub accounts of its maintainers where it gives them.
    Package(Box<Package>, Vec<Maintainer>),
    /// It could not be evaluated (`nix-eval-jobs` says so in its place).
    Failed {
        /// The attribute.
        attr: String,
        /// The first line of what the evaluator said.
        error: String,
    },
}

/// Why something is not a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// JSON, but no object.
    #[error("not an object")]
    NotAnObject,
    /// No attribute path, or one that cannot be one.
    #[error("no usable attribute path: {0:?}")]
    Attribute(String),
    /// Neither `name` nor `pname`.
    #[error("neither name nor pname")]
    Nameless,
}

/// Longest attribute path that is believed.
const ATTRIBUTE: usize = 1024;
/// Longest error text that is kept.
const ERROR: usize = 500;

/// Reads one package. `key`: its attribute, where the form keeps it outside of the record.
///
/// # Errors
/// [`PackageError`], when nothing can be made of it. Odd members are passed over, not refused.
pub fn entry(key: Option<&str>, raw: &[u8]) -> Result<Entry, PackageError> {
    let value: Value =
        serde_json::from_slice(raw).map_err(|error| PackageError::Syntax(error.to_string()))?;
    let Value::Object(object) = value else {
        return Err(PackageError::NotAnObject);
    };
    let attr = attribute(key, &object)?;
    if let Some(error) = object.get("error").filter(|error| !error.is_null()) {
        let error = error
            .as_str()
            .map_or_else(|| error.to_string(), str::to_owned);
        let line = error
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or("");
        return Ok(Entry::Failed {
            attr,
            error: line.chars().take(ERROR).collect(),
        });
    }
    let parts = Parts::of(&object);
    let name = parts.own("name");
    let pname = parts.said("pname");
    let (name, pname) = match (name, pname) {
        (Some(name), Some(pname)) => (name, pname),
        (Some(name), None) => {
            let parsed = DrvName::parse(&name).name().to_owned();
            (name.clone(), if parsed.is_empty() { name } else { parsed })
        }
        (None, Some(pname)) => {
            let version = parts.said("version");
            (
                version.map_or_else(|| pname.clone(), |version| format!("{pname}-{version}")),
                pname,
            )
        }
        (None, None) => return Err(PackageError::Nameless),
    };
    let version = parts
        .said("version")
        .or_else(|| DrvName::parse(&name).version().map(str::to_owned))
        .unwrap_or_default();
    let people = people::of_package(parts.meta);
    let package = parts.package(attr, name, pname, version);
    Ok(Entry::Package(Box::new(package), people))
}

fn attribute(key: Option<&str>, object: &Map<String, Value>) -> Result<String, PackageError> {
    let attr = match (key, object.get("attr"), object.get("attrPath")) {
        (Some(key), ..) => key.to_owned(),
        (None, Some(Value::String(attr)), _) => attr.clone(),
        (None, _, Some(path @ Value::Array(_))) => texts(path, &[]).join("."),
        (None, _, Some(Value::String(path))) => path.clone(),
        _ => String::new(),
    };
    if attr.is_empty() || attr.len() > ATTRIBUTE || attr.chars().any(char::is_control) {
        return Err(PackageError::Attribute(attr.chars().take(80).collect()));
    }
    Ok(attr)
}

/// The objects that speak about a package.
struct Parts<'a> {
    object: &'a Map<String, Value>,
    meta: &'a Map<String, Value>,
    /// The value of `nix-eval-jobs --apply`.
    applied: &'a Map<String, Value>,
    /// `meta.identifiers`, and the members of its stable version `v1`.
    identifiers: [&'a Map<String, Value>; 2],
}

static NULL: Value = Value::Null;
static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);

fn child<'a>(object: &'a Map<String, Value>, name: &str) -> &'a Map<String, Value> {
    object
        .get(name)
        .and_then(Value::as_object)
        .unwrap_or(&NOTHING)
}

impl<'a> Parts<'a> {
    fn of(object: &'a Map<String, Value>) -> Self {
        let meta = child(object, "meta");
        let identifiers = child(meta, "identifiers");
        Self {
            object,
            meta,
            applied: child(object, "extraValue"),
            identifiers: [child(identifiers, "v1"), identifiers],
        }
    }

    fn own(&self, name: &str) -> Option<String> {
        text(self.object.get(name)?)
    }

    /// What the package itself says, else what was applied to it, else its `meta`.
    fn said(&self, name: &str) -> Option<String> {
        let places = [self.object, self.applied, self.meta];
        places.into_iter().find_map(|place| text(place.get(name)?))
    }

    fn meta(&self, name: &str) -> &'a Value {
        self.meta.get(name).unwrap_or(&NULL)
    }

    fn flag(&self, name: &str) -> bool {
        self.meta(name).as_bool().unwrap_or(false)
    }

    /// Texts of the first member that has any, of the package or of what was applied.
    fn listed(&self, names: &[&str], members: &[&str]) -> Vec<String> {
        for place in [self.object, self.applied] {
            for name in names {
                let found = place.get(*name).map(|value| texts(value, members));
                if let Some(found) = found.filter(|found| !found.is_empty()) {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// Identifiers lie flat in `meta` in the shared sets, and in `meta.identifiers` in Nixpkgs.
    fn identified(&self, names: &[&str], members: &[&str]) -> Vec<String> {
        for place in [self.identifiers[0], self.identifiers[1], self.meta] {
            for name in names {
                let found = place.get(*name).map(|value| texts(value, members));
                if let Some(found) = found.filter(|found| !found.is_empty()) {
                    return found;
                }
            }
        }
        Vec::new()
    }

    fn outputs(&self) -> Vec<(String, String)> {
        let outputs = child(self.object, "outputs");
        let paths = outputs
            .iter()
            .filter_map(|(name, path)| Some((name.clone(), store_base(path.as_str()?).to_owned())));
        let mut paths: Vec<_> = paths.collect();
        paths.sort();
        paths
    }

    fn patches(&self) -> Vec<String> {
        let said = self.listed(&["patches"], &["url", "urls", "name", "path"]);
        let mut patches: Vec<String> = said
            .iter()
            .map(|patch| patch_name(patch).to_owned())
            .collect();
        if patches.is_empty() {
            // Without an `--apply` value the inputs still tell: a fetched patch is a derivation
            // named after its file.
            let inputs = child(self.object, "inputDrvs").keys();
            let names = inputs.filter_map(|path| {
                let name = without_hash(store_base(path)).strip_suffix(".drv")?;
                let is_patch = [".patch", ".diff", ".patch.gz"]
                    .iter()
                    .any(|end| name.ends_with(end));
                (is_patch || name.starts_with("CVE-")).then(|| name.to_owned())
            });
            patches = names.collect();
            patches.sort();
        }
        patches.dedup();
        patches
    }

    fn package(&self, attr: String, name: String, pname: String, version: String) -> Package {
        let mut links = texts(self.meta("changelog"), &["url"]);
        links.extend(texts(self.meta("downloadPage"), &["url"]));
        let drv_path = self.own("drvPath").map(|path| store_base(&path).to_owned());
        Package {
            attr,
            name,
            pname,
            version,
            drv_path,
            outputs: self.outputs(),
            system: self.own("system"),
            sources: self.listed(
                &["src", "srcs", "urls", "url", "sources"],
                &["urls", "url", "src", "srcs", "gitRepoUrl"],
            ),
            siblings: Vec::new(),
            patches: self.patches(),
            homepages: texts(self.meta("homepage"), &["url"]),
            links,
            description: text(self.meta("description")),
            licenses: licenses(self.meta("license")),
            maintainers: maintainers(self.meta("maintainers")),
            teams: teams(self.meta("teams")),
            position: text(self.meta("position")).map(|place| position(&place)),
            known_vulnerabilities: texts(self.meta("knownVulnerabilities"), &[]),
            cpe: self.identified(&["cpe"], &["cpe"]).into_iter().next(),
            possible_cpes: self.identified(&["possibleCPEs"], &["cpe"]),
            purls: self.identified(&["purls", "purl"], &["purl"]),
            main_program: text(self.meta("mainProgram")),
            broken: self.flag("broken"),
            unfree: self.flag("unfree"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(key: Option<&str>, raw: &str) -> Package {
        match entry(key, raw.as_bytes()).expect("a package") {
            Entry::Package(package, _) => *package,
            Entry::Failed { .. } => panic!("a package"),
        }
    }

    #[test]
    fn a_member_of_packages_json() {
        let raw = r#"{"name":"openssl-3.3.1","pname":"openssl","version":"3.3.1",
            "system":"x86_64-linux","outputName":"bin","outputs":{"out":null,"bin":null},
            "meta":{"description":"TLS","homepage":"https://www.openssl.org/","unfree":false,
            "license":{"spdxId":"Apache-2.0"},"maintainers":[{"github":"thillux","name":"M"}],
            "teams":[{"shortName":"Stridtech"}],"position":"/nix/store/x/pkgs/o/default.nix:3",
            "knownVulnerabilities":["CVE-2024-1: bad"],"broken":true,
            "identifiers":{"cpeParts":{},"possibleCPEs":[{"vendor":"openssl","cpe":"cpe:2.3:a:old"}],
            "v1":{"cpe":"cpe:2.3:a:openssl:openssl:3.3.1:*:*:*:*:*:*:*",
            "possibleCPEs":[{"cpe":"cpe:2.3:a:one"},{"cpe":"cpe:2.3:a:two"}],
            "purl":"pkg:github/openssl/openssl@3.3.1"}}}}"#;
        let want = Package {
            attr: "openssl".into(),
            name: "openssl-3.3.1".into(),
            pname: "openssl".into(),
            version: "3.3.1".into(),
            system: Some("x86_64-linux".into()),
            description: Some("TLS".into()),
            homepages: vec!["https://www.openssl.org/".into()],
            licenses: vec!["Apache-2.0".into()],
            maintainers: vec!["thillux".into()],
            teams: vec!["Stridtech".into()],
            position: Some("pkgs/o/default.nix:3".into()),
            known_vulnerabilities: vec!["CVE-2024-1: bad".into()],
            cpe: Some("cpe:2.3:a:openssl:openssl:3.3.1:*:*:*:*:*:*:*".into()),
            possible_cpes: vec!["cpe:2.3:a:one".into(), "cpe:2.3:a:two".into()],
            purls: vec!["pkg:github/openssl/openssl@3.3.1".into()],
            broken: true,
            ..Package::default()
        };
        assert_eq!(package(Some("openssl"), raw), want);
    }

    #[test]
    fn a_line_of_nix_eval_jobs_with_an_apply_value() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let raw = format!(
            r#"{{"attr":"python3Packages.requests","attrPath":["python3Packages","requests"],
            "name":"python3.13-requests-2.32.3","drvPath":"/nix/store/{hash}-r.drv",
            "outputs":{{"out":"/nix/store/{hash}-r"}},"system":"x86_64-linux",
            "extraValue":{{"pname":"requests","version":"2.32.3",
            "src":{{"urls":["mirror://pypi/r/requests.tar.gz"]}},
            "patches":["/nix/store/{hash}-CVE-2024-1.patch",{{"url":"https://e.org/p"}},null]}}}}"#
        );
        let package = package(None, &raw);
        assert_eq!(package.attr, "python3Packages.requests");
        assert_eq!(
            (package.pname.as_str(), package.version.as_str()),
            ("requests", "2.32.3")
        );
        assert_eq!(
            package.drv_path.as_deref(),
            Some(format!("{hash}-r.drv").as_str())
        );
        assert_eq!(package.outputs, [("out".to_owned(), format!("{hash}-r"))]);
        assert_eq!(package.sources, ["mirror://pypi/r/requests.tar.gz"]);
        assert_eq!(package.patches, ["CVE-2024-1.patch", "https://e.org/p"]);
    }

    #[test]
    fn input_derivations_tell_patches_where_nothing_else_does() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let raw = format!(
            r#"{{"attr":"a","name":"a-1","inputDrvs":{{"/nix/store/{hash}-CVE-2024-2.patch.drv":["out"],
            "/nix/store/{hash}-bash-5.2.drv":["out"],"/nix/store/{hash}-fix.diff.drv":["out"]}}}}"#
        );
        assert_eq!(
            package(None, &raw).patches,
            ["CVE-2024-2.patch", "fix.diff"]
        );
    }

    #[test]
    fn name_and_version_are_parsed_where_they_are_not_said() {
        let parsed = package(
            None,
            r#"{"attr":"a","name":"xf86-video-i810-1.7.4","meta":{}}"#,
        );
        assert_eq!(
            (parsed.pname.as_str(), parsed.version.as_str()),
            ("xf86-video-i810", "1.7.4")
        );
        let built = package(None, r#"{"attr":"a","pname":"b","version":"2"}"#);
        assert_eq!(built.name, "b-2");
        let bare = package(None, r#"{"attr":"a","name":"-1"}"#);
        assert_eq!((bare.pname.as_str(), bare.version.as_str()), ("-1", "1"));
    }

    #[test]
    fn a_failed_evaluation_is_told_from_a_package() {
        let raw = r#"{"attr":"bad","attrPath":["bad"],"error":"\n error: boom\n at x"}"#;
        let want = Entry::Failed {
            attr: "bad".into(),
            error: "error: boom".into(),
        };
        assert_eq!(entry(None, raw.as_bytes()), Ok(want));
    }

    #[test]
    fn what_is_no_package_is_refused_with_a_reason() {
        let long = format!(r#"{{"attr":"{}","name":"a"}}"#, "x".repeat(2000));
        let deep = format!(
            r#"{{"attr":"a","name":{}1{}}}"#,
            "[".repeat(500),
            "]".repeat(500)
        );
        let cases = [
            ("[]", "not an object"),
            (r#"{"name":"a"}"#, "no usable attribute path"),
            (r#"{"attr":"a\nb","name":"a"}"#, "no usable attribute path"),
            (long.as_str(), "no usable attribute path"),
            (r#"{"attr":"a","name":7}"#, "neither name nor pname"),
            (r#"{"attr":"a","na"#, "not JSON"),
            (deep.as_str(), "not JSON: recursion limit"),
        ];
        for (raw, want) in cases {
            let got = entry(None, raw.as_bytes()).expect_err(want).to_string();
            assert!(got.starts_with(want), "{got}");
        }
        let latin = entry(None, b"{\"attr\":\"a\",\"name\":\"\xff\"}").expect_err("not UTF-8");
        assert!(matches!(latin, PackageError::Syntax(_)));
    }
}
