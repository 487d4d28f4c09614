//! Certificates of others: what enrolling keeps of the firmware's, and what a shim's list decides.

use serde_json::Value;

use crate::image::image;
use crate::program::{Place, SIGNER};

const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const DATABASES: &str = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
/// `SHIM_LOCK_GUID`.
const SHIM: &str = "605dab50-e046-4300-abb6-3dd810dd8b23";

/// A folder like efivarfs of a machine in setup mode, and two more folders of keys whose lists are exported.
fn place() -> Place {
    let place = Place::new().with_keys();
    std::fs::create_dir(place.at("efivars")).expect("made");
    variable(&place, "SetupMode", GLOBAL, &[1]);
    for name in ["vendor", "before"] {
        let create = ["keys", "create", "--kind", "p256", "--name", name];
        place.good(&[&create[..], &["--folder", name]].concat());
        let lists = format!("{name}-lists");
        place.good(&["keys", "export", "--folder", name, &lists]);
    }
    place
}

fn variable(place: &Place, name: &str, vendor: &str, content: &[u8]) {
    let bytes = [&[0x27, 0, 0, 0], content].concat();
    place.write(&format!("efivars/{name}-{vendor}"), &bytes);
}

/// What would be written to a variable.
fn planned(place: &Place, keep: &[&str], variable: &str) -> Vec<String> {
    let enroll = ["keys", "enroll", "--folder", "k", "--efivars", "efivars"];
    let told = place.json(&[&enroll[..], &["--dry-run"], keep].concat());
    let variables = told["variables"].as_array().expect("a list");
    let found = variables.iter().find(|one| one["variable"] == variable);
    let entries = found.and_then(|one| one["entries"].as_array());
    entries
        .expect("entries")
        .iter()
        .map(|entry| entry.as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn the_firmwares_own_certificates_and_the_current_ones_stay_if_asked_for() {
    let place = place();
    for (name, lists, vendor) in [
        ("dbDefault", "vendor-lists/db.esl", GLOBAL),
        ("KEKDefault", "vendor-lists/KEK.esl", GLOBAL),
        ("db", "before-lists/db.esl", DATABASES),
        ("KEK", "before-lists/KEK.esl", GLOBAL),
    ] {
        variable(&place, name, vendor, &place.read(lists));
    }
    for (variable, title) in [("db", "Database Key"), ("KEK", "Key Exchange Key")] {
        let named = |owners: &[&str]| -> Vec<String> {
            let name = |owner: &&str| format!("CN={owner} {title}");
            owners.iter().map(name).collect()
        };
        for (keep, owners) in [
            (&[][..], &["Snowguard"][..]),
            (&["--firmware-defaults"], &["Snowguard", "vendor"]),
            (&["--current"], &["Snowguard", "before"]),
            (
                &["--firmware-defaults", "--current"],
                &["Snowguard", "vendor", "before"],
            ),
        ] {
            assert_eq!(planned(&place, keep, variable), named(owners), "{keep:?}");
        }
    }
    assert_eq!(
        planned(&place, &["--firmware-defaults", "--current"], "PK"),
        ["CN=Snowguard Platform Key"],
        "there is one platform key"
    );
}

#[test]
fn what_only_a_list_of_shim_allows_is_told_as_such_and_dbx_refuses_it_all_the_same() {
    let place = place();
    place.write("a.efi", &image(&[".text"]));
    place.good(&[&["sign", "a.efi"][..], &SIGNER].concat());
    place.good(&["keys", "export", "--folder", "k", "own-lists"]);
    variable(&place, "db", DATABASES, &place.read("vendor-lists/db.esl"));
    let verified = || -> (Value, String) {
        let told = place.json(&["verify", "--efivars", "efivars", "a.efi"]);
        let reason = told["images"][0]["reason"].as_str().expect("a reason");
        (told["allowed"].clone(), reason.to_owned())
    };
    let (allowed, reason) = verified();
    assert!(
        allowed == false && reason.starts_with("no signature leads"),
        "{reason}"
    );
    let own = place.read("own-lists/db.esl");
    variable(&place, "MokListRT", SHIM, &own);
    let (allowed, reason) = verified();
    assert!(
        allowed == true && reason.contains("leads to a certificate of MOK: CN=Snowguard"),
        "{reason}"
    );
    variable(&place, "dbx", DATABASES, &own);
    let (allowed, reason) = verified();
    assert!(allowed == false && reason.contains("dbx"), "{reason}");
}
