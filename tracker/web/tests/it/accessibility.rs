//! axe (Deque's checker of WCAG) finds nothing on any page, in light and dark, signed in and not.

use std::path::PathBuf;
use std::process::Command;

use snowguard_tracker_db::Millis;
use snowguard_tracker_triage::role::{Role, Roles};
use snowguard_tracker_web::hash_password;

use crate::browser::with_sample;
use crate::sample::{NOW, Sample};
use crate::webdriver::{Browser, Setup};

/// From npm; its licence (MPL 2.0) stays with it, it is not part of the project.
const AXE: &str = "axe-core@4.11.0";

const PASSWORD: &str = "a long enough password";

const PAGES: [&str; 21] = [
    "/",
    "/advisory/CVE-2024-6387",
    "/package/openssh",
    "/search?q=openssh",
    "/channels",
    "/channel/nixos-24.11",
    "/nowhere",
    "/sign-in",
    "/queue?status=all&tier=low",
    "/issues",
    "/issues/new?advisory=CVE-2024-6387",
    "/issue/NIXPKGS-2024-0001",
    "/rules",
    "/log",
    "/account",
    "/people",
    "/jobs",
    "/subscriptions",
    "/notifications",
    "/data",
    "/api",
];

/// The checker's script, kept beside the build; nothing where npm or its registry is not there.
fn axe() -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let script = folder.join("package/axe.min.js");
    if !script.is_file() {
        std::fs::create_dir_all(&folder).unwrap();
        let packed = Command::new("npm")
            .args(["pack", "--silent", AXE])
            .current_dir(&folder)
            .output()
            .ok()?;
        let name = String::from_utf8(packed.stdout).ok()?;
        let unpacked = Command::new("tar")
            .arg("-xzf")
            .arg(name.trim())
            .current_dir(&folder)
            .status()
            .ok()?;
        if !packed.status.success() || !unpacked.success() {
            return None;
        }
    }
    std::fs::read_to_string(script).ok()
}

fn check(setup: Setup) {
    let Some(axe) = axe() else {
        return eprintln!("left out: {AXE} cannot be had from npm");
    };
    let furnished = || {
        let sample = Sample::new();
        let hash = hash_password(PASSWORD).unwrap();
        let roles = Roles::new([Role::SecurityTeam, Role::Administrator]);
        sample
            .db
            .put_local_person("team", &hash, roles, Millis::new(NOW))
            .unwrap();
        sample
    };
    let found = with_sample(furnished, setup, move |browser, base, _| {
        let mut found = violations(browser, base, &axe, &PAGES[..9]);
        browser.open(&format!("{base}/sign-in?back=/advisory/CVE-2024-6387"));
        browser.write("input[name=name]", "team");
        browser.write("input[name=password]", PASSWORD);
        browser.follow("main .first");
        browser.follow(".decide button[value=accept]");
        browser.follow("a[href='/issues/new?advisory=CVE-2024-6387']");
        browser.write("textarea[name=notes]", "*Update*.");
        browser.follow("main .first");
        found.extend(violations(browser, base, &axe, &PAGES));
        found
    });
    let found = found.unwrap_or_default();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn violations(browser: &Browser, base: &str, axe: &str, pages: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        browser.open(&format!("{base}{page}"));
        // What is folded away is read too.
        browser.run("document.querySelectorAll('details').forEach(d => d.open = true)");
        browser.run(axe);
        let tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
        let result = browser.run_async(&format!(
            "const done = arguments[arguments.length - 1]; \
             axe.run(document, {{ runOnly: {tags} }}).then(r => done(r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))))"
        ));
        let all = result
            .as_array()
            .unwrap_or_else(|| panic!("{page}: {result}"));
        found.extend(
            all.iter()
                .map(|one| format!("{page}: {}", one.as_str().unwrap_or_default())),
        );
    }
    found
}

#[test]
fn no_page_violates_wcag_in_light() {
    check(Setup {
        width: 1200,
        dark: false,
        javascript: true,
    });
}

#[test]
fn no_page_violates_wcag_on_a_dark_phone() {
    check(Setup {
        width: 360,
        dark: true,
        javascript: true,
    });
}
