//! A real browser reads the pages.

use snowguard_tracker_db::Db;
use snowguard_tracker_web::Limits;

use crate::sample::Sample;
use crate::webdriver::{self, Browser, Setup};

const DESKTOP: Setup = Setup {
    width: 1200,
    dark: false,
    javascript: true,
};
const PHONE: Setup = Setup {
    width: 360,
    dark: true,
    javascript: true,
};

/// Every kind of page, the one with hostile text and the ones for failures included.
const PAGES: [&str; 13] = [
    "/",
    "/?channel=nixos-24.11",
    "/advisory/CVE-2024-6387",
    "/advisory/CVE-2024-6387?tier=low",
    "/advisory/CVE-2024-66666",
    "/advisory/CVE-2024-0001",
    "/package/openssh",
    "/package/odd.%22a%2Fb%3Fc%23d%252F%26%3Ce%3E%22.%2B%40%20f",
    "/search?q=openssh",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/channels",
    "/channel/nixos-24.11",
    "/nowhere",
];

/// Runs `read` with a browser and the address of a server over a sample, on a thread where it may block.
fn with_browser(setup: Setup, read: impl FnOnce(&Browser, &str) + Send + 'static) {
    with_sample(Sample::new, setup, |browser, base, _| read(browser, base));
}

/// As [`with_browser`], over a sample that `make` furnishes; `read` sees its database too.
pub fn with_sample<T: Send + 'static>(
    make: impl FnOnce() -> Sample,
    setup: Setup,
    read: impl FnOnce(&Browser, &str, &Db) -> T + Send + 'static,
) -> Option<T> {
    let Some(programs) = webdriver::installed() else {
        eprintln!("left out: chromium and chromedriver are not installed");
        return None;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sample = make();
        let server = sample.serve(Limits::default()).await;
        let base = format!("http://{}", server.address);
        let db = sample.db.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let browser = Browser::start(&programs, setup);
            read(&browser, &base, &db)
        });
        let outcome = reading.await;
        server.stop().await;
        Some(outcome.unwrap())
    })
}

/// From the search to the reasons, and on to the package.
fn follow(browser: &Browser, base: &str) {
    browser.open(&format!("{base}/"));
    assert!(browser.title().ends_with("Snowguard"));
    browser.write("input[name=q]", "CVE-2024-6387");
    browser.follow(".find button");
    assert!(
        browser.address().contains("/search?q=CVE-2024-6387"),
        "{}",
        browser.address()
    );
    browser.follow(".hits a[href='/advisory/CVE-2024-6387']");
    assert_eq!(browser.text("h1"), "CVE-2024-6387");
    assert!(!browser.visible(".matches .reasons"));
    browser.click(".match > summary .verdict");
    assert!(browser.visible(".matches .reasons"));
    assert!(
        browser
            .text(".matches .reasons")
            .contains("9.7p1 is within")
    );
    browser.follow(".match a[href='/package/openssh']");
    assert_eq!(browser.text("h1"), "openssh");
    assert!(browser.text(".matches").contains("CVE-2024-6387"));
}

#[test]
fn a_reader_gets_from_search_to_reasons_to_the_package() {
    with_browser(DESKTOP, follow);
}

#[test]
fn the_same_works_without_javascript() {
    with_browser(
        Setup {
            javascript: false,
            ..DESKTOP
        },
        follow,
    );
}

#[test]
fn nothing_on_any_page_is_refused_by_the_policy() {
    with_browser(DESKTOP, |browser, base| {
        for page in PAGES {
            browser.open(&format!("{base}{page}"));
            let mut console = browser.console();
            // The console reports the status of the page that is meant to fail.
            console.retain(|line| !(page == "/nowhere" && line.contains("404 (Not Found)")));
            assert!(console.is_empty(), "{page}: {console:?}");
        }
    });
}

#[test]
fn no_page_is_wider_than_a_phone() {
    with_browser(PHONE, |browser, base| {
        for page in PAGES {
            browser.open(&format!("{base}{page}"));
            let (content, window) = browser.widths();
            assert!(
                window <= 360 && content <= window,
                "{page}: {content} in {window} pixels"
            );
        }
    });
}

/// Writes pictures of every page to the folder that `SNOWGUARD_PICTURES` names, to look at.
#[test]
fn pictures_for_people() {
    let Some(folder) = std::env::var_os("SNOWGUARD_PICTURES").map(std::path::PathBuf::from) else {
        eprintln!("left out: SNOWGUARD_PICTURES names no folder");
        return;
    };
    for (name, setup) in [
        ("light", DESKTOP),
        (
            "dark",
            Setup {
                dark: true,
                ..DESKTOP
            },
        ),
        (
            "phone-light",
            Setup {
                dark: false,
                ..PHONE
            },
        ),
        ("phone-dark", PHONE),
    ] {
        let folder = folder.clone();
        with_browser(setup, move |browser, base| {
            for (number, page) in PAGES.iter().enumerate() {
                browser.open(&format!("{base}{page}"));
                let file = folder.join(format!("{number:02}-{name}.png"));
                std::fs::write(file, browser.screenshot()).unwrap();
            }
        });
    }
}
