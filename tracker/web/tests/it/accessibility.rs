//! axe (Deque's checker of WCAG) finds nothing on any page, in light and dark, signed in and not, and nothing on a page
//! moves after it was shown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use sha2::{Digest as _, Sha256};
use snowguard_tracker_triage::role::Role;

use crate::browser::with_sample;
use crate::sample::Sample;
use crate::signed_in::Signed;
use crate::webdriver::{Browser, Setup};

/// From npm; its licence (MPL 2.0) stays with it, it is not part of the project.
const AXE: &str = "axe-core@4.11.0";

/// Pages that anybody reads.
const OPEN: [&str; 12] = [
    "/",
    "/advisory/CVE-2024-6387",
    "/package/openssh",
    "/search?q=openssh",
    "/channels",
    "/channel/nixos-24.11",
    "/nowhere",
    "/sign-in",
    "/queue?status=all&tier=low",
    "/rules",
    "/data",
    "/api",
];

/// Pages of those who are signed in, with every role.
const SIGNED_IN: [&str; 13] = [
    "/advisory/CVE-2024-6387",
    "/queue?status=all&tier=low",
    "/my",
    "/issues",
    "/issues/new?advisory=CVE-2024-6387",
    "/issue/NIXPKGS-2024-0001",
    "/log",
    "/account",
    "/account/mail/confirm?key=x",
    "/people",
    "/jobs",
    "/subscriptions",
    "/notifications",
];

/// Addresses that are no pages: documents, assets, and ways to elsewhere.
const NO_PAGES: [&str; 16] = [
    "/favicon.ico",
    "/robots.txt",
    "/healthz",
    "/sign-in/github",
    "/sign-in/github/back",
    "/data/{*path}",
    "/.well-known/csaf/provider-metadata.json",
    "/feed/package/{attr}",
    "/feed/maintainer/{handle}",
    "/feed/channel/{channel}",
    "/feed/subscription/{id}/{key}",
    // Names in the code that stand for addresses of assets, of the interface, and of `/data`.
    "assets::style_path()",
    "assets::icon_path()",
    "assets::script_path()",
    "assets::htmx_path()",
    "route.path",
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

/// Where a layout moves without a reader's doing, since it was first shown: the sum of the shifts (CLS), and what moved.
const SHIFTS: &str = "const done = arguments[arguments.length - 1]; let sum = 0; const moved = []; \
     const read = (all) => all.forEach((one) => { if (!one.hadRecentInput) { sum += one.value; one.sources.forEach((s) => moved.push(s.node && s.node.outerHTML ? s.node.outerHTML.slice(0, 120) : '?')); } }); \
     const watch = new PerformanceObserver((list) => read(list.getEntries())); \
     watch.observe({ type: 'layout-shift', buffered: true }); \
     setTimeout(() => { read(watch.takeRecords()); done([sum, moved.join(' ')]); }, 120);";

fn check(width: u32) {
    let Some(axe) = axe() else {
        return eprintln!("left out: {AXE} cannot be had from npm");
    };
    let cookie = Mutex::new(String::new());
    let cookie = std::sync::Arc::new(cookie);
    let given = std::sync::Arc::clone(&cookie);
    let furnished = move || {
        let sample = Sample::new();
        let team = [Role::Maintainer, Role::SecurityTeam, Role::Administrator];
        *given.lock().unwrap() = Signed::new(&sample, "team", &team).cookie().to_owned();
        sample
    };
    let setup = Setup {
        width,
        dark: false,
        javascript: true,
    };
    let found = with_sample(furnished, setup, move |browser, base, db| {
        browser.open(&format!("{base}/"));
        let moved = browser.run_async(
            &SHIFTS.replace("setTimeout", "setTimeout(() => document.querySelector('main').prepend(document.createElement('textarea')), 700); setTimeout")
                // The window was given its size just now, which excuses shifts for half a second.
                .replace("120)", "1200)"),
        );
        assert!(
            moved[0].as_f64() > Some(0.0),
            "a shift would be seen: {moved}"
        );
        let mut found = faults(browser, base, &axe, &OPEN);
        browser.take_cookie(&cookie.lock().unwrap());
        browser.open(&format!("{base}/advisory/CVE-2024-6387"));
        browser.follow(".decide button[value=accept]");
        browser.follow("a[href='/issues/new?advisory=CVE-2024-6387']");
        browser.write("textarea[name=notes]", "*Update*.");
        browser.follow("main .first");
        browser.open(&format!("{base}/subscriptions"));
        browser.click("[name=subject] option[value=everything]");
        browser.write("input[name=hook]", "https://example.org/hook");
        browser.follow("#new ~ form .first");
        found.extend(faults(browser, base, &axe, &SIGNED_IN));
        let stored = db.subscription(1).unwrap().unwrap();
        let key = Sha256::digest([b"unsubscribe\0", &stored.secret[..]].concat());
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let page = format!("/unsubscribe/1/{key}");
        browser.open(&format!("{base}{page}"));
        assert_ne!(browser.text("h1"), "Not found");
        found.extend(faults(browser, base, &axe, &[page.as_str()]));
        found
    });
    let found = found.unwrap_or_default();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn faults(browser: &Browser, base: &str, axe: &str, pages: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        browser.open(&format!("{base}{page}"));
        let moved = browser.run_async(SHIFTS);
        if moved[0].as_f64() != Some(0.0) {
            found.push(format!("{page} moves: {moved}"));
        }
        // What is folded away is read too.
        browser.run("document.querySelectorAll('details').forEach(d => d.open = true)");
        browser.run(axe);
        let tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
        // Of all rules, one depends on the colours.
        let contrast = "{ type: 'rule', values: ['color-contrast'] }";
        for (colours, rules) in [("light", tags), ("dark", contrast)] {
            browser.prefer(colours == "dark");
            let result = browser.run_async(&format!(
                "const done = arguments[arguments.length - 1]; \
                 axe.run(document, {{ runOnly: {rules}, resultTypes: ['violations'] }}).then(r => done(r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))))"
            ));
            let all = result
                .as_array()
                .unwrap_or_else(|| panic!("{page}: {result}"));
            found.extend(all.iter().map(|one| {
                let text = one.as_str().unwrap_or_default();
                format!("{page} in {colours}: {text}")
            }));
        }
        browser.prefer(false);
    }
    found
}

#[test]
fn no_page_violates_wcag_or_moves() {
    check(1200);
}

#[test]
fn no_page_violates_wcag_or_moves_on_a_phone() {
    check(360);
}

/// First arguments of `.route(…, get(…` in a file.
fn routes(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in source.split(".route(").skip(1) {
        let (address, handler) = part.split_once(',').unwrap();
        let address = address.trim().trim_matches('"');
        if handler.trim_start().starts_with("get(") {
            found.push(address.to_owned());
        }
        assert!(!handler.trim_start().starts_with("any("), "{address}");
    }
    found
}

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, all),
            false if path.extension().is_some_and(|end| end == "rs") => all.push(path),
            false => {}
        }
    }
}

/// Whether an address is one of a route's.
fn is_of(page: &str, route: &str) -> bool {
    let page: Vec<&str> = page.split('?').next().unwrap().split('/').collect();
    let route: Vec<&str> = route.split('/').collect();
    page.len() == route.len()
        && page
            .iter()
            .zip(&route)
            .all(|(have, want)| want.starts_with('{') || have == want)
}

/// A page that is added has to be added here.
#[test]
fn every_page_that_there_is_was_looked_at() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut all = BTreeSet::new();
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        // Tests of a module have routes of their own.
        let source = source.split("#[cfg(test)]").next().unwrap();
        all.extend(routes(source));
    }
    assert!(all.len() > 30 && all.contains("/my"), "{all:?}");
    let unsubscribe = ["/unsubscribe/1/key"];
    let looked_at = || OPEN.iter().chain(&SIGNED_IN).chain(&unsubscribe);
    for route in &all {
        let route = if route == "target::ROOT" {
            "/data"
        } else {
            route
        };
        let is_page = !NO_PAGES.contains(&route);
        let seen = looked_at().any(|page| is_of(page, route));
        assert_eq!(is_page, seen, "{route}");
    }
    for known in NO_PAGES {
        assert!(
            all.contains(known) || known == "route.path",
            "{known} is no more"
        );
    }
    let added = r#"Router::new().route("/new", get(page)).route("/x", post(x))"#;
    assert_eq!(routes(added), ["/new"]);
}
