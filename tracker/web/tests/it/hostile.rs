//! Text of unknown origin is shown, and does nothing.

use std::net::{IpAddr, Ipv4Addr};

use snowguard_tracker_deliver::testing::Receiver;
use snowguard_tracker_deliver::webhook::{Rules, Webhooks};
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_web::Reach;

use crate::http::get;
use crate::sample::{HOSTILE, NOW, Sample};
use crate::signed_in::Signed;
use crate::work::{run, worker};

/// Every element and attribute that our templates write.
const ELEMENTS: &str = "!doctype html head meta title link body a header svg path form input button nav main \
     footer span p h1 h2 h3 code time ul li details summary section article div b dl dt dd table thead tbody tr \
     th td script label select option textarea dialog kbd del ins strong em pre blockquote";
const ATTRIBUTES: &str = "hx-boost hx-target hx-select hx-swap lang charset name content rel href type class id viewbox width height aria-hidden d \
     fill stroke stroke-width stroke-linecap stroke-linejoin action method role value maxlength placeholder \
     aria-label autocomplete spellcheck title datetime aria-labelledby aria-current tabindex scope html src defer \
     data-row data-open data-queue data-all data-find data-next data-help data-keys data-undo data-file accept enctype hidden selected checked required \
     inputmode size rows for autocapitalize start align";

/// Elements with their attributes, as a browser would find them. It knows as much of HTML as the
/// templates use; anything else ends up in the lists above as an unknown name.
fn elements(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = end_of_tag(rest);
        let tag = rest[..end].trim_start_matches('/').trim_end_matches('/');
        let (name, mut words) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while !words.trim().is_empty() {
            words = words.trim_start();
            let name_end = words.find(['=', ' ', '\n']).unwrap_or(words.len());
            let name = words[..name_end].to_lowercase();
            words = &words[name_end..];
            let mut value = "";
            if let Some(quoted) = words.strip_prefix("=\"") {
                let (inside, after) = quoted.split_once('"').expect("a value ends");
                (value, words) = (inside, after);
            }
            assert!(!words.starts_with('='), "a value without quotes: {tag}");
            attributes.push((name, value.to_owned()));
        }
        found.push((name.to_lowercase(), attributes));
        rest = &rest[end..];
    }
    found
}

fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '>' && !quoted
    });
    end.expect("a tag ends").0
}

/// Nothing stands in the page but what our templates write.
pub fn inert(page: &str, body: &str) {
    for (name, attributes) in elements(body) {
        assert!(
            ELEMENTS.split_whitespace().any(|known| known == name),
            "{page}: <{name}>"
        );
        for (attribute, value) in attributes {
            let known = ATTRIBUTES
                .split_whitespace()
                .any(|known| known == attribute);
            assert!(known, "{page}: <{name} {attribute}={value}>");
            if ["href", "action", "src"].contains(&attribute.as_str()) {
                let harmless = ["/", "#", "http://", "https://"]
                    .iter()
                    .any(|s| value.starts_with(s));
                assert!(harmless && !value.starts_with("//"), "{page}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn xss_in_every_field_of_an_advisory_is_inert_on_every_page() {
    let sample = Sample::new();
    let pages = [
        ("/", 2),
        ("/queue?tier=low&status=all", 1),
        ("/queue?q=%3Cscript%3Ealert(1)%3C/script%3E", 1),
        ("/queue?failed=%3Cscript%3Ealert(1)%3C/script%3E", 1),
        ("/queue?sort=%3Cscript%3Ealert(1)%3C/script%3E", 0),
        ("/sign-in?back=%3Cscript%3Ealert(1)%3C/script%3E", 0),
        ("/issue/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 0),
        ("/advisory/CVE-2024-6387", 1),
        ("/advisory/CVE-2024-66666", 30),
        (
            "/package/odd.%22a%2Fb%3Fc%23d%252F%26%3Ce%3E%22.%2B%40%20f",
            10,
        ),
        ("/search?q=alert", 2),
        (
            "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%20onerror=alert(2)%3E",
            2,
        ),
        ("/advisory/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 0),
        ("/package/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 0),
        (
            "/package/openssh?channel=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            0,
        ),
        (
            "/package/openssh?cursor=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            0,
        ),
        ("/%3Cscript%3E", 0),
    ];
    for (page, least) in pages {
        let answer = get(&sample.router, page).await;
        inert(page, &answer.body);
        let shown = answer
            .body
            .matches("&#60;script&#62;alert(1)&#60;/script&#62;")
            .count();
        assert!(shown >= least, "{page}: shown {shown} times");
    }
}

#[tokio::test]
async fn links_to_elsewhere_tell_nothing_of_us() {
    let sample = Sample::new();
    for page in [
        "/advisory/CVE-2024-6387",
        "/advisory/CVE-2024-66666",
        "/package/openssh",
    ] {
        let body = get(&sample.router, page).await.body;
        let mut away = 0;
        for (name, attributes) in elements(&body) {
            let value = |wanted: &str| {
                attributes
                    .iter()
                    .find(|(name, _)| name == wanted)
                    .map(|(_, value)| value.as_str())
            };
            if name == "a" && value("href").is_some_and(|href| href.starts_with("http")) {
                assert_eq!(value("rel"), Some("noopener noreferrer nofollow"), "{page}");
                away += 1;
            }
        }
        assert!(away > 0, "{page} has links");
    }
}

#[tokio::test]
async fn a_reference_that_is_no_web_address_is_text() {
    let sample = Sample::new();
    let body = get(&sample.router, "/advisory/CVE-2024-66666").await.body;
    assert!(body.contains(r#"<span class="nolink">javascript:alert(1)</span>"#));
    for (_, attributes) in elements(&body) {
        for (_, value) in attributes {
            assert!(!value.to_lowercase().starts_with("javascript:"), "{value}");
        }
    }
}

#[tokio::test]
async fn json_is_never_taken_for_a_page() {
    let sample = Sample::new();
    let answer = get(&sample.router, "/api/v1/advisories/CVE-2024-66666").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let document: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["records"][0]["title"], HOSTILE);
}

/// Links of advisories and of people are shown, passed on, and never followed: neither by a page nor by a worker.
#[tokio::test(flavor = "multi_thread")]
async fn ssrf_through_reference_links_is_none() {
    let receiver = Receiver::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, None).unwrap();
    let link = format!("http://{}/metadata", receiver.address);
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let reference = [
        ("command", "choose"),
        ("list", "references"),
        ("entry", &link),
        ("choice", "added"),
        ("revision", "0"),
    ];
    let decide = "/advisory/CVE-2024-6387/decide";
    assert_eq!(team.post(decide, &reference).await.status, 303);
    let accept = [("command", "accept"), ("revision", "1")];
    assert_eq!(team.post(decide, &accept).await.status, 303);
    let issue = [
        ("title", "A race"),
        ("advisories", "CVE-2024-6387"),
        ("links", &link),
        (
            "notes",
            &format!("See ![image]({link}) and [this]({link})."),
        ),
    ];
    assert_eq!(team.post("/issues", &issue).await.status, 303);
    let place = "/issue/NIXPKGS-2024-0001";
    let publish = [("action", "publish"), ("revision", "0")];
    assert_eq!(team.post(place, &publish).await.status, 303);
    let reach = Reach {
        webhooks: Some((Webhooks::new(Rules::default()), Rules::default())),
        ..Reach::default()
    };
    run(worker(&sample.db, "w", reach, NOW)).await;
    for page in [
        "/advisory/CVE-2024-6387",
        place,
        "/api/v1/issues/NIXPKGS-2024-0001",
    ] {
        let answer = get(&sample.router, page).await;
        assert!(answer.body.contains(&link), "{page} shows it");
        assert!(
            !answer.body.contains("<img"),
            "{page} makes no browser follow it"
        );
    }
    for document in ["osv/all.jsonl", "issues.atom"] {
        get(&sample.router, &format!("/data/{document}")).await;
    }
    assert_eq!(receiver.connections(), 0);
}
