//! Small random worlds: few names, so that everything collides with everything.

use proptest::prelude::*;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_matching::package::Package;

const NAMES: [&str; 8] = [
    "openssl",
    "hdf5",
    "argo-cd",
    "requests",
    "linux",
    "git",
    "git-hub",
    "fluent-bit",
];
const VENDORS: [&str; 6] = ["openssl", "hdfgroup", "argoproj", "n/a", "linux", "github"];
const REPOSITORIES: [&str; 6] = [
    "https://github.com/openssl/openssl",
    "https://github.com/HDFGroup/hdf5",
    "https://github.com/argoproj/argo-cd",
    "https://github.com/psf/requests",
    "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git",
    "https://gitlab.com/fluent/fluent-bit/-/issues/1",
];
const SETS: [&str; 4] = [
    "",
    "python313Packages.",
    "tmuxPlugins.",
    "emscriptenPackages.",
];
const COLLECTIONS: [&str; 4] = [
    "",
    "https://pypi.org",
    "https://wordpress.org/plugins",
    "https://access.redhat.com",
];

/// One CVE about one of the names.
pub fn advisory() -> impl Strategy<Value = Advisory> {
    let pick = |length: usize| 0..length;
    (
        0_u32..40,
        pick(NAMES.len()),
        pick(VENDORS.len()),
        pick(REPOSITORIES.len()),
        pick(COLLECTIONS.len()),
        any::<[bool; 3]>(),
        1_u32..5,
    )
        .prop_map(|(number, name, vendor, repository, collection, [cpe, linked, suffixed], upper)| {
            let mut name = NAMES[name].to_owned();
            if suffixed {
                name = format!("{}_{name}", VENDORS[vendor].replace('/', ""));
            }
            let mut affected = serde_json::json!({
                "vendor": VENDORS[vendor],
                "product": name,
                "versions": [{"version": "0", "lessThan": format!("{upper}.0"), "status": "affected", "versionType": "custom"}],
            });
            if !COLLECTIONS[collection].is_empty() {
                affected["collectionURL"] = COLLECTIONS[collection].into();
                affected["packageName"] = NAMES[(number as usize) % NAMES.len()].into();
            }
            if cpe {
                let product = name.replace('-', "_");
                affected["cpes"] = serde_json::json!([format!("cpe:2.3:a:{}:{product}:*:*:*:*:*:*:*:*", VENDORS[vendor].replace('/', ""))]);
            }
            let url = if linked { REPOSITORIES[repository] } else { "https://example.org/" };
            let record = serde_json::json!({
                "dataType": "CVE_RECORD",
                "dataVersion": "5.1",
                "cveMetadata": {"cveId": format!("CVE-2024-{:04}", 1000 + number), "state": "PUBLISHED", "assignerOrgId": "00000000-0000-4000-8000-000000000000"},
                "containers": {"cna": {
                    "providerMetadata": {"orgId": "00000000-0000-4000-8000-000000000000"},
                    "descriptions": [{"lang": "en", "value": "A flaw."}],
                    "references": [{"url": url}],
                    "affected": [affected],
                }},
            });
            let read = cve5::read(record.to_string().as_bytes(), &Limits::default()).expect("a valid record");
            Advisory { id: read.record.id.clone(), records: vec![read.record], kev: None, epss: None }
        })
}

/// One package of one of the names.
pub fn package() -> impl Strategy<Value = Package> {
    (
        0..NAMES.len(),
        0..SETS.len(),
        0..REPOSITORIES.len(),
        any::<[bool; 3]>(),
        1_u32..5,
        1000_u32..1040,
        proptest::option::of(0..NAMES.len()),
    )
        .prop_map(
            |(name, set, repository, [sourced, cpe, patched], version, cve, sibling)| {
                let name = NAMES[name];
                Package {
                    attr: format!("{}{name}", SETS[set]),
                    name: format!("{name}-{version}.0"),
                    pname: name.to_owned(),
                    version: format!("{version}.0"),
                    sources: if sourced {
                        vec![REPOSITORIES[repository].to_owned()]
                    } else {
                        Vec::new()
                    },
                    siblings: sibling
                        .filter(|_| sourced)
                        .map(|sibling| NAMES[sibling].to_owned())
                        .into_iter()
                        .collect(),
                    cpe: cpe.then(|| {
                        format!(
                            "cpe:2.3:a:{}:{}:{version}.0:*:*:*:*:*:*:*",
                            VENDORS[0],
                            name.replace('-', "_")
                        )
                    }),
                    patches: if patched {
                        vec![format!("CVE-2024-{cve}.patch")]
                    } else {
                        Vec::new()
                    },
                    ..Package::default()
                }
            },
        )
}
