//! The few commands of WebDriver that the browser tests need, against a chromedriver of our own.
//!
//! Source: <https://www.w3.org/TR/webdriver2/>. A client crate would bring thirty others.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// How a browser is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    pub width: u32,
    pub dark: bool,
    pub javascript: bool,
}

/// A headless Chromium with a profile of its own; ends when dropped.
pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: TempDir,
}

/// The browser and its driver, when both are installed.
pub fn installed() -> Option<(PathBuf, PathBuf)> {
    let find = |names: &[&str]| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
            .find(|file| file.is_file())
    };
    Some((
        find(&["chromium", "chromium-browser", "google-chrome"])?,
        find(&["chromedriver"])?,
    ))
}

impl Browser {
    pub fn start((browser, driver): &(PathBuf, PathBuf), setup: Setup) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let base = driver_address(&mut driver);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build()
            .into();
        let answer = call(
            &agent,
            "POST",
            &format!("{base}/session"),
            &capabilities(browser, &profile, setup),
        );
        let id = answer["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {answer}"));
        let browser = Self {
            session: format!("{base}/session/{id}"),
            driver,
            agent,
            _profile: profile,
        };
        browser.prefer(setup.dark);
        // A window cannot be narrower than 500 pixels; a device can.
        browser.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": setup.width, "height": 900, "deviceScaleFactor": 1, "mobile": setup.width < 600 }),
        );
        browser
    }

    /// Prefers dark or light colours, on the page at hand too.
    pub fn prefer(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// Takes a cookie (`name=value`) for the site of the page at hand.
    pub fn take_cookie(&self, cookie: &str) {
        let (name, value) = cookie.split_once('=').unwrap();
        self.post(
            "cookie",
            json!({ "cookie": { "name": name, "value": value } }),
        );
    }

    pub fn open(&self, url: &str) {
        self.post("url", json!({ "url": url }));
    }

    pub fn address(&self) -> String {
        self.get("url").as_str().unwrap().to_owned()
    }

    pub fn title(&self) -> String {
        self.get("title").as_str().unwrap().to_owned()
    }

    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.post(&format!("element/{element}/click"), json!({}));
    }

    /// Clicks on what leads to another page, or to other contents of this one, and waits until they are there: the click is
    /// answered before.
    pub fn follow(&self, css: &str) {
        let before = self.find("main");
        self.click(css);
        self.wait_for_other(&before, css);
    }

    fn wait_for_other(&self, before: &str, by: &str) {
        let arrived = || {
            let after = self.look_for("main")?;
            // The foot is the last part of every page.
            (after != before).then(|| self.look_for(".foot")).flatten()
        };
        for _ in 0..600 {
            if arrived().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{by} leads to no other page than {}", self.address());
    }

    pub fn write(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.post(&format!("element/{element}/value"), json!({ "text": text }));
    }

    /// Presses keys, wherever the focus is.
    pub fn type_keys(&self, keys: &str) {
        let press = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let source =
            json!({ "type": "key", "id": "keyboard", "actions": press.collect::<Vec<_>>() });
        self.post("actions", json!({ "actions": [source] }));
    }

    /// Presses a key that leads to another page, and waits until that is there.
    pub fn follow_key(&self, key: &str) {
        let before = self.find("main");
        self.type_keys(key);
        self.wait_for_other(&before, key);
    }

    /// The name of what has the focus.
    pub fn focused_name(&self) -> String {
        let element = self.get("element/active");
        let id = element
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        self.get(&format!("element/{id}/attribute/name"))
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs a script in the page, as the tests' own and not the page's, and gives what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// As [`Browser::run`], for a script that calls its last argument when it is done.
    pub fn run_async(&self, script: &str) -> Value {
        self.post("execute/async", json!({ "script": script, "args": [] }))
    }

    /// Text as a reader sees it; what is folded away is not in it.
    pub fn text(&self, css: &str) -> String {
        let element = self.find(css);
        self.get(&format!("element/{element}/text"))
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn visible(&self, css: &str) -> bool {
        let element = self.find(css);
        self.get(&format!("element/{element}/displayed"))
            .as_bool()
            .unwrap()
    }

    /// Widths of the content and of the window.
    pub fn widths(&self) -> (i64, i64) {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({}));
        let width = |part: &str, key: &str| metrics[part][key].as_f64().unwrap().ceil() as i64;
        (
            width("cssContentSize", "width"),
            width("cssLayoutViewport", "clientWidth"),
        )
    }

    /// What the console holds: a refused script or style, a failed load, an error.
    pub fn console(&self) -> Vec<String> {
        let entries = self.post("se/log", json!({ "type": "browser" }));
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.as_array().unwrap().iter().map(text).collect()
    }

    /// A PNG of the whole page.
    pub fn screenshot(&self) -> Vec<u8> {
        let picture = self.devtools(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        );
        base64(picture["data"].as_str().unwrap())
    }

    fn find(&self, css: &str) -> String {
        self.look_for(css)
            .unwrap_or_else(|| panic!("no element {css} on {}", self.address()))
    }

    fn look_for(&self, css: &str) -> Option<String> {
        let wanted = json!({ "using": "css selector", "value": css });
        let url = format!("{}/element", self.session);
        let found = answer(&self.agent, "POST", &url, &wanted);
        let id = found.as_object()?.values().next()?.as_str()?;
        found.get("error").is_none().then(|| id.to_owned())
    }

    fn devtools(&self, command: &str, params: Value) -> Value {
        self.post(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": params }),
        )
    }

    fn get(&self, path: &str) -> Value {
        call(
            &self.agent,
            "GET",
            &format!("{}/{path}", self.session),
            &Value::Null,
        )
    }

    fn post(&self, path: &str, body: Value) -> Value {
        call(
            &self.agent,
            "POST",
            &format!("{}/{path}", self.session),
            &body,
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session's end closes the browser; only then its driver may go.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn driver_address(driver: &mut Child) -> String {
    let output = BufReader::new(driver.stdout.take().unwrap());
    let mut lines = output.lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .filter_map(|line| {
            line.split("on port ")
                .nth(1)?
                .trim_end_matches('.')
                .parse::<u16>()
                .ok()
        })
        // It first repeats the 0 that it was given.
        .find(|port| *port != 0)
        .expect("chromedriver names its port");
    // It must not block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    format!("http://127.0.0.1:{port}")
}

fn capabilities(browser: &std::path::Path, profile: &TempDir, setup: Setup) -> Value {
    let folder = format!("--user-data-dir={}", profile.path().display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        &folder,
    ];
    let javascript = if setup.javascript { 1 } else { 2 };
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": browser,
            "args": arguments,
            "prefs": { "profile.managed_default_content_settings.javascript": javascript },
        },
    } } })
}

fn call(agent: &ureq::Agent, method: &str, url: &str, body: &Value) -> Value {
    let value = answer(agent, method, url, body);
    assert!(value.get("error").is_none(), "{method} {url}: {value}");
    value
}

/// The value of an answer, which may be an error.
fn answer(agent: &ureq::Agent, method: &str, url: &str, body: &Value) -> Value {
    let mut answer = match method {
        "GET" => agent.get(url).call(),
        _ => agent
            .post(url)
            .content_type("application/json")
            .send(body.to_string()),
    }
    .unwrap_or_else(|failed| panic!("{method} {url}: {failed}"));
    let text = answer
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_string()
        .unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    answer["value"].take()
}

/// RFC 4648, section 4.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for digit in text
        .bytes()
        .filter_map(|byte| ALPHABET.iter().position(|known| *known == byte))
    {
        bits = (bits << 6) | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
